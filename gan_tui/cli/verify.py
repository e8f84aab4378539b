"""gan-tui verify: whether a run's record, checkpoints and pictures are still what was written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from engine.config.user_paths import at_home
from gan_tui.cli.options import AsJson, RunArgument, RunsFolder
from gan_tui.cli.output import put, put_json

if TYPE_CHECKING:
    from engine.protocol.rundir import RunDirectory
    from engine.protocol.verify import Verdict


def verify(run: RunArgument, runs_dir: RunsFolder = None, as_json: AsJson = False) -> None:
    """Check whether all of a run is still as it was written.

    Metrics, journal, checkpoints (by their SHA-256) and samples are read whole, also while the run trains. Nothing is
    changed. A problem is something recorded that is lost, damaged or contradictory; a remark is harmless.

    Examples:
        gan-tui verify horse2zebra
        gan-tui verify /mnt/backup/runs/horse2zebra --json

    Exit status:
        0  nothing is wrong
        1  there is a problem
        2  there is no such run

    See also:
        gan-tui checkpoints, gan-tui resume
    """
    from engine.protocol.jobs import Progress
    from engine.protocol.verify import verify_run
    from gan_tui.cli.job_progress import telling
    from gan_tui.client.locate import runs_folder

    directory = _find(run, runs_folder(runs_dir))
    with telling(lines=False) as tell:
        verdict = verify_run(
            directory, lambda what, done, total: tell(Progress(what=what, done=done, total=total, unit="bytes"))
        )
    if as_json:
        put_json(verdict)
    else:
        _tell(verdict)
    if verdict.problems:
        raise typer.Exit(1)


def _find(given: str, folder: Path) -> RunDirectory:
    """The run that is meant; here also one whose run.json is gone or damaged, if it is given in full."""
    from engine.protocol.rundir import RunDirectory
    from gan_tui.client.locate import find_run

    for path in (at_home(given), folder / given):
        run = RunDirectory(path.resolve())
        if any(part.is_file() for part in (run.identity, run.metrics, run.events)):
            return run
    return find_run(given, folder)


def _tell(verdict: Verdict) -> None:
    """Every finding on a line of its own, problems first, and what was looked at on the last."""
    for finding in verdict.findings:
        fix = f". {finding.fix}" if finding.fix else ""
        put(f"{finding.severity:8} {finding.subject}: {finding.fact}{fix}")
    put(f"{verdict.run}: {_extent(verdict)} verified: {_outcome(verdict)}")


def _extent(verdict: Verdict) -> str:
    from engine.sizes import size_text

    parts = [_counted(verdict.lines, "line") + (" so far" if verdict.alive else "")]
    if verdict.checkpoints:
        parts.append(f"{_counted(verdict.checkpoints, 'checkpoint')} ({size_text(verdict.bytes_hashed)})")
    if verdict.samples:
        parts.append(_counted(verdict.samples, "sample"))
    return ", ".join(parts)


def _outcome(verdict: Verdict) -> str:
    problems = _counted(verdict.problems, "problem") if verdict.problems else "nothing wrong"
    return problems + (f", {_counted(verdict.remarks, 'remark')}" if verdict.remarks else "")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
