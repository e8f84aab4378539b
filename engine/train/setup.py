"""From a run directory to a session: reading data, building networks, taking up a checkpoint."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path

import torch

from engine.checkpoint import set_aside_after, sweep
from engine.config.controls import controls_of
from engine.config.methods import DtnConfig, Pix2PixConfig, TrainConfig
from engine.config.ranks import largest_share
from engine.config.techniques import needs_whole_batches
from engine.data.build import build_source, with_cache
from engine.data.free_memory import free_memory
from engine.device import (
    choose_device,
    describe,
    make_current,
    set_determinism,
    set_precision,
    set_threads,
    uuids_of,
)
from engine.errors import RequestError, WorkError
from engine.link import Link
from engine.machine.readings import Readings
from engine.machine.watch import MachineWatch
from engine.memory import find_shortage
from engine.methods.arrangement import arrange
from engine.methods.build import build_method
from engine.networks.synced_batch_norm import synchronise
from engine.phases import enter_phase, heed_stop
from engine.protocol import events as ev
from engine.protocol.adoption import adopt_checkpoint
from engine.protocol.checkpoints import Manifest, damage_of, kind_of, list_checkpoints, unreadable_checkpoints
from engine.protocol.course import was_announced
from engine.protocol.imported import how_to_begin_anew
from engine.protocol.lineage import origin_checkpoint
from engine.protocol.lost_checkpoints import require_those_on_record
from engine.protocol.rundir import Identity, Parent, RunDirectory
from engine.protocol.trained_f import foreign_source, holds_trained_f
from engine.ranks.followers import Followers
from engine.ranks.group import join, open_store
from engine.ranks.messages import Join
from engine.record import Record, Standing
from engine.schedules import build_schedule
from engine.sentinels.posts import training_sentries
from engine.train.cadence import Cadence
from engine.train.evaluating import build_evaluator, know_the_best
from engine.train.handover import packed_state
from engine.train.lead import lead_over
from engine.train.machine_watch import post_machine_sentinels
from engine.train.meters import Meters
from engine.train.panel import ControlPanel
from engine.train.progress import Progress
from engine.train.replay import prepare_replay
from engine.train.reporting import announce, refresh_report
from engine.train.saving import restore
from engine.train.session import Session
from engine.transfers import sender_from

log = logging.getLogger(__name__)


def open_session(
    run: RunDirectory,
    config: TrainConfig,
    record: Record,
    standing: Standing,
    link: Link,
    followers: Followers | None = None,
) -> Session:
    """Make everything ready for the first step, or for the one after the checkpoint that the run goes on from.

    Other ranks, where there are any, make themselves ready meanwhile and are at the same place when this returns.

    Raises:
        RequestError: the device or the data are not what the preset says.
        WorkError: no checkpoint of the run can be used.
    """

    def phase(name: str, detail: str = "") -> None:
        enter_phase(record, link, name, detail)

    if followers is None:
        followers = Followers()
    followers.begin(run.config.read_text(encoding="utf-8"), str(run.config))
    device = choose_device(config.run, followers.seat)
    computes_on = describe(device, config.run, followers.seat.size)
    make_current(device)
    before, ranks_before = standing.identity.threads, standing.identity.ranks
    if ranks_before != followers.seat.size:
        before = 0  # of so many ranks each had its part of the cores
    set_threads(before)
    standing.update(device=computes_on, ranks=followers.seat.size, threads=torch.get_num_threads())
    set_precision(config.run, device)
    set_determinism(config.run)
    torch.manual_seed(config.run.seed)

    phase("reading data")
    source = build_source(
        config.data,
        config.run.seed,
        aligned=isinstance(config, Pix2PixConfig),
        whole_batches=needs_whole_batches(config),
        between=partial(heed_stop, link),
    )
    images = source.validation(config.sample.count, partial(heed_stop, link))
    per_epoch = source.batches_per_epoch(config.run.batch)
    whole = per_epoch * config.optim.total_epochs

    phase("building networks", computes_on)
    method = build_method(config, device)
    if followers:
        synchronise(method.networks.values())
    source, kept = with_cache(source, config.data, device, followers.seat.local_size)
    if kept:
        phase("keeping images", kept)
    session = Session(
        run=run,
        config=config,
        record=record,
        standing=standing,
        link=link,
        device=device,
        method=method,
        source=source,
        schedule=build_schedule(config.optim),
        panel=ControlPanel(controls_of(config)),
        progress=Progress(),
        meters=Meters((*method.components, *method.beliefs), device),
        to_host=sender_from(device),
        lead=lead_over(device),
        machine=MachineWatch(Readings(run.root, uuids_of(device, followers.seat))),
        shown=images.on(device),
        followers=followers,
        total_steps=min(config.run.steps or whole, whole),
        steps_per_epoch=per_epoch,
        log_cadence=Cadence(config.log.every),
        sample_cadence=Cadence(config.sample.every),
        checkpoint_cadence=Cadence(config.checkpoint.every),
        evaluation_cadence=Cadence(config.evaluation.every or 1),
        sentries=training_sentries(config.sentinel),
    )
    post_machine_sentinels(session)
    sweep(run)
    _tell_of_idle_parts(session)
    session.report_problems(images.problems)
    session.take_effect(dict(session.panel.values))
    arrange(method, config, device, partial(_tell_of_compiling, session))
    _tell_of_shortage(session)
    if config.evaluation.every:
        phase("preparing evaluations")
        session.evaluator = build_evaluator(config, device, partial(heed_stop, link))
    _take_up_checkpoint(session)
    know_the_best(session)
    _tell_of_other_threads(session, before)
    _tell_of_other_ranks(session, ranks_before)
    _tell_of_steps_beyond(session, whole)
    _check_steps(session)
    _check_stage(session)
    prepare_replay(session)
    if followers:
        phase("waiting for ranks", f"{len(followers)} besides this one")
        _hand_over(session)
    announce(session, computes_on)
    compiling = ", in which networks are compiled: it takes minutes" if config.run.compile == "on" else ""
    phase("warming up", f"the first step{compiling}")
    session.phase = "warming up"
    refresh_report(session)
    return session


def _hand_over(session: Session) -> None:
    """Bring the other ranks to where this one is."""
    session.followers.await_built()
    host, seat = session.followers.host, session.followers.seat
    store, port = open_store(host)
    place = Join(host=host, port=port, epoch=session.progress.epoch, index=session.progress.index)
    session.followers.hand_over(place, packed_state(session.method))
    join(store, seat.shard, session.device)


def _tell_of_compiling(session: Session, fact: str) -> None:
    session.alert('run.compile = "on"', fact, "Training goes on as it would without.")


def _tell_of_shortage(session: Session) -> None:
    ranks = 1 if session.device.type == "cuda" else session.followers.seat.local_size  # which share the host's memory
    try:
        free = free_memory(session.device)
        shortage = find_shortage(session.config, session.device, free, ranks * _kept_beside(session), ranks)
    except RuntimeError as error:  # an operation that PyTorch has no shapes for, say; the estimate is but advice
        log.warning("what the steps take could not be estimated", exc_info=error)
        return
    if shortage:
        session.alert(*shortage)


def _kept_beside(session: Session) -> int:
    """Bytes that images will take, once they are read, of the memory in which the run trains."""
    cache = session.source.cache
    if cache is None:
        return 0
    places = (cache.device, session.device)  # other than CUDA devices share the host's memory
    first, second = (place if place.type == "cuda" else torch.device("cpu") for place in places)
    return cache.nbytes if first == second else 0


def _tell_of_other_threads(session: Session, before: int) -> None:
    now = session.standing.identity.threads
    if session.device.type == "cpu" and before not in (0, now):
        fact = f"are {now} now and were {before}: the numbers may differ from here on, in the last digits at first"
        session.alert("the CPU threads", fact, f"Where that matters, resume the run with OMP_NUM_THREADS={before}.")


def _tell_of_other_ranks(session: Session, before: int) -> None:
    now = session.followers.seat.size
    if now != before and session.resumed_step >= 0:
        fact = f"is {now} now and was {before}: the numbers may differ from here on, in the last digits"
        fact += " at first; what dropout and noise draw differs"
        again = f"have as many again: gan-tui resume {session.run.name} --gpus {before}"
        session.alert("the number of processes", fact, f"Where that matters, {again}")


def _tell_of_idle_parts(session: Session) -> None:
    """A preset with too many is refused; but the number of processes may be another this once, or torchrun's."""
    run, share = session.config.run, largest_share(session.config.run)
    if run.accumulate > share:
        fact = f"is of no use beyond {share}: each of {run.gpus} processes has {share} of {run.batch} images at most"
        session.alert(f"run.accumulate = {run.accumulate}", fact, "Each takes its images one by one.")


def _take_up_checkpoint(session: Session) -> None:
    """Go on from the run's newest good checkpoint, or from its parent's, or begin anew where neither is."""
    found = _newest_good(session)
    _tell_of_other_source(session, found)
    if found is None:
        if was_announced(session.run):
            session.record.write(ev.Resumed(**session.stamp(), from_step=0, checkpoint=""))
        return
    folder, manifest = found
    enter_phase(session.record, session.link, "taking up a checkpoint", f"step {manifest.step:,}")
    restore(session, folder, manifest)
    set_aside_after(session.run, manifest.step)
    own = manifest.run == session.standing.identity.id
    resumed = ev.Resumed(
        **session.stamp(),
        from_step=manifest.step,
        checkpoint=str(folder.relative_to(session.run.root)),
        from_seq=manifest.seq if own else 0,
    )
    session.record.write(resumed)
    if not own:
        _apply_settings_of_branch(session)


def _check_steps(session: Session) -> None:
    """A branch has something left to train: with other batches, only who has counted the images knows how much.

    Raises:
        RequestError: there is nothing.
    """
    step, total = session.progress.step, session.total_steps
    if session.standing.identity.parent is None or step < total or was_announced(session.run):
        return
    fact = f"begins at step {step:,} and would end at step {total:,}, of {session.steps_per_epoch:,} to an epoch"
    raise RequestError(f"branch {session.run.name}", fact, "Make it longer: optim.epochs, run.steps.")


def _tell_of_steps_beyond(session: Session, whole: int) -> None:
    """A new run that was asked for more steps than its epochs have ends with them; of a resume its viewer tells."""
    asked = session.config.run.steps
    if asked > whole and session.resumed_step < 0:
        fact = f"is more than the run's epochs have: it ends at step {whole:,}"
        fix = f"More epochs (optim.epochs), of {session.steps_per_epoch:,} steps each, make it longer."
        session.alert(f"run.steps = {asked:,}", fact, fix)


def _check_stage(session: Session) -> None:
    """What is trained before the method's own objective has to end before the run does.

    A branch, or a run that is taken up again, may be made to end in it: then it is told.

    Raises:
        RequestError: a new run would never come to its own objective, or a branch asks for less than is done already.
    """
    stage = session.method.stage
    if stage is None:
        return
    subject = f"{stage.setting} = {stage.steps:,}"
    if stage.done >= stage.steps:
        fact = f"is behind the checkpoint: {stage.name} has come to step {stage.done:,} there"
        raise RequestError(subject, fact, f"Set it to more than {stage.done:,}, or begin at an earlier checkpoint.")
    if session.progress.step + stage.steps - stage.done < session.total_steps:
        return
    fact = f"leaves nothing of the run's {session.total_steps:,} steps to train the generator in"
    fix = f"Lower it, or make the run longer: run.steps, optim.epochs, of {session.steps_per_epoch:,} steps each."
    if session.resumed_step < 0:
        raise RequestError(subject, fact, fix)
    session.alert(subject, fact, fix)


def _tell_of_other_source(session: Session, found: tuple[Path, Manifest] | None) -> None:
    """Where f is now taken from another run, say if that run's source is not this one's."""
    config = session.config
    if not isinstance(config, DtnConfig) or not config.method.f_from or (found and holds_trained_f(found[1])):
        return
    if fact := foreign_source(config):
        session.alert(f"method.f_from = {config.method.f_from}", fact, "It may see less in these images.")


def _apply_settings_of_branch(session: Session) -> None:
    """Give controls the values that a branch was made with, where its parent's checkpoint has others."""
    changes = session.panel.changes_to({control.name: control.default for control in controls_of(session.config)})
    if changes:
        stamp = session.stamp()
        session.panel.make(changes, stamp["seq"])
        session.record.write(ev.Nudged(**stamp, changes=changes, by="resume", why="set when the branch was made"))
        session.take_effect({change.name: change.new for change in changes})


def _newest_good(session: Session) -> tuple[Path, Manifest] | None:
    """The newest undamaged checkpoint of the run; a branch that has none yet is given its parent's.

    Raises:
        WorkError: there are checkpoints and all are damaged, or the parent's is gone.
    """
    identity = session.standing.identity
    unreadable = unreadable_checkpoints(session.run)
    for folder, damage in unreadable:
        _pass_over(session, folder, damage, "It is not deleted.")
    if identity.parent and not list_checkpoints(session.run):
        _adopt(session.run, identity, identity.parent)  # which sets an unreadable copy aside
    candidates = list_checkpoints(session.run)
    if not unreadable:
        present = (manifest for _, manifest in candidates)
        require_those_on_record(session.run, present, how_to_begin_anew(identity))
    for folder, manifest in reversed(candidates):
        damage = damage_of(folder, manifest)
        if not damage:
            return folder, manifest
        _pass_over(session, folder, damage, "An older one is taken up instead, if there is one.")
    if candidates or unreadable:
        way = how_to_begin_anew(identity)
        raise WorkError(f"run {session.run.name}", "has no undamaged checkpoint", way[0].upper() + way[1:])
    return None


def _pass_over(session: Session, folder: Path, damage: str, fix: str) -> None:
    """Journal that a checkpoint is damaged, so that whoever verifies the run later knows that it was found out."""
    known = kind_of(folder.name)
    step = known[1] if known else None
    subject = f"checkpoint {folder.name}"
    session.record.write(ev.Alert(**session.stamp(), subject=subject, fact=damage, fix=fix, damaged=step))


def _adopt(run: RunDirectory, identity: Identity, parent: Parent) -> None:
    """Give a branch that has no checkpoint yet its own copy of the one that it begins at.

    Raises:
        WorkError: that one is gone or damaged, or cannot be copied.
    """
    found = origin_checkpoint(run, identity)
    subject, another = (
        f"checkpoint {parent.step} of {parent.run}",
        f"Branch from another checkpoint: gan-tui resume {parent.run}",
    )
    if found is None:
        raise WorkError(subject, "is gone", another)
    folder, manifest = found
    damage = damage_of(folder, manifest)
    if damage:
        raise WorkError(str(folder), damage, another)
    try:
        adopt_checkpoint(run, folder, manifest)
    except OSError as error:
        raise WorkError(subject, f"cannot be copied into the branch ({error})", "Mend that, then resume it.") from error
