"""What a word of a command line can be: names and values that are there now, for a shell to complete.

All of it is read within a moment. Nothing is given that a shell could take for more than a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from msgspec.structs import asdict

from engine.config.figure_names import Figure
from engine.config.load import read_toml, resolve
from engine.config.methods import TrainConfig
from engine.config.presets import find_preset
from engine.config.schema import Section
from engine.config.sections import by_tag, hints_of
from engine.protocol.rundir import NAME_PATTERN
from gan_tui.client.locate import find_run

ANSWER_SECONDS = 1.0
"""How long an engine may take to say how it stands while somebody waits for a word."""
_WORD = re.compile(r"[A-Za-z0-9._+-]*")


def run_names(folder: Path) -> list[str]:
    """Every run in a folder."""
    return sorted(path.parent.name for path in folder.glob("*/run.json") if NAME_PATTERN.fullmatch(path.parent.name))


def checkpoint_names(given: str, folder: Path) -> list[str]:
    """What --checkpoint takes for a run: figures that were measured, and the newest step first. Raises GanTuiError."""
    from engine.protocol.checkpoints import list_folders
    from engine.protocol.choice import BEST, LATEST
    from engine.protocol.measured import counting, evaluations_of

    run = find_run(given, folder)
    steps = [step for _, step in list_folders(run, "checkpoint")]
    if not steps:
        return []
    measured = {name for each in counting(evaluations_of(run)) for name in each.figures}
    by_figure = [f"{BEST}:{name}" for name in get_args(Figure) if name in measured]
    return [LATEST, BEST, *by_figure, *map(str, sorted(steps, reverse=True))]


def figures(given: str, folder: Path) -> list[str]:
    """What a run's data and method give, figures and the names that stand for several. Raises GanTuiError."""
    from engine.config.figures import family_of, figures_given

    run = find_run(given, folder)
    given_ones = figures_given(resolve(read_toml(run.config), str(run.config)))
    return list(dict.fromkeys([*map(family_of, given_ones), *given_ones]))


def settings_of_preset(given: str) -> list[str]:
    """What --set takes for a preset: every key with the value that it has. Raises GanTuiError."""
    path = find_preset(given)
    return _settings(resolve(read_toml(path), path.name))


def settings_of_run(given: str, folder: Path) -> list[str]:
    """The same for a run. Raises GanTuiError."""
    run = find_run(given, folder)
    return _settings(resolve(read_toml(run.config), str(run.config)))


def controls(given: str, folder: Path) -> dict[str, str]:
    """The controls of a run that is being trained, with their values. Raises GanTuiError."""
    from engine.protocol.commands import Status
    from gan_tui.client.sender import ask

    report = ask(find_run(given, folder), Status(), ANSWER_SECONDS).report
    return {name: f"{value:g}" for name, value in report.controls.items() if _WORD.fullmatch(name)} if report else {}


def sentinels(given: str, folder: Path) -> list[str]:
    """Those whose open alerts suggest a nudge. Raises GanTuiError."""
    from engine.protocol.commands import Status
    from gan_tui.client.sender import ask

    report = ask(find_run(given, folder), Status(), ANSWER_SECONDS).report
    return [alert.sentinel for alert in report.alerts if alert.suggestion] if report else []


def grantees(given: str, folder: Path) -> list[str]:
    """Those who hold a key of a run. Raises GanTuiError."""
    from engine.protocol.access import grants

    return [name for name, _ in grants(find_run(given, folder))]


def devices() -> list[str]:
    """What --device takes here."""
    from gan_tui.client.gpus import gpu_count

    return ["auto", "cpu", "cuda", *(f"cuda:{index}" for index in range(gpu_count())), "mps"]


def _settings(config: TrainConfig) -> list[str]:
    hints = hints_of(type(config))
    return [word for name, section in asdict(config).items() for word in _keys(name, section, hints[name])]


def _keys(prefix: str, section: Section, hint: Any) -> Iterator[str]:
    """A section's keys: one with choices with each, another with its value where that is a word."""
    yield from (f"{prefix}.{section.__struct_config__.tag_field}={tag}" for tag in by_tag(hint))
    hints = hints_of(type(section))
    for key, value in asdict(section).items():
        name = f"{prefix}.{key}"
        if isinstance(value, Section):
            yield from _keys(name, value, hints[key])
        elif get_origin(hints[key]) is Literal:
            yield from (f"{name}={choice}" for choice in get_args(hints[key]))
        else:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            yield f"{name}={text if _WORD.fullmatch(text) else ''}"
