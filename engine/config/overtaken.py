"""What of a preset falls away when ``--set`` chooses another kind, arch, schedule or method than the preset has.

A user who sets data.kind is not to be told that data.A, of which they have said nothing, is no key of it. What they set
themselves stays, and is refused where it does not fit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from engine.config.losses import OF_GAN
from engine.config.methods import CONFIGS, TrainConfig
from engine.config.schema import OF_SCHEDULE, Section
from engine.config.sections import Tree, by_tag, defaults_of, hints_of

_CHOICES: Mapping[tuple[str, str], Mapping[str, Collection[str]]] = {
    ("optim", "schedule"): OF_SCHEDULE,
    ("loss", "gan"): OF_GAN,
}
"""Settings that others depend on: for which of its values each of those does something."""


def without_overtaken(before: Tree, after: Tree, given: Collection[str]) -> Tree:
    """A preset with settings laid over it, without what the preset says of other choices than these.

    Args:
        before: the preset.
        after: with the settings.
        given: the keys that these set, such as "data.kind".
    """
    then, now = _config_type(before), _config_type(after)
    if then is None or now is None:
        return after  # which is refused in words, or was not right without the settings
    result = dict(after)
    for name, table in after.items():
        old = before.get(name, {})
        if name in now.__struct_fields__ and isinstance(table, dict) and isinstance(old, dict):
            own = {key for key in table if f"{name}.{key}" in given}
            kept = _of_its_kind((then, old), (now, table), name, own)
            result[name] = _of_its_choices(now, name, old, kept, own)
    return result


def _of_its_kind(
    before: tuple[type[TrainConfig], Tree], after: tuple[type[TrainConfig], Tree], name: str, own: Collection[str]
) -> Tree:
    """A section without the preset's keys that its new kind, or its section in the new method, does not know."""
    config_type, table = after
    tag_field = defaults_of(config_type)[name].__struct_config__.tag_field
    if before[0] is not config_type and tag_field not in own and _struct(config_type, name, table) is None:
        table = {key: value for key, value in table.items() if key != tag_field}  # the method's default takes over
    was, now = _struct(before[0], name, before[1]), _struct(config_type, name, table)
    if was is None or now is None:
        return table
    gone = {*was.__struct_fields__} - {*now.__struct_fields__} - {*own}
    return {key: value for key, value in table.items() if key not in gone}


def _of_its_choices(now: type[TrainConfig], name: str, old: Tree, table: Tree, own: Collection[str]) -> Tree:
    """A section without the preset's keys that do nothing since it makes another choice."""
    for (section, choice), owners in _CHOICES.items():
        if section != name or choice not in own:
            continue
        if table[choice] != old.get(choice, getattr(defaults_of(now)[name], choice, None)):
            gone = {key for key, values in owners.items() if table[choice] not in values} - {*own}
            table = {key: value for key, value in table.items() if key not in gone}
    return table


def _config_type(tree: Tree) -> type[TrainConfig] | None:
    method = tree.get("method", {})
    kind = method.get("kind", "cyclegan") if isinstance(method, dict) else None
    return CONFIGS.get(kind) if isinstance(kind, str) else None


def _struct(config_type: type[TrainConfig], name: str, table: Tree) -> type[Section] | None:
    """What a table is in a method; None where the method has no such kind or arch."""
    default = defaults_of(config_type)[name]
    config = default.__struct_config__
    if config.tag_field is None:
        return type(default)
    tag = table.get(config.tag_field, config.tag)
    return by_tag(hints_of(config_type)[name]).get(tag) if isinstance(tag, str) else None
