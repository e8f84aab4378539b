"""Importing: a run that everything else takes like any other, made of weights, a loss log, or both."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.config.methods import TrainConfig
from engine.errors import RequestError
from engine.exchange.importing.blueprint import Blueprint, blueprint_of
from engine.exchange.importing.exported_folder import blueprint_of_export
from engine.exchange.importing.log_metrics import Beginning, Measured, Scale, course_of
from engine.exchange.importing.loss_log import LossLog, epoch_length, parse
from engine.exchange.importing.position import Position, Told, position_of
from engine.exchange.importing.run_writer import Journal, new_run
from engine.exchange.importing.sources import Sources, options_in, read_text
from engine.exchange.importing.weights import begun_anew, method_with, write_imported
from engine.methods.method import Method
from engine.protocol.exchange import Imported, ImportJob
from engine.protocol.jobs import Remark, Tell
from engine.protocol.rundir import RunDirectory, require_unused_name, unused_name
from engine.record import Record

Course = list[Measured | Beginning]


@dataclass(frozen=True, kw_only=True)
class _History:
    """What a loss log tells."""

    log: LossLog
    scale: Scale
    course: Course
    words: tuple[str, ...]

    @property
    def last(self) -> Measured:
        """Its newest line."""
        return next(item for item in reversed(self.course) if isinstance(item, Measured))


@dataclass(frozen=True, kw_only=True)
class _Contents:
    """All that goes into the run."""

    sources: Sources
    blueprint: Blueprint
    history: _History | None
    method: Method | None
    """With the weights; None where there are none."""
    position: Position | None
    """Where these stand."""
    anew: tuple[str, ...]
    """What begins anew with them."""


def import_run(job: ImportJob, sources: Sources, tell: Tell) -> Imported:
    """Make a run of files.

    Args:
        job: what is known of them.
        sources: the files.
        tell: takes what is said meanwhile.

    Raises:
        RequestError: a file cannot be taken, naming the key or the line; nothing is made.
        WorkError: the run cannot be written; nothing is left of it.
    """
    runs = Path(job.runs)
    name = job.name or unused_name(runs, sources.wanted_name)
    require_unused_name(runs, name)
    contents = _contents(job, sources, tell)
    config = contents.blueprint.config
    with new_run(runs, name, config) as run:
        lines = _write(run, contents, tell)
    return Imported(
        run=str(runs / name),
        method=str(config.method.__struct_config__.tag),
        step=contents.position.step if contents.position else None,
        networks=contents.blueprint.words,
        anew=contents.anew,
        lines=lines,
    )


def _contents(job: ImportJob, sources: Sources, tell: Tell) -> _Contents:
    """Read the files, and tell what they are. Raises RequestError."""
    log = _log_of(sources, tell)
    if sources.exported:
        blueprint = blueprint_of_export(sources.exported, job)
    else:
        blueprint = blueprint_of(job, sources, options_in(sources), log.names if log else ())
    for remark in blueprint.remarks:
        tell(Remark(text=remark))
    config, states = blueprint.config, blueprint.states
    history = _history_of(log, config, sources) if log else None
    if not states:
        return _Contents(sources=sources, blueprint=blueprint, history=history, method=None, position=None, anew=())
    method = method_with(config, states)
    scale, last = (history.scale, history.last) if history else (None, None)
    position = position_of(_told(job, blueprint), sources.epoch, config.run.batch, scale, last)
    anew = begun_anew(config, states, method)
    return _Contents(sources=sources, blueprint=blueprint, history=history, method=method, position=position, anew=anew)


def _told(job: ImportJob, blueprint: Blueprint) -> Told | None:
    """The step of the weights, where the user tells it, or the files do."""
    if job.step is not None:
        return Told(step=job.step, by="--step")
    return None if blueprint.step is None else Told(step=blueprint.step, by="the exported files")


def _log_of(sources: Sources, tell: Tell) -> LossLog | None:
    """The loss log, where there is one with a line in it. Raises RequestError: it was named and has none."""
    if sources.loss_log is None:
        return None
    log = parse(read_text(sources.loss_log))
    if log.torn:
        what = "line that is" if log.torn == 1 else "lines that are"
        tell(Remark(text=f"{sources.loss_log}: {log.torn:,} {what} no whole line of losses, left out."))
    if log.names:
        return log
    if not sources.weights:
        fact = "has no line of losses as the reference implementation writes them"
        raise RequestError(str(sources.loss_log), fact, "Name a loss_log.txt.")
    return None


def _history_of(log: LossLog, config: TrainConfig, sources: Sources) -> _History:
    assert sources.loss_log is not None, "there is a log"
    scale = Scale(length=epoch_length(log), batch=config.run.batch)
    course = list(course_of(log, scale, sources.loss_log.stat().st_mtime))
    images = scale.length.images
    how = "as its lines tell" if scale.length.certain else "the most that a line counts: there may be more"
    words = [f"An epoch has {images:,} images, {how}; a step has {config.run.batch:,}."]
    if any(isinstance(item, Beginning) for item in course):
        words.append(
            "A later session took up an epoch that an earlier one had passed: what that had from there on is void."
        )
    words.append("Each line is of one batch. Times are estimated from the headings; learning rates are not known.")
    return _History(log=log, scale=scale, course=course, words=tuple(words))


def _write(run: RunDirectory, contents: _Contents, tell: Tell) -> int:
    """Write record and checkpoint; returns the number of lines of metrics."""
    config, method, position, history = contents.blueprint.config, contents.method, contents.position, contents.history
    with Record(run) as record:
        journal = Journal(record=record, config=config)
        course: Course = history.course if history else []
        if history:
            journal.announce(history.scale, history.log.names, _parameters(method), course[0].time)
        before, after = _divided(course, position)
        for item in before:
            journal.take(item)
        for text in _said(contents):
            tell(Remark(text=text))
            journal.note(text)
        if method is not None and position is not None:
            begun, seq = time.monotonic(), journal.course[-1][0] if journal.course else record.last_seq
            recent = journal.recent
            folder = write_imported(run, config, method, position, anew=contents.anew, recent=recent, seq=seq)
            journal.saved(run, folder, time.monotonic() - begun)
        for item in after:
            journal.take(item)
        journal.close(position.step if position else 0, saved=method is not None)
    return journal.lines


def _divided(course: Course, position: Position | None) -> tuple[Course, Course]:
    """What comes before a checkpoint of that position, and what after it."""
    if position is None:
        return course, []
    last = max((number for number, item in enumerate(course) if item.step <= position.step), default=-1)
    return course[: last + 1], course[last + 1 :]


def _said(contents: _Contents) -> Iterator[str]:
    """What was made of what, for whoever imports and for the journal."""
    sources, words = contents.sources, contents.blueprint.words
    files: Sequence[Path] = [*sources.weights.values(), *filter(None, (sources.exported, sources.loss_log))]
    yield f"Imported from {', '.join(path.name for path in files)}."
    yield from (f"{name}: {text}." for name, text in words.items())
    if contents.position:
        yield contents.position.why
    if contents.anew:
        yield f"What begins anew when training goes on: {', '.join(contents.anew)}."
    if contents.history:
        yield from contents.history.words
    if not words:
        yield "Nothing but the losses is known: config.toml has the method's defaults."


def _parameters(method: Method | None) -> dict[str, int]:
    if method is None:
        return {}
    return {name: sum(value.numel() for value in network.parameters()) for name, network in method.networks.items()}
