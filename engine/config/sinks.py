"""What a preset asks to be written besides the record, and whether this machine can write it. Torch-free."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from engine.config.schema import LogConfig
from engine.errors import RequestError


def check_sinks(log: LogConfig, find: Callable[[str], object] = find_spec) -> None:
    """Refuse event files where the library that writes them is missing.

    Args:
        log: the section of a preset.
        find: looks for a package by its name; None where it is not installed.

    Raises:
        RequestError: it is missing.
    """
    if log.tensorboard and find("tensorboard") is None:
        fix = "Install it: pip install 'gan-tui[tensorboard]'. Or leave that out; the record has everything."
        raise RequestError("log.tensorboard = true", "needs the package tensorboard, which is not installed", fix)
