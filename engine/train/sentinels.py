"""What watches over a run's numbers: losses that are NaN or infinite are told, and never saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from engine.config.controls import controls_of
from engine.errors import WorkError
from engine.protocol import events as ev
from engine.protocol.checkpoints import Manifest, list_checkpoints
from engine.protocol.imported import how_to_begin_anew
from engine.snapshot import NotFiniteError
from engine.train.saving import finish_saves
from engine.train.session import Session

NAME = "not_finite"
CAUSE = "Steps that were too long, a loss weight far too high, or an overflow in a narrow precision."
LOWER = 0.5
"""The share of the present learning rates that is proposed after a NaN."""


def watch_losses(session: Session) -> None:
    """Look at the newest line of metrics: where that has become other than finite, act as ``not_finite`` says.

    Raises:
        WorkError: the run is to end.
    """
    broken = tuple(name for name, value in session.losses.items() if value is None)
    new = broken and not session.broken
    if session.broken and not broken:
        session.close_alert(NAME)
    session.broken = broken
    if not new:
        return
    before = session.recent[-2].step if len(session.recent) > 1 else max(0, session.resumed_step)
    _act(session, ", ".join(broken), f"became NaN or infinite between step {before:,} and {session.recent[-1].step:,}")


def watch_saves(session: Session) -> None:
    """Do the same when a state could not be saved because it is not finite, though no loss has shown it yet.

    Raises:
        WorkError: the run is to end.
    """
    if session.unsavable:
        subject, session.unsavable = session.unsavable, ""
        _act(session, subject, f"held values that are NaN or infinite by step {session.progress.step:,}")


def require_saved(session: Session) -> None:
    """End the run as failed where its last state is not on disk.

    Raises:
        WorkError: it is so.
    """
    watch_saves(session)
    step = session.progress.step
    if session.saved_step == step:
        return
    unsaved = session.unsaved
    reason = unsaved.reason if unsaved else "the journal says why"
    if session.failed_saves > 1:
        reason += f"; {session.failed_saves - 1:,} saves before it failed too"
    finite = unsaved is None or not isinstance(unsaved.error, NotFiniteError)
    fix = f"Make room on the disk, then: gan-tui resume {session.run.name}" if finite else _way_back(session)
    raise WorkError("the last checkpoint", f"of step {step:,} could not be written ({reason})", fix)


def _act(session: Session, subject: str, fact: str) -> None:
    match session.config.sentinel.not_finite.action:
        case "stop":
            raise WorkError(subject, fact, _way_back(session))
        case "pause":
            session.hold = f"sentinel {NAME}"
            _tell(session, subject, f"{fact}; the run is held")
        case "warn":
            _tell(session, subject, fact)
        case _ as never:
            assert_never(never)


def _tell(session: Session, subject: str, fact: str) -> None:
    fix = _way_back(session)  # first: it may journal checkpoints that were under way
    action = session.config.sentinel.not_finite.action
    session.open_alert(
        ev.Alert(**session.stamp(), subject=subject, fact=fact, fix=fix, sentinel=NAME, cause=CAUSE, action=action)
    )


def _way_back(session: Session) -> str:
    """What to do: the last finite checkpoint, which is the newest, since no other is ever written.

    Where controls were changed before it, the one from before that change is offered too: the change may be what broke
    the run, and the newest state may have it in it.
    """
    finish_saves(session)
    manifests = [manifest for _, manifest in list_checkpoints(session.run)]
    if not manifests:
        lower = _lower(session, session.panel.values)
        anew = how_to_begin_anew(session.standing.identity, lambda preset: f"gan-tui train {preset} {lower}")
        return f"No checkpoint was saved before that; {anew}"
    offer = f"The last finite checkpoint is of step {manifests[-1].step:,}: {_resume(session, manifests[-1])}"
    changed = session.panel.history[-1].seq if session.panel.history else 0
    before = [manifest for manifest in manifests if manifest.seq < changed]
    if before and before[-1] is not manifests[-1]:
        offer += f"; the last from before the newest nudge, of step {before[-1].step:,}: {_resume(session, before[-1])}"
    return offer


def _resume(session: Session, manifest: Manifest) -> str:
    return f"gan-tui resume {session.run.name} --checkpoint {manifest.step} {_lower(session, manifest.controls)}"


def _lower(session: Session, values: Mapping[str, float]) -> str:
    """Learning rates below those of a checkpoint and of the preset, as options of the command line."""
    preset = {control.name: control.default for control in controls_of(session.config)}
    bases = session.method.base_rates.values()
    return " ".join(f"--set {base}={min(values[base], preset[base]) * LOWER:g}" for base in bases)
