"""gan-tui eval: figures of a checkpoint's translations, kept with the run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.config.splits import Split
from engine.config.user_paths import at_home
from engine.protocol.weights import Weights
from gan_tui.cli import completion, ended_early
from gan_tui.cli.options import CHECKPOINT, AsJson, RunArgument, RunsFolder
from gan_tui.cli.output import put_json, say

if TYPE_CHECKING:
    from engine.protocol.rundir import RunDirectory


def evaluate(
    run: RunArgument,
    checkpoint: Annotated[
        str,
        typer.Option(
            metavar=f"{CHECKPOINT}|all",
            help="Which checkpoint; best:FIGURE: by what was measured; all: each in turn.",
            autocompletion=completion.evaluated,
        ),
    ] = "latest",
    figure: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Measure this: l1 psnr ssim cycle identity accuracy fid kid, or fid_B ...; may repeat "
            "[default: all that data and method give, but fid and kid].",
            show_default=False,
            autocompletion=completion.figures,
        ),
    ] = None,
    split: Annotated[
        Split | None,
        typer.Option(help="Which images [default: test, or else val].", show_default=False),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Measure on this folder, laid out as the run's own [default: the run's data.root].",
            show_default=False,
        ),
    ] = None,
    images: Annotated[int, typer.Option(min=0, metavar="N", help="The first N images of each domain; 0 for all.")] = 0,
    weights: Annotated[
        Weights, typer.Option(help="shown: the moving average where the run keeps one; raw: without.")
    ] = "shown",
    device: Annotated[
        str, typer.Option(metavar="DEVICE", help="auto, cpu, cuda, cuda:1, mps.", autocompletion=completion.devices)
    ] = "auto",
    fid_weights: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The Inception network's weights, for fid and kid [default: the preset's, or $GAN_TUI_FID_WEIGHTS].",
            show_default=False,
        ),
    ] = None,
    download_weights: Annotated[
        bool,
        typer.Option("--download-weights", help="Fetch those weights (91 MB) without asking."),
    ] = False,
    judge_steps: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Steps in which the judge is trained [default: 1500].", show_default=False
        ),
    ] = None,
    retrain: Annotated[bool, typer.Option("--retrain", help="Train the judge anew, even if it is kept.")] = False,
    runs_dir: RunsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Measure what a checkpoint makes of images kept apart.

    Pairs give l1, psnr and ssim against the partner; methods that learn both ways give the cycle and the identity error
    of each domain; labelled digits give the accuracy of a classifier of the target (the judge) on translations. fid and
    kid are measured where they are asked for: they need gan-tui[fid] and the Inception network's weights. What a run
    cannot give is refused with the reason.

    Images are resized whole to data.crop, and translated in float32 with the noise that the run has at test time, the
    same each time. The figures are kept with the run; those of another folder (--data) make no checkpoint the
    best. On a terminal they are a table; in a pipe a line of headings and then a line for each checkpoint.
    docs/evaluation.md says how each figure is defined.

    Examples:
        gan-tui eval facades
        gan-tui eval facades --checkpoint all --figure psnr --images 50
        gan-tui eval facades --data ~/datasets/other-facades
        gan-tui eval horse2zebra --figure fid --figure kid --download-weights
        gan-tui eval dtn-svhn2mnist --checkpoint best --device cuda --json

    Exit status:
        0    done
        1    a checkpoint could not be evaluated
        2    the request was wrong, such as a figure that the data cannot give
        130  interrupted; the figures of checkpoints that were done are kept

    Files:
        runs/NAME/evaluations.jsonl  the figures, a line for each evaluation

    Environment:
        GAN_TUI_FID_WEIGHTS  the Inception network's weights

    See also:
        gan-tui checkpoints, gan-tui resume, gan-tui compare
    """
    from engine.errors import WorkError
    from engine.protocol.evaluation import EvaluateJob, Evaluations
    from gan_tui.cli.figure_tables import in_words, show
    from gan_tui.cli.job_progress import telling
    from gan_tui.client.jobs import run_job
    from gan_tui.client.locate import find_run, runs_folder
    from gan_tui.client.sender import sender_name

    directory = find_run(run, runs_folder(runs_dir))
    _see_to_weights(directory, figure or (), str(fid_weights or ""), download=download_weights)
    job = EvaluateJob(
        run=str(directory.root),
        checkpoint=checkpoint,
        by=sender_name(),
        device=device,
        weights=weights,
        split=split,
        images=images,
        data=os.fsencode(at_home(data).absolute()) if data else b"",
        figures=tuple(figure or ()),
        fid_weights=str(at_home(fid_weights).absolute()) if fid_weights else "",
        judge_steps=judge_steps,
        retrain=retrain,
    )
    with ended_early.saying("the figures of checkpoints that were done are kept"), telling() as tell:
        found = run_job(job, Evaluations, tell)
    if as_json:
        put_json(found)
    else:
        show(found)
        say(in_words(found.evaluations[-1]))
    if found.failed:
        number, steps = len(found.failed), ", ".join(f"{each.step:,}" for each in found.failed)
        of = f"{number + len(found.evaluations):,} checkpoints of run {directory.name}"
        fix = f"What is wrong with them: gan-tui verify {directory.name}"
        raise WorkError(f"{number:,} of {of}", f"could not be evaluated (step {steps})", fix)


def _see_to_weights(run: RunDirectory, figures: Sequence[str], given: str, *, download: bool) -> None:
    """Have the Inception network's weights here where figures need them.

    Args:
        run: whose data and method say which figures there are.
        figures: as --figure has them.
        given: the file of --fid-weights; empty for none.
        download: fetch them without asking.

    Raises:
        RequestError: a figure cannot be; the weights are not needed, and to be fetched; or they are not here, and
            nobody says that they are to be fetched.
        WorkError: they cannot be fetched.
    """
    from engine.config.figures import chosen_figures, needs_inception
    from engine.config.inception_weights import MissingWeightsError, require_fidelity, require_weights
    from engine.config.load import read_toml, resolve
    from engine.errors import RequestError

    config = resolve(read_toml(run.config), str(run.config))
    if not needs_inception(chosen_figures(config, figures, "--figure")):
        if download:
            fact = "is for fid and kid, which are not asked for"
            raise RequestError("--download-weights", fact, "Add --figure fid, or --figure kid.")
        return
    require_fidelity()
    try:
        require_weights(given or config.evaluation.fid_weights)
    except MissingWeightsError as missing:
        from gan_tui.cli.offer import fetch_weights_or_refuse

        fetch_weights_or_refuse(missing, asked=download)
