"""The user's file: how the screens are to look and which keys they take. What is wrong in it is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec

from engine.config.schema import Section
from engine.config.user_paths import at_home
from engine.errors import RequestError
from gan_tui.client.user_files import user_folder
from gan_tui.state.appearance import Means, ThemeName
from gan_tui.state.imaging import Images
from gan_tui.state.key_names import NotAKeyError, key_from

VARIABLE = "GAN_TUI_CONFIG"
"""Names another file; /dev/null is none."""


class Display(Section, frozen=True, kw_only=True):
    """The section ``[display]``; what is None was not said. A field more is a key more in the file and its template."""

    theme: ThemeName | None = None
    """Colours."""
    ascii: bool | None = None
    """Draw nothing but ASCII; left out: where the locale is not UTF-8."""
    images: Images | None = None
    """How pictures are drawn: half-blocks, pixels by kitty's protocol or as sixels, or not at all."""
    notify: Means | None = None
    """What alerts and a run's end do."""
    mouse: bool | None = None
    """Take the mouse; false leaves it to the terminal, for selecting text."""


class DataWishes(Section, frozen=True, kw_only=True):
    """The section ``[data]``."""

    mirrors: tuple[str, ...] = ()
    """Addresses of folders that hold the files of known sets, tried before their publishers."""


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says."""

    display: Display = Display()
    data: DataWishes = DataWishes()
    keys: Mapping[str, tuple[str, ...]] = {}
    """Keys in Textual's spelling, by the id of the action; whether there is such an action is not known here."""


def preferences_file(environ: Mapping[str, str]) -> Path:
    """Where the user's file lies, if there is one."""
    if given := environ.get(VARIABLE):
        return at_home(given)
    return user_folder(environ) / "config.toml"


def read_preferences(path: Path, *, required: bool = False) -> Preferences:
    """What a user's file says.

    Args:
        path: that file.
        required: whether it has to be there; else one that is not says nothing.

    Raises:
        RequestError: it cannot be read, or says what cannot be.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        if required:
            raise RequestError(str(path), "is not there", f"Write it, or unset {VARIABLE}.") from None
        return Preferences()
    except OSError as error:
        raise RequestError(str(path), f"cannot be read ({error.strerror})", f"Or name another by {VARIABLE}.") from None
    import tomllib  # most have no such file, and the first paint does not wait for what reads it

    try:
        said = tomllib.loads(text.decode())
    except ValueError as error:  # not TOML, or not UTF-8
        fix = "See an example: gan-tui keys --template"
        raise RequestError(str(path), f"is not TOML ({error})", fix) from None
    for name, section in said.items():
        if name not in Preferences.__struct_fields__:
            raise _unknown(f"{path}: {name}", "is not a section", name, Preferences.__struct_fields__)
        if not isinstance(section, dict):
            raise RequestError(f"{path}: {name}", "is a section, not a value", f"Write it as [{name}].")
    return Preferences(
        display=_display(said.get("display", {}), path),
        data=_data(said.get("data", {}), path),
        keys=_keys(said.get("keys", {}), path),
    )


def _display(section: Mapping[str, Any], path: Path) -> Display:
    hints = get_type_hints(Display)
    for key, value in section.items():
        subject = f"{path}: display.{key}"
        if key not in hints:
            raise _unknown(subject, "is not a key of this file", key, hints)
        kind = get_args(hints[key])[0]  # X | None
        choices = get_args(kind)
        if choices and value not in choices:
            raise _unknown(f"{subject} = {value!r}", "is not known", str(value), choices)
        if not choices and type(value) is not kind:
            fix = "Write true or false." if kind is bool else f"Write a {kind.__name__}."
            raise RequestError(f"{subject} = {value!r}", "is of another type", fix)
    return Display(**section)


def _data(section: Mapping[str, Any], path: Path) -> DataWishes:
    for key in section:
        if key not in DataWishes.__struct_fields__:
            fields = DataWishes.__struct_fields__
            raise _unknown(f"{path}: data.{key}", "is not a key of this file", key, fields)
    mirrors = section.get("mirrors", [])
    if not isinstance(mirrors, list) or not all(isinstance(each, str) for each in mirrors):
        fix = 'Write mirrors = ["https://mirror.example.org/sets"].'
        raise RequestError(f"{path}: data.mirrors", "is not a list of addresses", fix)
    return DataWishes(mirrors=tuple(mirrors))


def _keys(section: Mapping[str, Any], path: Path) -> dict[str, tuple[str, ...]]:
    if not section:
        return {}

    keys: dict[str, tuple[str, ...]] = {}
    for action, written in section.items():
        subject = f"{path}: keys.{action}"
        several = [written] if isinstance(written, str) else written
        if not isinstance(several, list) or not several or not all(isinstance(each, str) for each in several):
            fix = f'Write {action} = "k", or {action} = ["k", "ctrl+k"].'
            raise RequestError(subject, "is neither a key nor a list of keys", fix)
        spelled = []
        for each in several:
            try:
                spelled.append(key_from(each))
            except NotAKeyError as error:
                raise RequestError(f"{subject} = {each!r}", error.fact, error.fix) from None
        keys[action] = tuple(dict.fromkeys(spelled))
    return keys


def _unknown(subject: str, fact: str, given: str, known: Iterable[str]) -> RequestError:
    near = get_close_matches(given, list(known), n=1, cutoff=0.5)
    return RequestError(subject, fact, f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}.")
