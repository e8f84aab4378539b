"""The command line as a whole: its subcommands, its exit statuses, and how errors are told."""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from engine.errors import GanTuiError
from gan_tui.cli import (
    access,
    attach,
    checkpoints,
    compare,
    ctl,
    data,
    delete,
    keys,
    log,
    plot,
    presets,
    replay,
    resume,
    runs,
    train,
    verify,
)
from gan_tui.cli.eval import evaluate
from gan_tui.cli.output import say

app = typer.Typer(
    name="gan-tui",
    help="Train image-to-image GANs in a process that outlives the connection; watch and steer them from the terminal.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("train")(train.train)
app.command("attach")(attach.attach)
app.command("resume")(resume.resume)
app.command("runs")(runs.runs)
app.add_typer(ctl.app, name="ctl")
app.command("access")(access.access)
app.command("checkpoints")(checkpoints.checkpoints)
app.command("compare")(compare.compare)
app.add_typer(data.app, name="data")
app.command("delete")(delete.delete)
app.command("log")(log.log)
app.command("plot")(plot.plot)
app.command("replay")(replay.replay)
app.command("verify")(verify.verify)
app.command("eval")(evaluate)
app.command("keys")(keys.keys)
app.command("presets")(presets.presets)

ALLOCATIONS_BETWEEN_COLLECTIONS = 100_000
"""Of objects that may hold others. What a start makes stays: looking through it for garbage, as Python does every 700,
takes a tenth of the time to the first paint."""

_debug = False


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"gan-tui {version('gan-tui')}\n")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    global _debug  # noqa: PLW0603 - the one option that outlives its command: main() reads it after a failure
    _debug = debug


def main() -> None:
    """Run the command and exit: 0 done, 1 the work failed, 2 the request was wrong."""
    gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS)
    try:
        app()
    except GanTuiError as error:
        say(f"gan-tui: {error.one_line()}")
        if _debug:
            raise
        sys.exit(error.exit_code)
    except Exception as error:
        if _debug:
            raise
        fix = "Run it again as `gan-tui --debug ...` and report the traceback."
        say(f"gan-tui: unexpected {type(error).__name__}: {error}. {fix}")
        sys.exit(1)
