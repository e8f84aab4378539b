"""From TOML to a typed, checked configuration, and back: the only place where preset text is interpreted."""

from __future__ import annotations

import copy
import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from engine.config.documentation import field_docs
from engine.config.methods import CONFIGS, TrainConfig
from engine.config.schema import Section
from engine.errors import RequestError

Tree = dict[str, Any]
"""A preset as TOML gives it: tables of values."""


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

    Raises:
        RequestError: a setting has no such form.
    """
    result = copy.deepcopy(tree)
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
    return result


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
    method = tree.get("method", {})
    kind = method.get("kind", "cyclegan") if isinstance(method, dict) else None
    if not isinstance(kind, str) or kind not in CONFIGS:
        raise RequestError(f"{origin}: method.kind", f"{kind!r} is not a method", f"Choose from {_listing(CONFIGS)}.")
    config_type = CONFIGS[kind]
    complete = _with_defaults(tree, config_type)
    _check_sections(complete, config_type, origin)
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


def dump(config: TrainConfig) -> str:
    """The configuration as TOML, every default explicit."""
    return msgspec.toml.encode(config).decode()


# ----------------------------------------------------------------------------------------- sections of several kinds


def _with_defaults(tree: Tree, config_type: type[TrainConfig]) -> Tree:
    """The tree with the method's own defaults under what it says, where it names no other kind of section."""
    result = dict(tree)
    for field in msgspec.structs.fields(config_type):
        table = result.get(field.name, {})
        if not isinstance(table, dict):
            continue
        defaults = msgspec.to_builtins(field.default)
        tag_field = field.default.__struct_config__.tag_field
        if tag_field is None or table.get(tag_field, defaults[tag_field]) == defaults[tag_field]:
            result[field.name] = _laid_over(defaults, table)
    return result


def _laid_over(defaults: Tree, table: Tree) -> Tree:
    result = {**defaults, **table}
    for key, value in defaults.items():
        if isinstance(value, dict) and isinstance(table.get(key), dict):
            result[key] = _laid_over(value, table[key])
    return result


def _section_type(hint: Any, table: Mapping[str, Any], subject: str) -> type[Section]:
    """The section that a table describes: the hint itself, or the member of a union that its tag names."""
    if get_origin(hint) not in (Union, UnionType):
        members: tuple[type[Section], ...] = (hint,)
    else:
        members = get_args(hint)
    tag_field = members[0].__struct_config__.tag_field
    if tag_field is None:
        return members[0]
    by_tag = {str(member.__struct_config__.tag): member for member in members}
    tag = table.get(tag_field)
    if not isinstance(tag, str) or tag not in by_tag:
        raise RequestError(f"{subject}.{tag_field}", f"{tag!r} is not known here", f"Choose from {_listing(by_tag)}.")
    return by_tag[tag]


# --------------------------------------------------------------------------------------------------- unknown keys


def _check_sections(tree: Tree, config_type: type[TrainConfig], origin: str) -> None:
    sections = get_type_hints(config_type)
    for name, table in tree.items():
        if name not in sections:
            raise _unknown(origin, name, sections, "section")
        _check_keys(table, sections[name], origin, name)


def _check_keys(table: Any, hint: Any, origin: str, name: str) -> None:
    """Refuse unknown keys of a section, and of the sections within it."""
    if not isinstance(table, dict):
        raise RequestError(f"{origin}: {name}", "is a section, not a value", f"Write it as [{name}].")
    section = _section_type(hint, table, f"{origin}: {name}")
    tag_field = section.__struct_config__.tag_field
    keys = [*section.__struct_fields__, *([tag_field] if tag_field else [])]
    hints = get_type_hints(section)
    for key, value in table.items():
        if key not in keys:
            raise _unknown(origin, f"{name}.{key}", [f"{name}.{known}" for known in keys], "key")
        if isinstance(hints.get(key), type) and issubclass(hints[key], Section):
            _check_keys(value, hints[key], origin, f"{name}.{key}")


def _unknown(origin: str, name: str, known: Iterable[str], what: str) -> RequestError:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    fix = f"Did you mean {nearest[0]}?" if nearest else f"Known here: {_listing(known)}."
    return RequestError(f"{origin}: {name}", f"is not a preset {what}", fix)


def _listing(names: Iterable[str]) -> str:
    return ", ".join(names)


def _explained(error: msgspec.ValidationError, tree: Tree, config_type: type[TrainConfig], origin: str) -> RequestError:
    """Our words for msgspec's "Expected `int` >= 1 - at `$.generator.width`", with the value and what the key is."""
    text, _, path = str(error).partition(" - at `$.")
    *names, key = path.rstrip("`").split(".")
    section: type[Section] = config_type
    table = tree
    for name in names:
        table = table[name]
        section = _section_type(get_type_hints(section)[name], table, origin)
    hint = get_type_hints(section).get(key)
    if get_origin(hint) is Literal:
        fact, fix = "is not a choice", f"Choose from {_listing(map(str, get_args(hint)))}."
    elif " matching regex " in text:
        fact, fix = "is not a choice", f"Choose from {field_docs(section).get(key, '')}"
    else:
        fact = re.sub(r"`(\w+)`", lambda word: _PLAIN.get(word[1], word[1]), text)
        fact, fix = re.sub(r", got .*", "", fact), field_docs(section).get(key, "")
        fact = fact[:1].lower() + fact[1:]
    return RequestError(f"{origin}: {'.'.join(names)}.{key} = {_toml_value(table.get(key))}", fact, fix)


def _toml_value(value: Any) -> str:
    """A value as the preset has it, cut where it would fill the screen."""
    text = msgspec.json.encode(value).decode() if isinstance(value, str | bool) else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


_TOML_BITS = 63
_PRINTABLE_BITS = 10_000
_LONGEST_VALUE = 200
"""Letters of a value that a message quotes."""
_PLAIN = {"int": "a whole number", "float": "a number", "str": "text", "bool": "true or false", "array": "a list"}
