"""Which struct a table of a preset is, and what its method has in it by default."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

import msgspec

from engine.config.methods import TrainConfig
from engine.config.schema import Section
from engine.errors import RequestError

Tree: TypeAlias = dict[str, Any]
"""A preset as TOML gives it: tables of values."""

_FIRST_WEIGHTS = ("init", "init_gain")
"""Of the method whatever the architecture is."""


@cache
def hints_of(struct: type[msgspec.Struct]) -> Mapping[str, Any]:
    """What each field of a struct may be."""
    hints = get_type_hints(struct)
    return {name: hints[name] for name in struct.__struct_fields__}


@cache
def defaults_of(struct: type[msgspec.Struct]) -> Mapping[str, Any]:
    """What each field of a struct is where it is left out."""
    return {field.name: field.default for field in msgspec.structs.fields(struct)}


def members(hint: Any) -> tuple[type[Section], ...]:
    """The structs that a section may be: the hint itself, or the members of a union."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def by_tag(hint: Any) -> dict[str, type[Section]]:
    """Those structs by what the section's kind or arch says; none where there is nothing to choose from."""
    if members(hint)[0].__struct_config__.tag_field is None:
        return {}
    return {str(member.__struct_config__.tag): member for member in members(hint)}


def section_type(hint: Any, table: Mapping[str, Any], subject: str) -> type[Section]:
    """The section that a table describes: the hint itself, or the member of a union that its tag names.

    Raises:
        RequestError: there is no such kind or arch here.
    """
    known = by_tag(hint)
    if not known:
        return members(hint)[0]
    tag_field = members(hint)[0].__struct_config__.tag_field
    assert tag_field is not None
    tag = table.get(tag_field)
    if not isinstance(tag, str) or tag not in known:
        raise RequestError(f"{subject}.{tag_field}", f"{tag!r} is not known here", f"Choose from {', '.join(known)}.")
    return known[tag]


def with_defaults(tree: Tree, config_type: type[TrainConfig]) -> Tree:
    """The tree with the method's own defaults under what it says."""
    result = dict(tree)
    for name in defaults_of(config_type):
        table = result.get(name, {})
        if isinstance(table, dict):
            result[name] = _laid_over(method_defaults(config_type, name, table), table)
    return result


def method_defaults(config_type: type[TrainConfig], name: str, table: Mapping[str, Any]) -> Tree:
    """What a method has in a section by default, as far as it is not left to the struct.

    A table may name another kind or arch than the method's. Then what the method says of its own that this one knows
    too still holds, and how its networks are initialised: pix2pix has batch normalisation and dropout in a ResNet too.
    """
    default: Section = defaults_of(config_type)[name]
    values: Tree = msgspec.to_builtins(default)
    tag_field = default.__struct_config__.tag_field
    if tag_field is None or table.get(tag_field, values[tag_field]) == values[tag_field]:
        return values
    other = by_tag(hints_of(config_type)[name]).get(str(table[tag_field]))
    if other is None:
        return {}
    plain = defaults_of(type(default))
    said = [key for key in plain if key in _FIRST_WEIGHTS or getattr(default, key) != plain[key]]
    return {key: values[key] for key in said if key in other.__struct_fields__}


def _laid_over(defaults: Tree, table: Tree) -> Tree:
    result = {**defaults, **table}
    for key, value in defaults.items():
        if isinstance(value, dict) and isinstance(table.get(key), dict):
            result[key] = _laid_over(value, table[key])
    return result
