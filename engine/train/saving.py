"""Saving a session's whole state beside the step loop, and taking it up again."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from engine.checkpoint import Saved, Unsaved, load_checkpoint, remove_surplus, write_checkpoint
from engine.config.image_files import path_text
from engine.config.methods import TrainConfig
from engine.config.rate_curves import curve_of
from engine.config.trained_networks import misfits, network_settings
from engine.errors import RequestError, WorkError
from engine.protocol import events as ev
from engine.protocol.checkpoints import Manifest, Reading
from engine.protocol.imported import how_to_begin_anew
from engine.record import Record
from engine.retention import Retention
from engine.schedules import Schedule
from engine.snapshot import NotFiniteError, Snapshot, copy_state, has_random_state_of
from engine.train.health import recorded
from engine.train.meters import Meters
from engine.train.panel import ControlPanel, PanelState
from engine.train.progress import Progress
from engine.train.samples import Thumbnail
from engine.train.session import Session

log = logging.getLogger(__name__)

EXPECTED = (NotFiniteError, OSError)
"""What a failed save needs no traceback for."""


def save(session: Session, reason: ev.SaveReason) -> None:
    """Copy the whole state now; it is checked, hashed and written on a thread."""
    session.write_line()  # which the state then holds, among the newest
    picture = session.thumbnail.png if session.thumbnail else None
    snapshot = copy_state(session.method, _training_state(session), _manifest(session, reason), picture)
    retention = Retention(
        keep=int(session.panel.values["checkpoint.keep"]),
        keep_every=session.config.checkpoint.keep_every,
        keep_best=session.config.checkpoint.keep_best,
        best_by=session.config.checkpoint.best_by,
    )
    session.saved_step = session.progress.step
    session.saves.send(lambda: _write(session.record, snapshot, retention))


def settle_saves(session: Session) -> None:
    """Journal the checkpoints that the thread has written, and those that it could not write."""
    _settle(session, session.saves.take_done())


def finish_saves(session: Session) -> None:
    """Wait for the thread, and journal what it did."""
    _settle(session, session.saves.finish())


def restore(session: Session, folder: Path, manifest: Manifest) -> None:
    """Take up a checkpoint: everything that it holds, as it was at its step boundary.

    Raises:
        RequestError: the run is configured with other networks than the checkpoint's weights were trained in.
        WorkError: it is damaged or belongs to another kind of run.
    """
    _require_same_networks(session, manifest)
    of_parent = manifest.run != session.standing.identity.id
    training = load_checkpoint(folder, manifest, session.method)
    try:
        _take_up(session, training, of_parent=of_parent)
    except (KeyError, TypeError, ValueError, RuntimeError, msgspec.ValidationError) as error:
        fact = f"does not fit this run ({type(error).__name__}: {error})"
        fix = f"Choose another: gan-tui checkpoints {session.run.name}"
        raise WorkError(f"checkpoint {folder.name}", fact, fix) from error
    session.thumbnail = Thumbnail.of_checkpoint(folder, manifest)
    session.saved_size = sum(file.size for file in manifest.files.values())
    session.saved_step = -1 if of_parent else session.progress.step
    if manifest.data and manifest.data != session.source.fingerprint:
        fact = "are not those that the checkpoint was trained on: some were added, removed or renamed"
        fact += ", or this branch was asked for others" if of_parent else ""
        session.alert("the training images", fact, "From here on they come in another order than without that.")
    if not has_random_state_of(session.device, training["random"]):
        fact = f"holds no random state of {session.device}: it was written where that device was not to be seen"
        session.alert(f"checkpoint {folder.name}", fact, "From here on dropout draws other numbers than without that.")


def _require_same_networks(session: Session, manifest: Manifest) -> None:
    """Where config.toml was edited, weights may fit by their shapes all the same, as they do without dropout."""
    for misfit in misfits(manifest.networks, network_settings(session.config)):
        fact = f"is {misfit.configured}, and the checkpoint's weights were trained with {misfit.trained}"
        anew = how_to_begin_anew(session.standing.identity)
        raise RequestError(misfit.key, fact, f"Put it back in {path_text(session.run.config)}, or {anew}")


# -------------------------------------------------------------------------------------------------------- writing


def _write(record: Record, snapshot: Snapshot, retention: Retention) -> Saved | Unsaved:
    """On the thread: write a checkpoint, then delete those that are not kept."""
    begun = time.monotonic()
    try:
        record.sync()
        folder = write_checkpoint(record.run, snapshot)
    except Exception as error:  # noqa: BLE001 - the thread's edge: the loop tells of it, and knows which step it is
        if isinstance(error, EXPECTED):  # the frames of its traceback would keep the snapshot, of every failure anew
            error.__traceback__ = None
        return Unsaved(snapshot.manifest.step, error)
    return Saved(
        manifest=snapshot.manifest,
        path=str(folder.relative_to(record.run.root)),
        seconds=time.monotonic() - begun,
        size=sum(path.stat().st_size for path in folder.iterdir()),
        removed=_make_room(record, retention, folder),
    )


def _make_room(record: Record, retention: Retention, newest: Path) -> tuple[int, ...]:
    """Delete what no rule keeps; a checkpoint is saved whether or not that succeeds."""
    try:
        return remove_surplus(record.run, retention, newest)
    except OSError as error:
        log.warning("older checkpoints could not be deleted (%s)", error)
        return ()


def _settle(session: Session, outcomes: list[Saved | Unsaved | Exception]) -> None:
    for outcome in outcomes:
        match outcome:
            case Saved():
                _journal_saved(session, outcome)
            case Unsaved():
                _journal_unsaved(session, outcome)
            case Exception():
                raise outcome


def _journal_saved(session: Session, saved: Saved) -> None:
    checkpointed = ev.Checkpointed(
        **session.stamp(),
        saved_step=saved.manifest.step,
        path=saved.path,
        seconds=round(saved.seconds, 3),
        size=saved.size,
        reason=saved.manifest.reason,
        removed=saved.removed,
    )
    session.record.write(checkpointed)
    if saved.manifest.reason == "best":
        session.best_figure = session.figure_to_save
    if session.failed_saves:
        fact = f"of step {saved.manifest.step:,} could be written again; {session.failed_saves:,} before it could not"
        session.alert("checkpoint", fact)
    session.unsaved, session.failed_saves, session.saved_size = None, 0, saved.size
    if not session.broken:
        session.close_alert("not_finite")  # a state that is saved is finite


def _journal_unsaved(session: Session, unsaved: Unsaved) -> None:
    """Alert to the first failure and to those for another reason: a disk may stay full for days."""
    error = unsaved.error
    log.error("checkpoint failed: %s", error, exc_info=None if isinstance(error, EXPECTED) else error)
    told = session.save_failure == unsaved.reason
    session.unsaved = unsaved
    session.failed_saves += 1
    if session.saved_step == unsaved.step:
        session.saved_step = -1
    fix = "Training goes on; make room and save again."
    if isinstance(error, NotFiniteError):
        fix = ""
        if not (told and session.config.sentinel.not_finite.action == "warn"):  # a run is held each time, warned once
            session.unsavable = error.names
    if not told:
        session.alert("checkpoint", f"of step {unsaved.step:,} could not be written ({unsaved.reason})", fix)


def _manifest(session: Session, reason: ev.SaveReason) -> Manifest:
    """All that is known of a checkpoint before its files are written."""
    return Manifest(
        run=session.standing.identity.id,
        seq=session.record.last_seq,
        step=session.progress.step,
        epoch=session.epoch,
        images=session.progress.images,
        time=round(time.time(), 3),
        reason=reason,
        losses=session.losses,
        recent=tuple(session.recent),
        objective=mean_objective(session.recent, session.method.objective),
        lr=session.rates,
        factor=session.schedule.factor,
        controls=dict(session.panel.values),
        staged=session.panel.staged,
        networks=network_settings(session.config, stage_done=session.method.stage is None),
        data=session.source.fingerprint,
        files={},
    )


def mean_objective(lines: Iterable[Reading], names: Sequence[str]) -> float | None:
    """The mean of what the generators minimise over the lines that have all of it; None where none has."""
    sums = [[line.losses.get(name) for name in names] for line in lines]  # None where absent, or not finite
    finite = [sum(values) for values in sums if None not in values]  # type: ignore[arg-type]
    return float(f"{sum(finite) / len(finite):.8g}") if finite else None


# ---------------------------------------------------------------------------------------------------------- state


def _training_state(session: Session) -> dict[str, Any]:
    return training_state(
        session.config,
        progress=session.progress,
        panel=session.panel,
        schedule=session.schedule,
        meters=session.meters,
        recent=session.recent,
        looks=session.looks.read() if session.looks else {},
        figures=session.figures,
    )


def training_state(
    config: TrainConfig,
    *,
    progress: Progress,
    panel: ControlPanel,
    schedule: Schedule,
    meters: Meters,
    recent: Iterable[Reading],
    looks: Mapping[str, Any],
    figures: Mapping[str, float | None],
) -> dict[str, Any]:
    """What a checkpoint keeps beside the method's state and the random ones."""
    return {
        "progress": msgspec.to_builtins(progress),
        "panel": msgspec.to_builtins(panel.state),
        "batch": config.run.batch,
        "schedule": {"kind": config.optim.schedule, "state": schedule.state_dict()},
        "meters": meters.state_dict(),
        "recent": msgspec.to_builtins(list(recent)),
        "looks": looks,
        "figures": figures,
    }


def _take_up(session: Session, training: Mapping[str, Any], *, of_parent: bool) -> None:
    session.progress = msgspec.convert(training["progress"], Progress)
    _count_batches_anew(session, training["batch"])
    panel = msgspec.convert(training["panel"], PanelState)
    session.prepare(panel.values)
    session.panel.restore(panel, of_parent=of_parent)
    _restore_schedule(session, training["schedule"])
    session.meters.load_state_dict(training["meters"])
    session.recent.extend(msgspec.convert(training["recent"], list[Reading]))
    session.looks = recorded(training.get("looks", {}))
    session.figures = training.get("figures", {})
    cadences = (session.log_cadence, session.sample_cadence, session.checkpoint_cadence, session.evaluation_cadence)
    for cadence in cadences:
        cadence.seen = session.progress.step
    session.resumed_step = session.sampled_step = session.progress.step
    session.take_effect(dict(session.panel.values))


def _count_batches_anew(session: Session, batch: int) -> None:
    """Where a branch has another batch size, its place in the epoch is as many images on, in whole batches."""
    progress, config = session.progress, session.config
    progress.index = min(progress.index * batch // config.run.batch, session.steps_per_epoch - 1)
    epochs_left = config.optim.total_epochs - progress.epoch
    whole = progress.step + epochs_left * session.steps_per_epoch - progress.index
    session.total_steps = min(config.run.steps or whole, whole)


def _restore_schedule(session: Session, saved: Mapping[str, Any]) -> None:
    """Go on in the schedule; one of another kind, in a branch, begins at the epochs completed."""
    if saved["kind"] == session.config.optim.schedule:
        session.schedule.load_state_dict(saved["state"])
    elif curve_of(session.config.optim) is not None:
        session.schedule.load_state_dict({"done": session.progress.epoch})
