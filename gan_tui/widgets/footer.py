"""The footer: the keys worth knowing, or for a while, and while it is true, what the engine just answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from gan_tui.widgets.columns import clipped
from gan_tui.widgets.line import Lines, Span

Tone: TypeAlias = Literal["plain", "good", "bad"]
_SIGNS: dict[Tone, str] = {"plain": "›", "good": "✔", "bad": "✖"}


@dataclass(frozen=True, kw_only=True)
class Hint:
    """A key, what it does, and the Textual action that a click on it runs."""

    key: str
    label: str
    action: str


class FooterBar(Lines):
    """One line of hints, as many as fit; ``say`` puts a remark in their place for a few seconds."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"footer--key", "footer--label", "footer--good", "footer--bad"}
    DEFAULT_CSS = """
    FooterBar { height: 1; background: $surface; }
    FooterBar .footer--key { color: $primary; text-style: bold; background: $surface; }
    FooterBar .footer--label { color: $foreground; background: $surface; }
    FooterBar .footer--good { color: $success; background: $surface; }
    FooterBar .footer--bad { color: $error; background: $surface; text-style: bold; }
    """
    SECONDS = 6.0

    def __init__(self) -> None:
        super().__init__()
        self._hints: tuple[Hint, ...] = ()
        self._remark: tuple[str, Tone] | None = None
        self._holds: Callable[[], bool] | None = None
        """Whether what the remark says is so; None where that does not pass."""
        self._held = False
        """Whether it has been so."""
        self._remarks = 0

    def show(self, hints: Sequence[Hint]) -> None:
        """Take the hints, the last of which is always shown."""
        if tuple(hints) != self._hints:
            self._hints = tuple(hints)
            self.redraw()

    def say(self, text: str, tone: Tone = "plain", holds: Callable[[], bool] | None = None) -> None:
        """Show a remark for a while, or until the next.

        Args:
            text: the remark.
            tone: its sign and colour.
            holds: whether it is so. It may be ahead of the news, so it is withdrawn once it was so and is no more.
        """
        self._remark = (text.replace("\n", " "), tone)
        self._holds, self._held = holds, holds is not None and holds()
        self._remarks += 1
        self.redraw()
        number = self._remarks
        self.set_timer(self.SECONDS, lambda: self._fall_silent(number), name="end of a remark")

    def review(self) -> None:
        """Withdraw a remark that has come to be untrue; to be called when there is news."""
        if self._remark is None or self._holds is None:
            return
        if self._holds():
            self._held = True
        elif self._held:
            self._fall_silent(self._remarks)

    @property
    def remark(self) -> str:
        """What is being said; empty when hints are shown."""
        return self._remark[0] if self._remark else ""

    def _fall_silent(self, number: int) -> None:
        if number == self._remarks:
            self._remark = None
            self.redraw()

    def lines(self, width: int) -> list[list[Span]]:
        """The remark, or the hints that fit."""
        if self._remark:
            text, tone = self._remark
            style = "footer--label" if tone == "plain" else f"footer--{tone}"
            return [[(clipped(f" {_SIGNS[tone]} {text}", width), style)]]
        return [_fitting(self._hints, width)]


def _fitting(hints: Sequence[Hint], width: int) -> list[Span]:
    if not hints:
        return []
    *first, last = hints
    used = _room(last)
    shown = []
    for hint in first:
        if used + _room(hint) > width:
            break
        used += _room(hint)
        shown.append(hint)
    spans: list[Span] = []
    for hint in (*shown, last):
        spans.append((f" {hint.key}", f"footer--key@{hint.action}"))
        spans.append((f" {hint.label} ", f"footer--label@{hint.action}"))
    return spans


def _room(hint: Hint) -> int:
    return len(hint.key) + len(hint.label) + 3
