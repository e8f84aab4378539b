"""A preflight in words: what each of its parts comes to, in a line or a few."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from engine.sizes import size_text
from gan_tui.client.horizon import Horizon
from gan_tui.client.preflight import Chosen, Preflight
from gan_tui.client.preset_drift import Alteration, PresetDrift, Value
from gan_tui.state.journal import COMPUTED, number

Tone: TypeAlias = Literal["plain", "faint", "warning", "bad"]
"""Faint for what is as it was; the others say in colour what the words say already."""

MOST_LINES = 8
"""Of a summary."""


class Told(NamedTuple):
    """One part of a preflight."""

    label: str
    lines: tuple[str, ...]
    tone: Tone = "plain"


def told(seen: Preflight, age: str) -> list[Told]:
    """Every part that has something to say, the most important first.

    Args:
        seen: the preflight.
        age: how long ago its checkpoint was saved, in words.
    """
    parts = [_goes_on(seen)]
    parts += [Told("problem", (problem.in_words(),), "bad") for problem in seen.problems]
    parts += [Told("warning", (warning.in_words(),), "warning") for warning in seen.warnings]
    if seen.checkpoint:
        parts.append(Told("checkpoint", (_checkpoint(seen.checkpoint, age),)))
    if seen.goes_on != "nowhere":
        parts += [_left(seen.horizon), _next_rates(seen.horizon)]
    parts += [
        *_settings(seen),
        *_surroundings(seen),
        _preset(seen.preset),
    ]
    return parts


def summary(seen: Preflight, age: str) -> list[str]:
    """What to know before the engine starts, in at most MOST_LINES lines."""
    first, *rest = told(seen, age)
    parts = [part for part in rest if part.tone != "faint"]
    lines = [f"{seen.run} {'' if seen.goes_on == 'anew' else 'goes on '}{first.lines[0]}."]
    lines += [f"  {part.label:<10} {_joined(part.lines)}" for part in parts]
    return lines[:MOST_LINES]


def whole_text(seen: Preflight, age: str) -> list[str]:
    """All of it, a line for each thing."""
    lines = [f"run        {seen.run}"]
    for part in told(seen, age):
        lines += [f"{part.label if place == 0 else '':<10} {line}" for place, line in enumerate(part.lines)]
    return lines


# ------------------------------------------------------------------------------------------------------------ its parts


def _goes_on(seen: Preflight) -> Told:
    match seen.goes_on:
        case "nowhere" if seen.checkpoint:
            return Told("goes on", ("not from here: this checkpoint is damaged",))
        case "nowhere":
            return Told("goes on", ("from none of its checkpoints: they cannot be read",))
        case "anew":
            return Told("goes on", ("has no checkpoint of its own yet: it begins where it began before",))
        case "branch":
            return Told("goes on", (f"in a branch, {seen.branch}",))
        case "in place":
            step = seen.checkpoint.step if seen.checkpoint else 0
            if not seen.repeated_steps:
                return Told("goes on", (f"in place, with step {step + 1:,}",))
            again = f"steps {step + 1:,} to {step + seen.repeated_steps:,} are trained again"
            return Told("goes on", (f"in place; {again}",))


def _checkpoint(chosen: Chosen, age: str) -> str:
    marks = "".join(f", {word}" for word, has in (("starred", chosen.starred), ("best", chosen.best)) if has)
    files = "damaged" if chosen.damage else "whole"
    return f"step {chosen.step:,}, epoch {chosen.epoch}, {age} old, {size_text(chosen.size)}, {files}{marks}"


def _left(horizon: Horizon) -> Told:
    if horizon.steps_left is None or horizon.epochs_left is None:
        return Told("left", ("known once the engine has counted the images",), "faint")
    epochs = f"{horizon.epochs_left:,} epoch{'' if horizon.epochs_left == 1 else 's'}"
    return Told("left", (f"{horizon.steps_left:,} steps, {epochs}",))


def _settings(seen: Preflight) -> list[Told]:
    """The settings: asked for, else moved since the run was made, and staged."""
    moved = tuple(
        f"{control.name} {number(control.value)} (config.toml {number(control.configured)})"
        for control in seen.controls
        if control.value != control.configured and control.value == control.checkpoint
    )
    staged = tuple(
        f"{name} {number(value)} at step {change.at_step:,} ({change.by})"
        for change in seen.staged
        for name, value in change.values.items()
    )
    asked = tuple(_change(each) for each in seen.settings)
    parts = [Told("asked for", asked)] if asked else []
    parts.append(Told("controls", moved) if moved else Told("controls", ("as config.toml has them",), "faint"))
    if staged:
        parts.append(Told("staged", staged))
    return parts


def _next_rates(horizon: Horizon) -> Told:
    """The learning rates of the next step."""
    rates = "  ".join(f"{name} {number(value, COMPUTED)}" for name, value in horizon.lr.items())
    factor = "" if horizon.factor is None else f"base rate × {number(horizon.factor, COMPUTED)}"
    both = f"{rates}  ({factor})" if rates and factor else rates or factor
    return Told("next lr", (both or "known once the engine has looked at the losses",))


def _preset(drift: PresetDrift) -> Told:
    if drift.problem:
        return Told("preset", (drift.problem,), "faint" if not drift.path else "warning")
    if not drift.differences:
        return Told("preset", (f"{drift.preset}, as the file is today",), "faint")
    return Told(
        "preset", tuple(f"{each.key} {_value(each.after)} (file {_value(each.before)})" for each in drift.differences)
    )


def _surroundings(seen: Preflight) -> list[Told]:
    """What is around the run: files beside the checkpoint, data, device, versions."""
    others = [each for each in seen.unusable if not each.passed_over]
    parts = [Told("unusable", tuple(f"{each.name} {each.damage}" for each in others), "warning")] if others else []
    moved = tuple(_change(each) for each in seen.versions if each.before is not None and each.before != each.after)
    was = f"; last on {seen.device.before}" if seen.device.before else ""
    return [
        *parts,
        Told("versions", moved) if moved else Told("versions", ("as when it was last started",), "faint"),
        Told("data", (seen.data.source,), "faint"),
        Told("device", (f"{seen.device.after}{was}",), "faint"),
    ]


def _change(each: Alteration) -> str:
    return f"{each.key} {_value(each.before)} → {_value(each.after)}"


def _value(value: Value) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number(float(value))
        case str():
            return value or '""'
        case tuple():
            return f"[{', '.join(map(str, value))}]"


def _joined(lines: tuple[str, ...], most: int = 3) -> str:
    shown = ", ".join(lines[:most])
    return shown if len(lines) <= most else f"{shown} and {len(lines) - most} more"
