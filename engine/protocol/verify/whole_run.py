"""Verifying all of a run directory: live, ended or crashed, in one pass and in little memory."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import TypeAlias

from engine.config.image_files import path_text
from engine.config.load import read_toml, resolve
from engine.config.methods import TrainConfig
from engine.config.trained_networks import misfits, network_settings
from engine.errors import GanTuiError, RequestError
from engine.protocol.lineage import folder_of, is_that_run
from engine.protocol.rundir import (
    LIVE_STATES,
    RUN_SCHEMA,
    Identity,
    Parent,
    Replay,
    RunDirectory,
    engine_is_alive,
    read_identity,
    viewed_state,
)
from engine.protocol.verify.findings import Findings, Verdict
from engine.protocol.verify.gaps import Gaps
from engine.protocol.verify.journal import Journal
from engine.protocol.verify.lines import LineReader
from engine.protocol.verify.numbers import Numbers, RecordFile
from engine.protocol.verify.pictures import Pictures, list_folder
from engine.protocol.verify.readings import Readings
from engine.protocol.verify.saved import SavedStates

ReportProgress: TypeAlias = Callable[[str, int, int], None]
"""Called now and then with what is being done, how many bytes of it are done, and how many there are."""

_LINES_BETWEEN_REPORTS = 10_000


def verify_run(run: RunDirectory, progress: ReportProgress = lambda what, done, total: None) -> Verdict:
    """Check everything that a run directory holds. Nothing in it is changed.

    An engine may be at work meanwhile; what it has not finished writing is no finding. It is asked for before and after
    the files are listed, so that one that begins or ends in between is allowed for too.
    """
    findings = Findings()
    alive = engine_is_alive(run)
    identity = _check_identity(run, findings)
    config = _check_config(run, findings)
    pictures = Pictures(run, findings)
    gaps = Gaps()
    with LineReader(run.metrics, growing=alive) as metrics, LineReader(run.events, growing=alive) as events:
        files = (
            RecordFile(run.metrics.name, metrics, gaps, findings),
            RecordFile(run.events.name, events, gaps, findings),
        )
        numbers = Numbers(*files, gaps, findings)
        journal = Journal(numbers, gaps, pictures, findings)
        readings = Readings(run, identity, findings)
        _read_record(run, numbers, journal, readings, files, progress)
        lost = _report_lost(files, gaps, findings, begun=identity is None or bool(identity.versions))
    numbers.report()
    if not lost:
        gaps.report(findings)
    readings.report(run.metrics.name)
    alive = alive or engine_is_alive(run)
    told = run.events.name not in lost
    if identity is not None and not alive:
        _check_end(run, identity, journal if told else None, findings)
    saved = SavedStates(run, identity, journal, alive=alive, findings=findings)
    _check_saved(saved, inf if lost else numbers.last, progress)
    _check_networks(run, config, saved, findings)
    if told:
        saved.compare_with_journal()
        pictures.report_unnamed(alive=alive)
    _check_strangers(run, findings, alive=alive, replay=identity is None or identity.replays is not None)
    if identity is not None:
        _check_lineage(run, identity, findings, self_contained=saved.whole)
    return Verdict(
        run=run.name,
        alive=alive,
        lines=sum(file.reader.count for file in files),
        events=sum(file.events for file in files),
        last_seq=numbers.last,
        checkpoints=len(saved.folders),
        samples=pictures.count,
        bytes_hashed=saved.bytes_hashed,
        problems=findings.count("problem"),
        remarks=findings.count("remark"),
        findings=findings.listed(),
    )


# --------------------------------------------------------------------------------------------- run.json, config.toml


def _check_identity(run: RunDirectory, findings: Findings) -> Identity | None:
    """The run's identity, where it can be read."""
    fix = "Nothing else knows the run's id and parent: restore it from a backup."
    if not run.identity.is_file():
        findings.problem("run", run.identity.name, "is gone", fix)
        return None
    try:
        identity = read_identity(run)
    except GanTuiError as error:
        findings.problem("run", run.identity.name, error.fact, fix)
        return None
    if identity.schema > RUN_SCHEMA:
        fact = f"is of version {identity.schema} of the format, and this gan-tui reads {RUN_SCHEMA}"
        findings.problem("run", run.identity.name, fact, "Update gan-tui.")
    return identity


def _check_config(run: RunDirectory, findings: Findings) -> TrainConfig | None:
    """The run's configuration, where it can be read."""
    try:
        return resolve(read_toml(run.config), run.config.name)
    except RequestError as error:
        subject = error.subject.removeprefix(str(run.config)).removeprefix(f"{run.config.name}: ")
        fact = f"{subject} {error.fact}".strip()
        findings.problem("run", run.config.name, fact, "The run cannot be resumed before it is mended.")
        return None


def _check_networks(run: RunDirectory, config: TrainConfig | None, saved: SavedStates, findings: Findings) -> None:
    """Hold the configuration against what checkpoints say they were trained with; once for each key."""
    if config is None:
        return
    fix = "Put it back: weights fit only the networks that they were trained in."
    told: set[str] = set()
    for path, manifest in saved.manifests.items():
        for misfit in misfits(manifest.networks, network_settings(config)):
            if misfit.key not in told:
                told.add(misfit.key)
                trained = f"checkpoint {path.name} was trained with {misfit.trained}"
                findings.problem("run", run.config.name, f"{misfit.key} is {misfit.configured}, and {trained}", fix)


def _check_end(run: RunDirectory, identity: Identity, journal: Journal | None, findings: Findings) -> None:
    if viewed_state(run, identity) == "lost":
        fact = f"says {identity.state}, and no engine is at work: it ended without a word"
        findings.remark("run", run.identity.name, fact, f"Go on: gan-tui resume {run.name}")
    if journal is not None and identity.state not in LIVE_STATES:
        journal.check_end(identity)


# -------------------------------------------------------------------------------------------------------- the record


def _read_record(
    run: RunDirectory,
    numbers: Numbers,
    journal: Journal,
    readings: Readings,
    files: tuple[RecordFile, ...],
    progress: ReportProgress,
) -> None:
    total = sum(path.stat().st_size for path in (run.metrics, run.events) if path.is_file())
    for count, (file, line) in enumerate(numbers.lines()):
        journal.hear(file, line)
        readings.hear(line)
        if count % _LINES_BETWEEN_REPORTS == 0:
            progress("reading the record", sum(each.reader.bytes_read for each in files), total)


def _report_lost(files: tuple[RecordFile, ...], gaps: Gaps, findings: Findings, *, begun: bool) -> set[str]:
    """Tell of files that could not be read, and how much they held; returns their names.

    The numbers that the other file lacks are theirs. Before an engine first took the run up there are none.
    """
    begun = begun or any(not file.reader.missing for file in files)
    lost = {file.name for file in files if file.reader.failure or (file.reader.missing and begun)}
    held = f", and with it at least {gaps.size:,} lines" if gaps.size else ""
    for file in files:
        if file.reader.failure:
            findings.problem("lines", file.name, f"cannot be read ({file.reader.failure})")
        elif file.name in lost:
            findings.problem("lines", file.name, f"is gone{held}", "Checkpoints are not concerned: resume goes on.")
    return lost


# -------------------------------------------------------------------------------------------------------- the files


def _check_saved(saved: SavedStates, last_seq: float, progress: ReportProgress) -> None:
    total, done = saved.read_manifests(last_seq), 0

    def advance(size: int) -> None:
        nonlocal done
        done += size
        progress("hashing checkpoints", done, total)

    progress("hashing checkpoints", 0, total)
    saved.check_files(advance)


def _check_strangers(run: RunDirectory, findings: Findings, *, alive: bool, replay: bool) -> None:
    """Tell of whatever lies in the run directory and is no part of a run, or of one that may be a replay."""
    known = {
        run.config, run.identity, run.metrics, run.events, run.samples, run.checkpoints, run.log, run.lock,
        run.door, run.keys, run.tensorboard, run.remarks,
        *((run.nudges,) if replay else ()),
    }  # fmt: skip
    for path in list_folder(run.root):
        subject = path_text(path.relative_to(run.root))
        if path in known:
            if path in (run.samples, run.checkpoints) and not path.is_dir():
                findings.problem("files", subject, "is no folder", "Move it away: an engine writes below that name.")
        elif path.name.startswith(".") and path.name.endswith(".part"):
            if not alive:
                fact = "is a draft of a file that was never completed"
                findings.remark("files", subject, fact, "Delete it: whoever wrote it was killed in mid-write.")
        else:
            findings.remark("files", subject, "belongs to nothing here", "Delete it, if it is not yours.")


# ------------------------------------------------------------------------------------------------------------ lineage


def _check_lineage(run: RunDirectory, identity: Identity, findings: Findings, *, self_contained: bool) -> None:
    """Look for the runs that this one says it comes from."""
    if identity.parent is not None:
        fact = _fact_of_origin(run, "parent", identity.parent)
        if fact and self_contained:
            fix = "Nothing to do: this run has checkpoints of its own; only the parent's curves cannot be shown."
            findings.remark("lineage", "run.json", fact, fix)
        elif fact:
            findings.problem("lineage", "run.json", fact, "It has no checkpoint of its own to go on from: train anew.")
    if identity.replays is not None:
        fact = _fact_of_origin(run, "original", identity.replays)
        if fact:
            findings.remark("lineage", "run.json", fact, "Nothing to do: only a comparison with it is not possible.")


def _fact_of_origin(run: RunDirectory, role: str, origin: Parent | Replay) -> str:
    """Why a run that this one names cannot be found, as a clause; empty when it is there."""
    try:
        if is_that_run(folder_of(origin, beside=run), origin):
            return ""
        found = read_identity(RunDirectory(Path(origin.run)))
    except (GanTuiError, ValueError):
        return f"names its {role} {origin.run}, which is gone or cannot be read"
    return f"names its {role} {origin.run} with the id {origin.id}, and the run there is another, {found.id}"
