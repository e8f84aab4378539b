"""Refusals that name options of `train`, as they are to be read where there are others: on a screen, or in `resume`."""

from __future__ import annotations

import re
from collections.abc import Collection

_KEYS = {"data": "data.root", "device": "run.device", "gpus": "run.gpus", "seed": "run.seed", "steps": "run.steps"}
"""What options set that may be named in a refusal."""
_OPTION = re.compile(rf"--(name|set|{'|'.join(_KEYS)})\b(?: (?=\S+=|\w+\.\w)| DIR\b| or data\.root\b)?")
"""With what follows it: a setting, which is left, or what else says the same."""
_COMMAND = re.compile(r"gan-tui train (\S+) (?=--)")


_OF_TRAIN = re.compile(r"--(data|device|seed)\b(?: (or data\.root\b|\S+))?")
"""Options of `train` alone, with what follows."""


def by_settings(text: str) -> str:
    """The text for a command that has --set and not the options of `train` that a refusal may name."""

    def as_setting(found: re.Match[str]) -> str:
        key, follows = _KEYS[found[1]], found[2] or ""
        if follows.startswith("or "):
            return f"{key} (--set {key}=DIR)"
        return f"--set {key}={follows}"

    return _OF_TRAIN.sub(as_setting, text)


def without_options(text: str, lines: Collection[str] = ()) -> str:
    """The text, each option in it told as what can be typed on a screen.

    Args:
        text: worded for a command line.
        lines: names of the screen's lines, called as options of the command; others are keys of a settings line.
    """

    def typed(found: re.Match[str]) -> str:
        option = found[1]
        if option == "set" and found[0].endswith(" "):
            return ""
        if option in lines:
            return option
        return _KEYS.get(option, {"set": "the settings", "name": "name"}.get(option, option))

    return _OPTION.sub(typed, _COMMAND.sub(r"preset \1, ", text))
