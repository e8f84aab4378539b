"""From TOML to a typed, checked configuration, and back: the only place where preset text is interpreted."""

from __future__ import annotations

import copy
import os
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from engine.config.documentation import field_docs
from engine.config.methods import CONFIGS, TrainConfig
from engine.config.overtaken import without_overtaken
from engine.config.schema import Section
from engine.config.sections import Tree, section_type, with_defaults
from engine.config.unknown_keys import check_keys
from engine.errors import RequestError

__all__ = ["Tree", "dump", "read_toml", "resolve", "with_settings"]


def read_toml(path: Path) -> Tree:
    """The tables of a TOML file.

    Raises:
        RequestError: the file cannot be read, is no text or no TOML.
    """
    try:
        return _parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RequestError(str(path), f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise RequestError(str(path), "is not a text file", "A preset is TOML in UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise RequestError(str(path), f"is not valid TOML ({error})", "Mend that line.") from error


def _parse(text: str) -> Tree:
    """TOML as tables. Raises TOMLDecodeError whatever is wrong with it: tomllib lets two sorts of damage pass."""
    try:
        tree = tomllib.loads(text)
    except RecursionError as error:
        raise tomllib.TOMLDecodeError("values are nested too deeply") from error
    except ValueError as error:
        if isinstance(error, tomllib.TOMLDecodeError):
            raise
        raise tomllib.TOMLDecodeError("a whole number has too many digits") from error
    if _bits(tree) > _PRINTABLE_BITS:  # in hexadecimal, say: Python reads it and could not write it
        raise tomllib.TOMLDecodeError("a whole number has too many digits")
    return tree


def _bits(value: Any) -> int:
    """How many bits the largest whole number in it has."""
    if isinstance(value, dict | list):
        return max(map(_bits, value.values() if isinstance(value, dict) else value), default=0)
    return value.bit_length() if isinstance(value, int) else 0


def with_settings(tree: Tree, settings: Iterable[str]) -> Tree:
    """The tree with ``section.key=value`` settings laid over it; values are TOML, and bare words are text.

    Where a setting chooses another kind, arch, schedule or method, what the tree says of the former one falls away.

    Raises:
        RequestError: a setting has no such form.
    """
    result = copy.deepcopy(tree)
    given: set[str] = set()
    for setting in settings:
        key, equals, text = setting.partition("=")
        *sections, name = key.strip().split(".")
        if not (equals and sections and all(sections) and name):
            raise RequestError(f"--set {setting}", "is not of the form section.key=value", "Try: --set run.seed=1")
        table = result
        for section in sections:
            table = table.setdefault(section, {})
            if not isinstance(table, dict):
                raise RequestError(f"--set {setting}", f"{section} is not a section")
        table[name] = _parse_value(text.strip())
        given.add(key.strip())
    return without_overtaken(tree, result, given)


def _parse_value(text: str) -> Any:
    try:
        return _parse(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def resolve(tree: Tree, origin: str) -> TrainConfig:
    """The typed configuration that a tree describes, with every default filled in.

    Args:
        tree: tables as read from TOML.
        origin: where they come from, for messages.

    Raises:
        RequestError: an unknown key, a wrong type or a value out of range, named with the nearest right one.
    """
    _require_text(tree, origin)
    method = tree.get("method", {})
    kind = method.get("kind", "cyclegan") if isinstance(method, dict) else None
    if not isinstance(kind, str) or kind not in CONFIGS:
        raise RequestError(f"{origin}: method.kind", f"{kind!r} is not a method", f"Choose from {', '.join(CONFIGS)}.")
    config_type = CONFIGS[kind]
    complete = with_defaults(tree, config_type)
    check_keys(complete, config_type, origin)
    try:
        config = msgspec.convert(complete, config_type)
    except msgspec.ValidationError as error:
        raise _explained(error, complete, config_type, origin) from error
    for name, table in complete.items():
        for key, value in table.items():
            if _bits(value) > _TOML_BITS:  # of a key that has no bound of its own
                fact = f"is larger than {2**_TOML_BITS - 1}, the largest whole number of TOML"
                raise RequestError(f"{origin}: {name}.{key}", fact, "Lower it.")
    return config


def _require_text(value: Any, origin: str, key: str = "") -> None:
    """Names of files may be any bytes; TOML is text. Raises RequestError."""
    match value:
        case dict():
            for name, inner in value.items():
                _require_text(inner, origin, f"{key}.{name}" if key else str(name))
        case list():
            for inner in value:
                _require_text(inner, origin, key)
        case str() if not _is_text(value):
            shown = os.fsencode(value).decode("utf-8", "backslashreplace")
            fix = "A folder of such a name can be given by a link to it under another one."
            raise RequestError(f'{origin}: {key} = "{shown}"', "is no text (UTF-8), as presets have to be", fix)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def dump(config: TrainConfig) -> str:
    """The configuration as TOML, every default explicit."""
    return msgspec.toml.encode(config).decode()


# ---------------------------------------------------------------------------------------------- in our own words


def _explained(error: msgspec.ValidationError, tree: Tree, config_type: type[TrainConfig], origin: str) -> RequestError:
    """Our words for msgspec's "Expected `int` >= 1 - at `$.generator.width`", with the value and what the key is."""
    text, _, path = str(error).partition(" - at `$.")
    *names, last = path.rstrip("`").split(".")
    key, _, place = last.rstrip("]").partition("[")  # of "without_A[0]", one of a list
    section: type[Section] = config_type
    table = tree
    for name in names:
        table = table[name]
        section = section_type(get_type_hints(section)[name], table, origin)
    value = table.get(key)
    hint = get_type_hints(section).get(key)
    if get_origin(hint) is Literal:
        fact, fix = "is not a choice", f"Choose from {', '.join(map(str, get_args(hint)))}."
    elif " matching regex " in text:
        fact, fix = "is not of the right form", f"Give {field_docs(section).get(key, '')}"
    else:
        fact = re.sub(r"`(\w+)`", lambda word: _PLAIN.get(word[1], word[1]), text)
        fact, fix = re.sub(r", got .*", "", fact), field_docs(section).get(key, "")
        fact = fact[:1].lower() + fact[1:]
    if place.isdigit() and isinstance(value, list):
        value = value[int(place)]
    return RequestError(f"{origin}: {'.'.join(names)}.{last} = {_toml_value(value)}", fact, fix)


def _toml_value(value: Any) -> str:
    """A value as the preset has it, cut where it would fill the screen."""
    text = msgspec.json.encode(value).decode() if isinstance(value, str | bool) else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


_TOML_BITS = 63
_PRINTABLE_BITS = 10_000
_LONGEST_VALUE = 200
"""Letters of a value that a message quotes."""
_PLAIN = {"int": "a whole number", "float": "a number", "str": "text", "bool": "true or false", "array": "a list"}
