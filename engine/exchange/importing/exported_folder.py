"""A folder that `gan-tui export --format safetensors` wrote, as the blueprint of a run."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file

from engine.config.load import read_toml
from engine.config.methods import DtnConfig
from engine.errors import RequestError
from engine.exchange.folder_layout import CONFIG, STEP, WEIGHTS
from engine.exchange.importing.blueprint import Blueprint
from engine.exchange.importing.configuration import configuration_of
from engine.exchange.importing.recognition import State
from engine.exchange.importing.told_numbers import whole_number
from engine.protocol.exchange import ImportJob


def blueprint_of_export(folder: Path, job: ImportJob) -> Blueprint:
    """Read such a folder.

    Args:
        folder: with config.toml and files of weights.
        job: what is asked for beside it.

    Raises:
        RequestError: a file cannot be read, a setting is not right, or there are no such images; or it is of DTN.
    """
    path = folder / CONFIG
    config = configuration_of(read_toml(path), job, str(path))
    if isinstance(config, DtnConfig):
        fact = "is of DTN, whose training of f goes by more than weights"
        raise RequestError(str(folder), fact, "Take the weights as README.md there says, or resume the run itself.")
    states: dict[str, State] = {}
    step = None
    for file in sorted(folder.glob(f"*{WEIGHTS}")):
        try:
            states[file.stem] = load_file(file)
            with safe_open(file, "pt") as opened:
                told = (opened.metadata() or {}).get(STEP, "")
        except (SafetensorError, OSError) as error:
            raise RequestError(str(file), f"cannot be read ({error})", "Copy it again.") from error
        number = whole_number(told)
        step = step if number is None else number
    words = {name: f"{len(state):,} tensors" for name, state in states.items()}
    return Blueprint(config=config, states=states, words=words, remarks=(), step=step)
