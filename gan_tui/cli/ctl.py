"""gan-tui ctl: commands to a run's engine, from scripts and by hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gan_tui.cli import completion
from gan_tui.cli.manual import Manual, ManualGroup
from gan_tui.cli.options import AsJson, RunsFolder
from gan_tui.cli.output import losses_in_words, put, put_json, say

if TYPE_CHECKING:
    from engine.protocol.access import Access
    from engine.protocol.commands import Command, Reply, Report
    from engine.protocol.events import Alert
    from engine.protocol.rundir import RunDirectory

OWN_OPTIONS = ("--runs-dir", "--timeout")
"""Those of ``ctl`` itself."""


class _Steering(ManualGroup):
    """Takes its own options wherever they stand: before RUN, before the command and behind it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Bring them to the front; behind ``--`` is text."""
        ahead: list[str] = []
        rest: list[str] = []
        words = iter(args)
        for word in words:
            if word == "--":
                rest += [word, *words]
            elif word in OWN_OPTIONS:
                ahead += [word, *islice(words, 1)]
            else:
                (ahead if word.partition("=")[0] in OWN_OPTIONS else rest).append(word)
        return super().parse_args(ctx, [*ahead, *rest])


app = typer.Typer(
    cls=_Steering,
    no_args_is_help=True,
    rich_markup_mode=None,
)


STATUS_SECONDS = 10.0
"""How long the answer to ``status`` may take, which waits for no step."""


@dataclass(frozen=True)
class _Target:
    """The run to steer and how to answer."""

    run: str
    runs_dir: Path | None
    seconds: float


@app.callback()
def ctl(
    context: typer.Context,
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="A run's name, unique beginning, or path; or an access file.",
            autocompletion=completion.runs,
        ),
    ],
    runs_dir: RunsFolder = None,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, help="How long to wait for the end of the step.")
    ] = 120.0,
) -> None:
    """Steer a run: pause, save, change its controls, stop it.

    A command takes effect at the end of the step in progress, in order, and is answered with that step; a paused run
    answers too. RUN stands before the command: gan-tui ctl RUN set --help tells of set.

    Examples:
        gan-tui ctl horse2zebra status
        gan-tui ctl horse2zebra set loss.cycle_a 5 --why "colours are stuck"
        gan-tui ctl horse2zebra undo
        gan-tui ctl horse2zebra stop --wait
        gan-tui ctl laptop.access status --json

    Exit status:
        0  done; the answer is on stdout
        1  the engine did not answer in time, or could not do it
        2  there is no such run, it has no engine, or the engine refused

    See also:
        gan-tui attach, gan-tui runs
    """
    context.obj = _Target(run, runs_dir, timeout)


def _send(context: typer.Context, command: Command, as_json: bool) -> None:
    from gan_tui.state.plain_text import printable

    reply = _ask(context.obj, command)
    if reply.holder is not None:
        say(f"{printable(reply.holder.words)} holds control of this run, and sees in the journal what was asked.")
    if as_json:
        put_json(reply.report if reply.report else {"step": reply.step, "message": reply.message})
    elif reply.report:
        show_report(reply.report)
    else:
        put(reply.message)


def _ask(target: _Target, command: Command) -> Reply:
    """The engine's answer, from this machine or another."""
    from engine.protocol.commands import Status
    from engine.protocol.rundir import RunDirectory
    from gan_tui.client.remote import ask_there
    from gan_tui.client.sender import ask

    seconds = min(target.seconds, STATUS_SECONDS) if isinstance(command, Status) else target.seconds
    found = _reached(target)
    return ask(found, command, seconds) if isinstance(found, RunDirectory) else ask_there(found, command, seconds)


def _has_ended(target: _Target, as_json: bool) -> bool:
    """Whether a run of this machine has no engine any more, and has ended as it should; then it is said."""
    from engine.protocol.course import recorded_step
    from engine.protocol.rundir import RunDirectory
    from gan_tui.client.ending import has_ended_well

    found = _reached(target)
    if not isinstance(found, RunDirectory) or not has_ended_well(found):
        return False
    message = f"{found.name} has ended already."
    if as_json:
        put_json({"step": recorded_step(found), "message": message})
    else:
        say(message)
    return True


def _await_end(target: _Target) -> None:
    """Wait until the engine has ended, on this machine or another."""
    from engine.protocol.rundir import RunDirectory
    from gan_tui.client.ending import await_end, await_end_there

    found = _reached(target)
    if isinstance(found, RunDirectory):
        await_end(found)
    else:
        await_end_there(found)


def _reached(target: _Target) -> RunDirectory | Access:
    """The run, or how to reach it where its engine is on another machine."""
    from engine.protocol.rundir import read_identity
    from gan_tui.client.locate import find_run, runs_folder
    from gan_tui.client.remote import access_beside, access_file

    if access := access_file(target.run):
        return access
    run = find_run(target.run, runs_folder(target.runs_dir))
    return access_beside(run, read_identity(run)) or run


def show_report(report: Report) -> None:
    """An engine's answer to ``status``, for people."""
    from gan_tui.state.journal import number
    from gan_tui.state.plain_text import printable
    from gan_tui.state.wording import pace

    phase = f" ({report.phase})" if report.phase else ""
    put(f"{report.run}: {report.state}{phase}")
    where = f"step {report.step:,} of {report.total_steps:,}, epoch {report.epoch} of {report.epochs}"
    put(f"{where}, {pace(report.throughput)}")
    put("lr        " + "  ".join(f"{name} {rate:.3g}" for name, rate in report.lr.items()))
    put("losses    " + losses_in_words(report.losses))
    put("controls  " + "  ".join(f"{name} {number(value)}" for name, value in report.controls.items()))
    for staged in report.staged:
        values = "  ".join(f"{name} {number(value)}" for name, value in staged.values.items())
        put(f"staged for step {staged.at_step:,}: {values}")
    for alert in report.alerts:
        put(f"alert     {alert_in_words(alert, report.controls)}")
    if report.holder is not None:
        put(f"held by   {printable(report.holder.words)}")
    if report.lines_waiting:
        put(f"disk      {report.lines_waiting:,} lines of the record wait for room")
    if report.save_failure:
        put(f"disk      the newest checkpoint could not be written: {report.save_failure}")


def alert_in_words(alert: Alert, controls: dict[str, float]) -> str:
    """An open alert, for people: what it is about, since when, and what may help."""
    from gan_tui.state.health_words import suggestion_text
    from gan_tui.state.journal import finding_text
    from gan_tui.state.plain_text import printable

    return printable(finding_text(alert, suggestion_text(alert, controls), since=f"step {alert.step:,}"))


@app.command(cls=Manual)
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Tell how the run stands; answered at once.

    Step, epoch, pace, learning rates, losses, controls, what is staged, open alerts, and who holds control. Waits for
    no step: an answer takes 10 seconds at most.

    Examples:
        gan-tui ctl horse2zebra status
        gan-tui ctl horse2zebra status --json
    """
    from engine.protocol.commands import Status

    _send(context, Status(), as_json)


@app.command(cls=Manual)
def pause(context: typer.Context, as_json: AsJson = False) -> None:
    """Hold training after the step in progress.

    The engine stays, keeps its memory, and answers every command.

    Examples:
        gan-tui ctl horse2zebra pause
    """
    from engine.protocol.commands import Pause

    _send(context, Pause(), as_json)


@app.command("continue", cls=Manual)
def continue_(context: typer.Context, as_json: AsJson = False) -> None:
    """Let a paused run go on.

    Examples:
        gan-tui ctl horse2zebra continue
    """
    from engine.protocol.commands import Continue

    _send(context, Continue(), as_json)


@app.command(cls=Manual)
def checkpoint(context: typer.Context, as_json: AsJson = False) -> None:
    """Save the state as it is at the next step boundary.

    Training stops for the copy to host memory alone; the answer does not wait for the disk.

    Examples:
        gan-tui ctl horse2zebra checkpoint
    """
    from engine.protocol.commands import SaveCheckpoint

    _send(context, SaveCheckpoint(), as_json)


@app.command(cls=Manual)
def sample(context: typer.Context, as_json: AsJson = False) -> None:
    """Write a sheet of sample translations at the next step.

    Examples:
        gan-tui ctl horse2zebra sample
    """
    from engine.protocol.commands import TakeSample

    _send(context, TakeSample(), as_json)


# A negative value is a value, not an option.
@app.command("set", cls=Manual, context_settings={"ignore_unknown_options": True})
def set_(
    context: typer.Context,
    pairs: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY VALUE [KEY VALUE]...",
            help="Controls and their new values; KEY=VALUE will do.",
            autocompletion=completion.controls,
        ),
    ],
    at_step: Annotated[
        int | None, typer.Option(metavar="STEP", help="Stage the change until so many steps are done [default: now].")
    ] = None,
    why: Annotated[str, typer.Option(metavar="TEXT", help="A reason for the journal.")] = "",
    as_json: AsJson = False,
) -> None:
    """Change controls, all at the same step boundary.

    Controls are loss weights (loss.cycle_a), base learning rates (optim.lr_g) and cadences (sample.every); status lists
    those of a run. A change is journalled, kept by checkpoints, and can be undone.

    Examples:
        gan-tui ctl horse2zebra set loss.cycle_a 5
        gan-tui ctl horse2zebra set loss.cycle_a=5 loss.cycle_b=5
        gan-tui ctl horse2zebra set optim.lr_g 1e-4 --at-step 50000
    """
    from engine.protocol.commands import SetControls

    _send(context, SetControls(values=_pairs(pairs), at_step=at_step, why=why), as_json)


def _pairs(words: list[str]) -> dict[str, float]:
    from engine.errors import RequestError

    words = [part for word in words for part in word.split("=", 1)]
    if len(words) % 2:
        raise RequestError("set", "needs a value after every key", "Try: gan-tui ctl RUN set loss.cycle_a 5")
    values = {}
    for key, text in zip(words[::2], words[1::2], strict=True):
        values[key] = _number(text)
        if not math.isfinite(values[key]):
            raise RequestError(key, f"cannot be set to {text!r}, which is no number", "Write it like 0.5 or 2e-4.")
    return values


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


@app.command(cls=Manual)
def accept(
    context: typer.Context,
    sentinel: Annotated[
        str,
        typer.Argument(
            metavar="SENTINEL",
            help="Which sentinel's; without it, the newest open one that suggests something.",
            autocompletion=completion.sentinels,
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Change controls as an open alert suggests.

    Examples:
        gan-tui ctl horse2zebra accept
        gan-tui ctl horse2zebra accept collapse
    """
    from engine.protocol.commands import SetControls, Status

    report = _ask(context.obj, Status()).report
    assert report is not None, "an engine answers status with a report"
    alert = alert_to_accept(report, sentinel)
    command = SetControls(values=alert.suggestion, why=f"sentinel {alert.sentinel}")
    _send(context, command, as_json)


def alert_to_accept(report: Report, sentinel: str) -> Alert:
    """The open alert that is meant.

    Raises:
        RequestError: there is none, it suggests nothing, or what it suggests is in force.
    """
    from engine.errors import RequestError
    from gan_tui.state.health import acceptable

    meant = [alert for alert in report.alerts if sentinel in ("", alert.sentinel)]
    if (found := acceptable(meant, report.controls)) is not None:
        return found
    subject = f"sentinel {sentinel}" if sentinel else "accept"
    if not meant:
        known = ", ".join(alert.sentinel for alert in report.alerts)
        fix = (
            f"Open: {known}."
            if known
            else f"There is nothing to accept; gan-tui ctl {report.run} status tells of alerts."
        )
        raise RequestError(subject, "finds no open alert", fix)
    look = meant[-1].fix or "Wait for what it changes to show, or see its cause (key A of the dashboard)."
    in_force = any(alert.suggestion for alert in meant)
    raise RequestError(subject, "suggests what is in force already" if in_force else "suggests no nudge", look)


@app.command(cls=Manual)
def undo(
    context: typer.Context,
    why: Annotated[str, typer.Option(metavar="TEXT", help="A reason for the journal.")] = "",
    as_json: AsJson = False,
) -> None:
    """Restore the values of before the newest nudge.

    The networks stay as they have learnt. To go back to before the nudge altogether, resume an older checkpoint.

    Examples:
        gan-tui ctl horse2zebra undo --why "did not help"
    """
    from engine.protocol.commands import Undo

    _send(context, Undo(why=why), as_json)


@app.command(cls=Manual)
def note(
    context: typer.Context,
    text: Annotated[list[str], typer.Argument(metavar="TEXT", help="The remark; several words need no quotes.")],
    as_json: AsJson = False,
) -> None:
    """Put a remark into the journal.

    Examples:
        gan-tui ctl horse2zebra note stripes at last
    """
    from engine.protocol.commands import WriteNote

    _send(context, WriteNote(text=" ".join(text)), as_json)


@app.command(cls=Manual)
def stop(
    context: typer.Context,
    after_epoch: Annotated[bool, typer.Option("--after-epoch", help="Train to the end of the epoch first.")] = False,
    discard: Annotated[
        bool, typer.Option("--discard", help="Save no checkpoint: what was learnt since the newest one is lost.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Return when the run has ended: then it can be resumed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Save a checkpoint and end the run.

    A stop that cannot save is refused, unless it is to --discard. gan-tui resume takes the run up again.

    Examples:
        gan-tui ctl horse2zebra stop
        gan-tui ctl horse2zebra stop --after-epoch --wait
    """
    from engine.errors import RequestError
    from engine.protocol.commands import Stop

    if after_epoch and discard:
        raise RequestError("stop", "can be --after-epoch or --discard, not both", "Choose one.")
    if wait and _has_ended(context.obj, as_json):
        return
    _send(context, Stop(how="epoch" if after_epoch else "discard" if discard else "save"), as_json)
    if wait:
        _await_end(context.obj)
