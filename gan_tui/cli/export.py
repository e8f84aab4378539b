"""gan-tui export: a checkpoint as ONNX, as PyTorch's exported program, as safetensors, or for the reference."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from engine.config.user_paths import at_home
from engine.protocol.weights import Weights
from gan_tui.cli import completion, ended_early
from gan_tui.cli.options import CHECKPOINT, AsJson, RunsFolder
from gan_tui.cli.output import put, put_json, say

if TYPE_CHECKING:
    from engine.protocol.exchange import Exported, ExportFormat

SUFFIXES: dict[str, ExportFormat] = {".onnx": "onnx", ".pt2": "pt2"}
"""Of files that tell their format."""
OF_OTHER_FILES = (".safetensors", ".pth", ".pt")
"""Endings that a folder of such files is not to have."""
DYNAMIC = "dynamic"
MOST_PIXELS = 2**16
"""Of a side that may be asked for; what memory holds is less."""


def export(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN|CHECKPOINT", help="A run, or the folder of a checkpoint.", autocompletion=completion.runs
        ),
    ],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="PATH", help="A file for onnx and pt2, else a folder; not there yet."),
    ],
    form: Annotated[
        Literal["onnx", "pt2", "safetensors", "reference"] | None,
        typer.Option("--format", help="What to write [default: by the file's ending].", show_default=False),
    ] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            metavar=CHECKPOINT,
            help="Which checkpoint is exported; best:FIGURE: by what eval has measured [default: latest].",
            show_default=False,
            autocompletion=completion.checkpoints,
        ),
    ] = None,
    direction: Annotated[
        Literal["AtoB", "BtoA", "both"] | None,
        typer.Option(help="A and B are the run's [default: AtoB; of weights, all].", show_default=False),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            metavar="N|dynamic",
            help="Side in pixels of the only images that onnx or pt2 take, or any [default: any, where it can be].",
            show_default=False,
        ),
    ] = None,
    opset: Annotated[
        int | None,
        typer.Option(metavar="N", help="ONNX's version of operators [default: the exporter's].", show_default=False),
    ] = None,
    weights: Annotated[
        Weights,
        typer.Option(help="Those that samples show (the moving average, if kept), or those trained."),
    ] = "shown",
    runs_dir: RunsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Write a checkpoint for other programs.

    What translates is written in evaluation mode and float32. onnx and pt2 (torch.export) are programs: each is loaded
    again and held against PyTorch on several images, sizes and batches, and where they differ by more than 1e-4 nothing
    is written. safetensors are weights with the configuration and a model card. reference is files that
    junyanz/pytorch-CycleGAN-and-pix2pix loads, with the options for it. Printed are the files that were written.

    Examples:
        gan-tui export horse2zebra -o zebra.onnx
        gan-tui export horse2zebra -o zebra.pt2 --direction both --checkpoint best
        gan-tui export horse2zebra -o zebra --format reference
        gan-tui export runs/facades/checkpoints/step-00012000 -o facades.onnx

    Exit status:
        0    done
        1    the export differs from PyTorch, or cannot be written
        2    the request was wrong, such as a network that the format lacks
        130  interrupted; nothing was written

    See also:
        gan-tui import, gan-tui checkpoints
    """
    from engine.protocol.exchange import Exported, ExportJob
    from gan_tui.cli.job_progress import telling
    from gan_tui.client.jobs import run_job
    from gan_tui.client.locate import find_run_and_checkpoint, runs_folder

    wanted = _format(form, out)
    directory, which = find_run_and_checkpoint(run, checkpoint, runs_folder(runs_dir))
    job = ExportJob(
        run=str(directory.root),
        checkpoint=which,
        format=wanted,
        out=os.fsencode(at_home(out).absolute()),
        direction=direction,
        size=_size(size),
        opset=opset,
        weights=weights,
    )
    with ended_early.saying("nothing was written"), telling() as tell:
        found = run_job(job, Exported, tell, folder=directory.root)
    if as_json:
        put_json(found)
        return
    for file in found.files:
        put(file.path)
    _say(found)


def _format(given: ExportFormat | None, out: Path) -> ExportFormat:
    from engine.errors import RequestError

    ending = out.suffix.lower()
    told = SUFFIXES.get(ending)
    wanted = given or told
    if wanted is None:
        fix = "Add --format onnx, pt2, safetensors or reference."
        raise RequestError(f"-o {out}", "does not tell the format by its ending (.onnx, .pt2)", fix)
    if told is not None and told != wanted:
        fact = f"ends as {told} does, and the format is {wanted}"
        raise RequestError(f"-o {out}", fact, "Give it another ending, or leave --format out.")
    if ending in OF_OTHER_FILES and wanted not in SUFFIXES.values():
        fact = f"ends as a file does, and {wanted} is a folder of several"
        raise RequestError(f"-o {out}", fact, f"Leave {out.suffix} out.")
    return wanted


def _size(given: str | None) -> int | None:
    from engine.errors import RequestError

    if given is None:
        return None
    if given == DYNAMIC:
        return 0
    if not given.isdecimal() or not 0 < int(given) <= MOST_PIXELS:
        fact = f"is no side in pixels from 1 to {MOST_PIXELS:,}"
        raise RequestError(f"--size {given}", fact, f"Give a whole number, or {DYNAMIC}.")
    return int(given)


def _say(found: Exported) -> None:
    """What was written and how it was tried; for the reference, how it is loaded there."""
    from engine.sizes import size_text

    total = sum(file.size for file in found.files)
    say(f"Step {found.step:,} as {found.format}, {size_text(total)}.")
    for file in found.files:
        if file.difference is not None:
            how = (
                f"differs from PyTorch by {file.difference:.1e} at most" if file.difference else "does as PyTorch does"
            )
            say(f"{file.direction}: {how}, on batches of {', '.join(file.trials)}.")
    if found.options:
        say(f"Load them with the reference implementation's options: {found.options}")
