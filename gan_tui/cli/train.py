"""gan-tui train: start a run from a preset and show it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gan_tui.cli import completion
from gan_tui.cli.appearance_options import opens_a_screen
from gan_tui.cli.options import Detach, Gpus, Headless, RunsFolder, Settings
from gan_tui.state.appearance import Appearance


@opens_a_screen
def train(
    preset: Annotated[
        str,
        typer.Argument(
            metavar="PRESET",
            help="A preset file, or the name of a shipped one: gan-tui presets",
            autocompletion=completion.presets,
        ),
    ],
    settings: Settings = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The run's name [default: the preset's, numbered].", show_default=False),
    ] = None,
    runs_dir: RunsFolder = None,
    device: Annotated[
        str | None,
        typer.Option(
            metavar="DEVICE",
            help="auto, cpu, cuda, cuda:1, mps; auto is the first GPU, else the CPU [default: the preset's].",
            show_default=False,
            autocompletion=completion.devices,
        ),
    ] = None,
    gpus: Gpus = None,
    steps: Annotated[
        int | None,
        typer.Option(metavar="N", help="Stop after N steps [default: when all epochs are done].", show_default=False),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Everything random follows from it [default: the preset's].", show_default=False
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the images (data.root).", show_default=False)
    ] = None,
    listen: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Answer viewers on other machines, encrypted; port 0 takes a free one [default: none].",
            show_default=False,
        ),
    ] = None,
    headless: Headless = False,
    detach: Detach = False,
    prepare_only: Annotated[
        bool, typer.Option("--prepare", help="Make the run directory for torchrun, print it, and start nothing.")
    ] = False,
    *,
    appearance: Appearance,
) -> None:
    """Train a preset in a background process and watch it.

    The engine runs in a session of its own: closing the terminal, or losing the connection, does not stop it. In the
    dashboard q leaves and X stops. With --headless, or without a terminal, progress is shown as text instead, and
    Ctrl-C saves and stops; with --detach nothing is shown.

    What would not work is refused before anything is started: keys that do not exist, sizes that the networks cannot
    take, data that is not there, a device that is not. Data of a known set, and the weights that fid and kid need, are
    offered to be fetched, where there is a terminal to ask on.

    Examples:
        gan-tui train quickstart
        gan-tui train horse2zebra --data ~/datasets/horse2zebra
        gan-tui train mine.toml --set generator.blocks=6 --set data.crop=128
        gan-tui train facades --steps 20000 --seed 1 --name facades-short
        gan-tui train horse2zebra --gpus 4 --set run.batch=4
        gan-tui train horse2zebra --headless > progress.txt

    Exit status:
        0  the run ended well, or was left to itself
        1  the run failed; its reason is on stderr and in engine.log
        2  the request was wrong: nothing was started

    Files:
        runs/NAME/config.toml   the preset with every default filled in
        runs/NAME/engine.log    what the engine says

    See also:
        gan-tui presets, gan-tui data, gan-tui resume, gan-tui ctl, gan-tui doctor
    """
    from engine.errors import RequestError
    from gan_tui.cli.offer import offering
    from gan_tui.cli.output import put, say
    from gan_tui.cli.show import require_one_way, show_new_engine
    from gan_tui.client.locate import runs_folder
    from gan_tui.client.new_run import check_new_run, make_new_run

    if prepare_only and (headless or detach):
        fact = f"starts nothing, and {'--headless' if headless else '--detach'} is about what is started"
        raise RequestError("--prepare", fact, "Leave one of the two out.")
    require_one_way(headless=headless, detach=detach)
    flags = {
        "run.device": device,
        "run.gpus": gpus,
        "run.steps": steps,
        "run.seed": seed,
        "run.listen": listen,
        "data.root": data,
    }
    folder = runs_folder(runs_dir)
    given = {key: value for key, value in flags.items() if value is not None}
    new = offering(lambda: check_new_run(preset, settings or [], given, folder, name, here=not prepare_only))
    run = make_new_run(new)
    for notice in new.notices:
        say(notice.in_words())
    if prepare_only:
        put(str(run.root))
        return
    show_new_engine(run, appearance, headless=headless, detach=detach)
