"""What a shell completes: runs, presets, checkpoints, settings, controls with their running values.

The shell starts gan-tui for each Tab. What goes wrong then is nobody's business: main() ends without a word, and the
shell completes files.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import typer

from gan_tui.cli.bash_words import behind, rejoined

VARIABLE = "_GAN_TUI_COMPLETE"
"""Set by the shell's completion function, by Typer's convention."""


def is_asked() -> bool:
    """Whether this process is to complete a word, and nothing else."""
    return VARIABLE in os.environ


@contextmanager
def of_split_words() -> Iterator[None]:
    """Let Typer see the words that bash has split as they were written, and bash only what it is to put in."""
    if os.environ[VARIABLE] != "complete_bash":
        yield
        return
    words = os.environ.get("COMP_WORDS", "").split("\n")
    joined, place, kept = rejoined(words, int(os.environ.get("COMP_CWORD", "0")))
    os.environ.update(COMP_WORDS="\n".join(joined), COMP_CWORD=str(place))
    found = io.StringIO()
    try:
        with redirect_stdout(found):
            yield
    finally:
        sys.stdout.write("\n".join(behind(kept, word) for word in found.getvalue().split("\n")))


def runs(context: typer.Context) -> Iterable[str]:
    """RUN."""
    from gan_tui.client.candidates import run_names

    return run_names(_folder(context))


def presets() -> Iterable[str]:
    """PRESET."""
    from engine.config.presets import shipped_presets

    return list(shipped_presets())


def sets(context: typer.Context) -> Iterable[str]:
    """SET of data; of several, none that stands there already."""
    from gan_tui.datasets.sets.known import catalogue

    said = context.params.get("names") or ()
    return [name for name in catalogue().sets if name not in said]


def methods() -> Iterable[str]:
    """Of --method."""
    from engine.config.methods import CONFIGS

    return list(CONFIGS)


def checkpoints(context: typer.Context) -> Iterable[str]:
    """Of --checkpoint, --star and --unstar, once RUN is there."""
    from gan_tui.client.candidates import checkpoint_names

    return checkpoint_names(_said(context, "run"), _folder(context))


def evaluated(context: typer.Context) -> Iterable[str]:
    """Of eval --checkpoint."""
    from engine.protocol.evaluation import ALL

    names = list(checkpoints(context))
    return [*names, ALL] if names else []


def figures(context: typer.Context) -> Iterable[str]:
    """Of eval --figure, once RUN is there."""
    from gan_tui.client.candidates import figures

    return figures(_said(context, "run"), _folder(context))


def settings(context: typer.Context) -> Iterable[str]:
    """Of --set, once there is a preset or a run to have keys."""
    from gan_tui.client.candidates import settings_of_preset, settings_of_run

    if context.command.name == "resume":
        return settings_of_run(_said(context, "run"), _folder(context))
    return settings_of_preset(_said(context, "preset"))


def devices() -> Iterable[str]:
    """Of --device."""
    from gan_tui.client.candidates import devices

    return devices()


def themes() -> Iterable[str]:
    """Of --theme."""
    from gan_tui.state.appearance import THEME_NAMES

    return THEME_NAMES


def controls(context: typer.Context) -> Iterable[str]:
    """KEY and VALUE of ctl RUN set: the names of the controls, and behind a name the value that it has."""
    from gan_tui.client.candidates import controls as controls_of

    words = [part for word in context.params.get("pairs") or () for part in word.split("=", 1)]
    values = controls_of(_steered(context), _folder(context.parent))
    if len(words) % 2:
        return [values[words[-1]]] if words[-1] in values else []
    return [name for name in values if name not in words[::2]]


def sentinels(context: typer.Context) -> Iterable[str]:
    """SENTINEL of ctl RUN accept."""
    from gan_tui.client.candidates import sentinels

    return sentinels(_steered(context), _folder(context.parent))


def grantees(context: typer.Context) -> Iterable[str]:
    """Of access RUN --revoke."""
    from gan_tui.client.candidates import grantees

    return grantees(_said(context, "run"), _folder(context))


def _folder(context: Any) -> Path:
    from gan_tui.client.locate import runs_folder

    return runs_folder(context.params.get("runs_dir"))


def _steered(context: Any) -> str:
    """The RUN that stands before a command of ctl."""
    return _said(context.parent, "run")


def _said(context: Any, argument: str) -> str:
    """What stands for a command's first argument; empty, which is no name, where nothing does.

    Behind an option that waits for its value Typer has not come to arguments yet: they are left over.
    """
    return str(context.params.get(argument) or next(iter(context.args), ""))
