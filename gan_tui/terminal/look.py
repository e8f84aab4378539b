"""How a terminal cell looks, and the control sequences that go from one look to another."""

from __future__ import annotations

from typing import NamedTuple


class Look(NamedTuple):
    """A style: the parameters that set attributes, foreground and background."""

    attributes: str = ""
    foreground: str = ""
    background: str = ""

    @property
    def plain(self) -> bool:
        """Whether a space in this look shows its background alone: neither reversed nor with any line."""
        return not self.attributes or not {"4", "7", "9", "21", "53"} & set(self.attributes.split(";"))


class Cell(NamedTuple):
    """What a terminal cell shows; the right half of a wide character shows ""."""

    char: str
    look: Look


def restyled(look: Look, parameters: str) -> Look:
    """The look after a style sequence with these parameters, as in ``1;38;5;9``."""
    attributes, foreground, background = look
    codes = iter(parameters.split(";"))
    for code in codes:
        if code in ("", "0"):
            attributes = foreground = background = ""
        elif code in ("38", "48"):
            kind = next(codes, "")
            rest = [next(codes, "") for _ in range(3 if kind == "2" else 1)]
            colour = ";".join([code, kind, *rest])
            foreground, background = (colour, background) if code == "38" else (foreground, colour)
        elif code[0] in "39" and len(code) == 2:
            foreground = "" if code == "39" else code
        elif (code[0] == "4" and len(code) == 2) or code.startswith("10"):
            background = "" if code == "49" else code
        else:
            attributes = f"{attributes};{code}" if attributes else code
    return Look(attributes, foreground, background)


def transition(before: Look | None, after: Look) -> str:
    """The shortest style sequence from one look to another; ``before`` is None where it is not known."""
    removed = before is None or before.attributes != after.attributes
    if (
        before is None
        or removed
        or (before.foreground and not after.foreground)
        or (before.background and not after.background)
    ):
        parts = ["", after.attributes, after.foreground, after.background]
        return "\x1b[" + ";".join([parts[0], *(part for part in parts[1:] if part)]) + "m"
    parts = [new for old, new in zip(before[1:], after[1:], strict=True) if old != new]
    return "\x1b[" + ";".join(parts) + "m"
