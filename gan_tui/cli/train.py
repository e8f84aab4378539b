"""gan-tui train: start a run from a preset and show it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gan_tui.cli.appearance_options import opens_a_screen
from gan_tui.cli.options import Detach, Gpus, Headless, RunsFolder, Settings
from gan_tui.state.appearance import Appearance


@opens_a_screen
def train(
    preset: Annotated[str, typer.Argument(help="A preset file, or the name of a shipped one.")],
    settings: Settings = None,
    name: Annotated[
        str | None, typer.Option(help="The run's name [default: the preset's].", show_default=False)
    ] = None,
    runs_dir: RunsFolder = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1, mps.", show_default=False)] = None,
    gpus: Gpus = None,
    steps: Annotated[int | None, typer.Option(help="Stop after so many steps.", show_default=False)] = None,
    seed: Annotated[int | None, typer.Option(help="Everything random follows from it.", show_default=False)] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the images (data.root).", show_default=False)] = None,
    listen: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help="Answer viewers on other machines; port 0 takes a free one.", show_default=False
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
    """Train a preset in a background process and watch it; closing the terminal does not stop it."""
    from engine.errors import RequestError
    from gan_tui.cli.offer import fetch_or_refuse
    from gan_tui.cli.output import put, say
    from gan_tui.cli.show import require_one_way, show_new_engine
    from gan_tui.client.locate import runs_folder
    from gan_tui.client.new_run import check_new_run, make_new_run
    from gan_tui.datasets.wanted import MissingSetsError

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
    try:
        new = check_new_run(preset, settings or [], given, folder, name)
    except MissingSetsError as missing:
        fetch_or_refuse(missing)
        new = check_new_run(preset, settings or [], given, folder, name)
    run = make_new_run(new)
    for notice in new.notices:
        say(notice.in_words())
    if prepare_only:
        put(str(run.root))
        return
    show_new_engine(run, appearance, headless=headless, detach=detach)
