"""The command line as a whole: its subcommands, its exit statuses, and how errors are told."""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from engine.errors import GanTuiError, WorkError
from gan_tui.cli import (
    access,
    attach,
    checkpoints,
    compare,
    completion,
    ctl,
    data,
    delete,
    doctor,
    export,
    import_weights,
    init,
    keys,
    log,
    plot,
    presets,
    replay,
    resume,
    runs,
    train,
    translate,
    verify,
)
from gan_tui.cli.eval import evaluate
from gan_tui.cli.manual import Manual, ManualGroup
from gan_tui.cli.output import data_not_taken, say

app = typer.Typer(
    name="gan-tui",
    cls=ManualGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
COMMANDS: dict[str, dict[str, Callable[..., None] | typer.Typer]] = {
    "Train and watch": {"train": train.train, "attach": attach.attach, "resume": resume.resume, "ctl": ctl.app},
    "Runs": {
        "runs": runs.runs,
        "log": log.log,
        "checkpoints": checkpoints.checkpoints,
        "verify": verify.verify,
        "replay": replay.replay,
        "access": access.access,
        "delete": delete.delete,
    },
    "Results": {
        "translate": translate.translate,
        "eval": evaluate,
        "compare": compare.compare,
        "plot": plot.plot,
        "export": export.export,
        "import": import_weights.import_weights,
    },
    "Data and presets": {"data": data.app, "init": init.init, "presets": presets.presets},
    "This machine": {"doctor": doctor.doctor, "keys": keys.keys},
}
"""Commands, and groups of them, by the heading under which `gan-tui --help` lists them."""
for _heading, _commands in COMMANDS.items():
    for _name, _command in _commands.items():
        if isinstance(_command, typer.Typer):
            app.add_typer(_command, name=_name, rich_help_panel=_heading)
        else:
            app.command(_name, cls=Manual, rich_help_panel=_heading)(_command)

ALLOCATIONS_BETWEEN_COLLECTIONS = 100_000
"""Of objects that may hold others. What a start makes stays: looking through it for garbage, as Python does every 700,
takes a tenth of the time to the first paint."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a disk says that has no room, for this user or at all, or for so large a file."""

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
    """Train image-to-image GANs over SSH; watch and steer them in the terminal.

    `gan-tui train PRESET` starts an engine, a process that outlives the connection, and opens a dashboard on it.
    Closing the terminal leaves the training alone; `gan-tui attach` comes back to it. All that is known of a run lies
    in its directory, runs/NAME, so that every command works on running, ended and crashed runs alike.

    Where a command takes RUN, it is a run's name, the beginning of one that no other run has, or a path.

    Examples:
        gan-tui train quickstart                  # needs no data
        gan-tui train horse2zebra --data ~/datasets/horse2zebra
        gan-tui attach                            # come back
        gan-tui ctl quickstart set loss.cycle_a 5 --why "colours are stuck"
        gan-tui resume quickstart --checkpoint latest

    Exit status:
        0  done
        1  the work failed
        2  the request was wrong, and nothing was started
        Data goes to stdout, everything else to stderr.

    Environment:
        GAN_TUI_RUNS_DIR  folder of runs, where --runs-dir does not say it
        GAN_TUI_CONFIG    the file of keys and looks, see gan-tui keys --help
        GAN_TUI_THEME, GAN_TUI_ASCII, GAN_TUI_IMAGES, GAN_TUI_MOUSE, GAN_TUI_NOTIFY
                          as the options --theme and so on
        NO_COLOR          set to anything: no colours
        XDG_RUNTIME_DIR   where sockets lie; by default /run/user/UID
        OMP_NUM_THREADS   CPU threads that an engine computes with
        GAN_TUI_DATA_MIRROR
                          mirrors of data fetch

    Files:
        runs/NAME/        a run: config.toml, run.json, metrics.jsonl,
                          events.jsonl, samples/, checkpoints/, engine.log
        ~/.config/gan-tui/config.toml
                          keys and looks
    """
    global _debug  # noqa: PLW0603 - the one option that outlives its command: main() reads it after a failure
    _debug = debug


def _complete() -> NoReturn:
    """Write what the shell's word can be; whatever goes wrong, nothing is written into the user's line."""
    try:
        with completion.of_split_words():
            app()
    except Exception:  # noqa: BLE001 - the process's edge
        sys.exit(1)
    raise AssertionError("Typer exits")


def _open_what_is_closed() -> None:
    """Put the null device where a standard stream is closed, as for daemons.

    Else the next file that is opened would take its place, and Python has None for it.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number, inheritable=True)
                os.close(descriptor)
            os.set_inheritable(number, True)
            setattr(sys, name, open(number, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - open as long as the process


def _stands_nowhere() -> bool:
    """Whether the working directory was deleted, so that no relative path means anything."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def main() -> None:
    """Run the command and exit: 0 done, 1 the work failed, 2 the request was wrong."""
    _open_what_is_closed()
    gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS)
    if completion.is_asked():
        _complete()
    try:
        _run()
    except SystemExit:
        _require_data_written()
        raise


def _require_data_written() -> None:
    """End with status 1 where standard output does not take all data, as where it goes to a full disk."""
    if error := data_not_taken():
        _tell_full(error)


def _tell_full(error: OSError) -> NoReturn:
    say(f"gan-tui: the disk: takes no more ({error.strerror}). Make room, and run it again.")
    sys.exit(WorkError.exit_code)


def _run() -> None:
    """Run the command and exit; what it raises is told."""
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
        if _stands_nowhere():
            say("gan-tui: the working directory: is gone. Change to one that is there, such as with cd.")
            sys.exit(2)
        if isinstance(error, OSError) and error.errno in FULL:
            data_not_taken()  # those that wait are given up, so that it is told once
            _tell_full(error)
        fix = "Run it again as `gan-tui --debug ...` and report the traceback."
        say(f"gan-tui: unexpected {type(error).__name__}: {error}. {fix}")
        sys.exit(1)
