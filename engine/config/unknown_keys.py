"""Refusing keys that a preset cannot have, with the reason where one is known: they are of another arch, or method."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from engine.config.methods import CONFIGS, TrainConfig
from engine.config.schema import Section
from engine.config.sections import Tree, by_tag, hints_of, members, section_type
from engine.errors import RequestError


def check_keys(tree: Tree, config_type: type[TrainConfig], origin: str) -> None:
    """Refuse sections and keys that a method does not have.

    Args:
        tree: tables, with the method's defaults under what they say.
        config_type: of the method.
        origin: where the tables come from, for messages.

    Raises:
        RequestError: there is one, or a section is none, or it is of a kind that is not known.
    """
    sections = hints_of(config_type)
    for name, table in tree.items():
        if name not in sections:
            raise _unknown(f"{origin}: {name}", name, sections, "section")
        _require_of_method(table, name, config_type, origin)
        section = _table_type(table, sections[name], origin, name)
        for key in table:
            if key not in _keys(section):
                raise _of_another(origin, name, key, section, config_type)
        _check_within(table, section, origin, name)


def _require_of_method(table: Any, name: str, config_type: type[TrainConfig], origin: str) -> None:
    """Refuse a kind or arch that only other methods have."""
    hint = hints_of(config_type)[name]
    tag_field = members(hint)[0].__struct_config__.tag_field
    tag = table.get(tag_field) if isinstance(table, dict) else None
    if not isinstance(tag, str) or tag in by_tag(hint):
        return
    methods = [kind for kind, other in CONFIGS.items() if tag in by_tag(hints_of(other)[name])]
    if methods:
        fact = f"is of {', '.join(methods)}, not of {_kind(config_type)}"
        raise RequestError(
            f"{origin}: {name}.{tag_field} = {tag}", fact, f"Choose from {', '.join(by_tag(hint))}, or another method."
        )


def _kind(config_type: type[TrainConfig]) -> str:
    return next(kind for kind, each in CONFIGS.items() if each is config_type)


def _check_within(table: Tree, section: type[Section], origin: str, name: str) -> None:
    """Refuse unknown keys of the sections within a section."""
    for key, hint in hints_of(section).items():
        if key in table and isinstance(hint, type) and issubclass(hint, Section):
            inner, path = _table_type(table[key], hint, origin, f"{name}.{key}"), f"{name}.{key}"
            for each in table[key]:
                if each not in _keys(inner):
                    raise _unknown(
                        f"{origin}: {path}.{each}", f"{path}.{each}", [f"{path}.{known}" for known in _keys(inner)]
                    )
            _check_within(table[key], inner, origin, path)


def _table_type(table: Any, hint: Any, origin: str, name: str) -> type[Section]:
    if not isinstance(table, dict):
        raise RequestError(f"{origin}: {name}", "is a section, not a value", f"Write it as [{name}].")
    return section_type(hint, table, f"{origin}: {name}")


def _keys(section: type[Section]) -> list[str]:
    tag_field = section.__struct_config__.tag_field
    return [*section.__struct_fields__, *([tag_field] if tag_field else [])]


def _of_another(
    origin: str, name: str, key: str, section: type[Section], config_type: type[TrainConfig]
) -> RequestError:
    """Why a section has no such key: another arch has it, another method has it, or it is misspelt."""
    subject, known = f"{origin}: {name}.{key}", [f"{name}.{each}" for each in _keys(section)]
    own, tag_field = section.__struct_config__.tag, section.__struct_config__.tag_field
    hint = hints_of(config_type)[name]
    others = [tag for tag, member in by_tag(hint).items() if key in member.__struct_fields__]
    if others:
        fact = f"is of {tag_field} = {' or '.join(others)}, and {name}.{tag_field} is {own}"
        return RequestError(subject, fact, f'Leave it out, or set {name}.{tag_field} = "{others[0]}".')
    methods = [kind for kind, other in CONFIGS.items() if _has(other, name, key)]
    if methods:
        fact = f"is a key of {', '.join(methods)}, not of {_kind(config_type)}"
        return RequestError(subject, fact, f"Leave it out. Known here: {', '.join(known)}.")
    return _unknown(subject, f"{name}.{key}", known)


def _has(config_type: type[TrainConfig], name: str, key: str) -> bool:
    return any(key in member.__struct_fields__ for member in members(hints_of(config_type)[name]))


def _unknown(subject: str, name: str, known: Iterable[str], what: str = "key") -> RequestError:
    ends = {each.rpartition(".")[2]: each for each in known}  # a section that all share would make them all alike
    nearest = difflib.get_close_matches(name.rpartition(".")[2], ends, n=1, cutoff=0.5)
    fix = f"Did you mean {ends[nearest[0]]}?" if nearest else f"Known here: {', '.join(ends.values())}."
    return RequestError(subject, f"is not a preset {what}", fix)
