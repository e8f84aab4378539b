"""gan-tui import: files of the reference implementation, or an export of our own, as a run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from engine.config.user_paths import at_home
from gan_tui.cli import ended_early
from gan_tui.cli.options import AsJson, RunsFolder, Settings
from gan_tui.cli.output import put, put_json, say

if TYPE_CHECKING:
    from engine.protocol.exchange import Imported


def import_weights(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH", help="Files of weights (.pth), a folder of them, or a loss_log.txt."),
    ],
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The run's name [default: the folder's].", show_default=False)
    ] = None,
    method: Annotated[
        Literal["cyclegan", "pix2pix"] | None,
        typer.Option(help="What they are of [default: as the files tell].", show_default=False),
    ] = None,
    settings: Settings = None,
    epoch: Annotated[str, typer.Option(metavar="latest|N", help="Which of a folder's weights.")] = "latest",
    step: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=0, help="Steps they were trained for [default: as the log tells].", show_default=False
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Images to train on or evaluate with.", show_default=False)
    ] = None,
    loss_log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The loss log [default: that beside the weights].", show_default=False),
    ] = None,
    runs_dir: RunsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make a run of the reference implementation's files.

    What junyanz/pytorch-CycleGAN-and-pix2pix wrote becomes a run to translate with, look at, compare and train on.
    Weights are read without running what a file may hold; their networks are told by keys and shapes. A loss log beside
    them becomes the run's curves, a train_opt.txt its settings. What is not among the files, such as the optimizers'
    state, begins anew when the run is resumed. A folder of gan-tui export --format safetensors is taken too. Printed is
    the run's directory.

    Examples:
        gan-tui import checkpoints/horse2zebra --data datasets/horse2zebra
        gan-tui import checkpoints/horse2zebra --epoch 95 --name epoch-95
        gan-tui import latest_net_G.pth --step 200000
        gan-tui import loss_log.txt --name theirs

    Exit status:
        0    done
        1    the run could not be written
        2    the request was wrong, such as weights of no known network
        130  interrupted; no run was made

    See also:
        gan-tui export, gan-tui resume, gan-tui compare
    """
    from engine.protocol.exchange import Imported, ImportJob
    from gan_tui.cli.job_progress import telling
    from gan_tui.client.jobs import run_job
    from gan_tui.client.locate import runs_folder

    job = ImportJob(
        paths=tuple(_absolute(path) for path in paths),
        runs=str(runs_folder(runs_dir)),
        name=name,
        method=method,
        settings=tuple(settings or ()),
        epoch=epoch,
        step=step,
        data=_absolute(data) if data else b"",
        loss_log=_absolute(loss_log) if loss_log else b"",
    )
    with ended_early.saying("no run was made"), telling() as tell:
        found = run_job(job, Imported, tell)
    if as_json:
        put_json(found)
        return
    put(found.run)
    _say(found)


def _absolute(path: Path) -> bytes:
    return os.fsencode(at_home(path).absolute())


def _say(found: Imported) -> None:
    name = Path(found.run).name
    parts = [f"a checkpoint at step {found.step:,}"] if found.step is not None else []
    parts += [f"{found.lines:,} lines of metrics"] if found.lines else []
    without = "" if found.step is not None else ", without a checkpoint"
    say(f"Run {name}, {found.method}: {' and '.join(parts)}{without}. Look at it: gan-tui attach {name}")
