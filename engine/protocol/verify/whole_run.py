"""Verifying all of a run directory: live, ended or crashed, in one pass and in little memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from engine.config.image_files import path_text
from engine.config.load import read_toml, resolve
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
from engine.protocol.verify.journal import Journal
from engine.protocol.verify.lines import LineReader
from engine.protocol.verify.numbers import Numbers, RecordFile
from engine.protocol.verify.pictures import Pictures, list_folder
from engine.protocol.verify.saved import SavedStates

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called now and then with what is being done, how many bytes of it are done, and how many there are."""

_LINES_BETWEEN_REPORTS = 10_000


def verify_run(run: RunDirectory, progress: Progress = lambda what, done, total: None) -> Verdict:
    """Check everything that a run directory holds. Nothing in it is changed.

    An engine may be at work meanwhile; what it has not finished writing is no finding. It is asked for before and after
    the files are listed, so that one that begins or ends in between is allowed for too.
    """
    findings = Findings()
    alive = engine_is_alive(run)
    identity = _check_identity(run, findings)
    _check_config(run, findings)
    pictures = Pictures(run, findings)
    with LineReader(run.metrics, growing=alive) as metrics, LineReader(run.events, growing=alive) as events:
        files = (
            RecordFile(run.metrics.name, metrics, findings),
            RecordFile(run.events.name, events, findings),
        )
        numbers = Numbers(*files, findings)
        journal = Journal(numbers, pictures, findings)
        _read_record(run, numbers, journal, files, progress)
        _report_failures(files, findings, begun=identity is None or bool(identity.versions))
    numbers.report()
    alive = alive or engine_is_alive(run)
    if identity is not None and not alive:
        _check_end(run, identity, journal, findings)
    saved = SavedStates(run, identity, alive=alive, findings=findings)
    _check_saved(saved, journal, numbers.last, progress)
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


def _check_config(run: RunDirectory, findings: Findings) -> None:
    try:
        resolve(read_toml(run.config), run.config.name)
    except RequestError as error:
        subject = error.subject.removeprefix(str(run.config)).removeprefix(f"{run.config.name}: ")
        fact = f"{subject} {error.fact}".strip()
        findings.problem("run", run.config.name, fact, "The run cannot be resumed before it is mended.")


def _check_end(run: RunDirectory, identity: Identity, journal: Journal, findings: Findings) -> None:
    if viewed_state(run, identity) == "lost":
        fact = f"says {identity.state}, and no engine is at work: it ended without a word"
        findings.remark("run", run.identity.name, fact, f"Go on: gan-tui resume {run.name}")
    if identity.state not in LIVE_STATES:
        journal.check_end(identity)


# -------------------------------------------------------------------------------------------------------- the record


def _read_record(
    run: RunDirectory, numbers: Numbers, journal: Journal, files: tuple[RecordFile, ...], progress: Progress
) -> None:
    total = sum(path.stat().st_size for path in (run.metrics, run.events) if path.is_file())
    for count, (file, line) in enumerate(numbers.lines()):
        journal.hear(file, line)
        if count % _LINES_BETWEEN_REPORTS == 0:
            progress("reading the record", sum(each.reader.bytes_read for each in files), total)


def _report_failures(files: tuple[RecordFile, ...], findings: Findings, *, begun: bool) -> None:
    """Tell of files that could not be read; before an engine first took the run up there are none."""
    begun = begun or any(not file.reader.missing for file in files)
    for file in files:
        if file.reader.failure:
            findings.problem("lines", file.name, f"cannot be read ({file.reader.failure})")
        elif file.reader.missing and begun:
            findings.problem("lines", file.name, "is gone", "What it held is lost; checkpoints are not concerned.")


# -------------------------------------------------------------------------------------------------------- the files


def _check_saved(saved: SavedStates, journal: Journal, last_seq: int, progress: Progress) -> None:
    total, done = saved.read_manifests(last_seq), 0

    def advance(size: int) -> None:
        nonlocal done
        done += size
        progress("hashing checkpoints", done, total)

    progress("hashing checkpoints", 0, total)
    saved.check_files(advance)
    saved.compare_with(journal)


def _check_strangers(run: RunDirectory, findings: Findings, *, alive: bool, replay: bool) -> None:
    """Tell of whatever lies in the run directory and is no part of a run, or of one that may be a replay."""
    known = {
        run.config, run.identity, run.metrics, run.events, run.samples, run.checkpoints, run.log, run.lock,
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
