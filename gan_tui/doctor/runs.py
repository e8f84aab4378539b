"""What engines have left: runs whose engine is gone without a word, and files of theirs that cannot be read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from engine.protocol.rundir import LIVE_STATES, viewed_state
from gan_tui.client.locate import called, list_damaged, list_runs
from gan_tui.doctor.finding import Finding, note, ok, problem

SKEW_SECONDS = 5.0


def examine(folder: Path, now: float | None = None) -> Iterator[Finding]:
    """Look at the runs of a folder.

    Args:
        folder: of runs, there or not.
        now: seconds since the Unix epoch; None: by the clock.
    """
    now = time.time() if now is None else now
    runs = list_runs(folder)
    states = [(run, viewed_state(run, identity)) for run, identity in runs]
    live = [run.name for run, state in states if state in LIVE_STATES]
    yield ok("runs", f"{len(runs)}; at work: {', '.join(live) or 'none'}")
    for run, state in states:
        if state == "lost":
            fact = f"{run.name} lost its engine: it was killed, or the machine went down"
            yield note("lost", fact, f"gan-tui resume {called(run)}; gan-tui log {called(run)} may say why")
    for run, error in list_damaged(folder):
        yield problem("damaged", error.one_line(), f"gan-tui verify {called(run)}")
    newest = max((identity.state_since for _, identity in runs), default=0.0)
    if newest > now + SKEW_SECONDS:
        fact = f"behind what a run has recorded by {newest - now:.0f} s"
        yield note(
            "clock", fact, "Set it, or wait: nothing is ordered by the clock, but ages and times left are wrong."
        )
    else:
        yield ok("clock", time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(now)))
