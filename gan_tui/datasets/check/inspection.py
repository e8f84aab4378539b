"""Looking through a folder of images: what it is, what is wrong with it, and which preset would train it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

from engine.config.data import FolderData, RootedData
from engine.config.data_check import check_data
from engine.config.data_root import require_root
from engine.config.digit_files import IdxFiles, idx_sizes, read_labels
from engine.config.idx_header import require_values
from engine.config.image_files import path_text
from engine.config.methods import TrainConfig
from engine.config.user_paths import at_home
from engine.errors import GanTuiError, RequestError
from engine.protocol.jobs import Tell
from gan_tui.datasets.check.file_findings import findings_of_files
from gan_tui.datasets.check.pair_findings import Looks, findings_of_pairs
from gan_tui.datasets.check.part_reports import report_of
from gan_tui.datasets.check.same_pictures import findings_of_same_pictures
from gan_tui.datasets.check.schema import FolderFinding, Inspection, PartReport, Severity, Topic
from gan_tui.datasets.check.size_findings import findings_of_numbers, findings_of_sizes
from gan_tui.datasets.folders.layouts import TRAINABLE, FolderLayout, laid_out_for, recognise
from gan_tui.datasets.folders.reading import look_at_all
from gan_tui.datasets.proposal.choice import (
    IN_WORDS,
    Choice,
    choose_preset,
    how_to_lay_out,
    suggestions,
    what_it_holds,
    with_root,
)


def inspect_folder(folder: Path, tell: Tell, preset: str = "", config: TrainConfig | None = None) -> Inspection:
    """Read every image of a folder, and say what is to be said of it.

    Args:
        folder: what may be, or hold, a set of images.
        tell: hears how many images of how many have been read.
        preset: by what name the user calls the preset that it is to be held against; empty: one is chosen.
        config: that preset.

    Raises:
        RequestError: there is no such folder, it cannot be listed, or the preset reads none.
    """
    folder = _required(folder)
    layout, findings, choice = _laid_out(folder, preset, config)
    layout, troubles = _with_sound_digits(layout)
    findings += [_trouble(error) for error in (*layout.troubles, *troubles)]
    looks = _read(layout, tell)
    parts = [report_of(part, looks[part.name]) for part in layout.parts]
    findings += _found(layout, looks, parts, choice.config if choice else None)
    if choice is not None and not any(found.severity == "problem" for found in findings):
        findings += _refused(choice.config)
    rank = {**_ranked(Severity), **_ranked(Topic)}
    findings.sort(key=lambda found: (rank[found.severity], rank[found.topic]))
    return Inspection(
        folder=path_text(folder),
        root=path_text(layout.root),
        kind=layout.kind,
        preset=choice.preset if choice else preset,
        images=sum(part.images for part in parts),
        problems=sum(found.severity == "problem" for found in findings),
        warnings=sum(found.severity == "warning" for found in findings),
        parts=tuple(parts),
        findings=tuple(findings),
        suggestions=suggestions(layout, choice),
    )


def _required(folder: Path) -> Path:
    try:
        folder = at_home(folder).resolve()
        if folder.is_dir():
            return folder
        fact = "is not a folder" if folder.exists() else "does not exist"
    except (OSError, RuntimeError) as error:  # too long a name, or a loop of links
        fact = f"cannot be looked at ({error.strerror if isinstance(error, OSError) else error})"
    raise RequestError(path_text(folder), fact, "Name a folder of images.")


def _laid_out(
    folder: Path, preset: str, config: TrainConfig | None
) -> tuple[FolderLayout, list[FolderFinding], Choice | None]:
    """The layout, by the preset or by what is there, what is wrong with it, and what it is held against."""
    if config is None:
        layout = recognise(folder)
        return layout, _of_layout(layout), choose_preset(layout)
    config = with_root(config, folder)
    assert isinstance(config.data, RootedData)
    try:
        require_root(config.data)
    except RequestError as error:
        return recognise(folder), [_problem("refused", error)], None
    found = laid_out_for(folder, config.data)
    assert found is not None
    return found, [], Choice(preset, config, "is the preset that was named")


def _of_layout(layout: FolderLayout) -> list[FolderFinding]:
    if layout.kind in TRAINABLE:
        held = [f"{path_text(Path(folder.name))} ({IN_WORDS[kind]})" for folder, kind in layout.beside]
        fact = f"beside the digits it holds {', '.join(held)}"
        fix = "Check them by themselves."
        return [FolderFinding(severity="note", topic="beside", fact=fact, fix=fix)] if held else []
    fact, fix = f"the folder {what_it_holds(layout)}", how_to_lay_out(layout)
    return [FolderFinding(severity="problem", topic="layout", fact=fact, fix=fix)]


def _with_sound_digits(layout: FolderLayout) -> tuple[FolderLayout, list[GanTuiError]]:
    """The layout without IDX files that are damaged, and what is wrong with them."""
    sound, troubles = [], []
    for part in layout.parts:
        try:
            if isinstance(part.files, IdxFiles):
                idx_sizes(part.files)
                require_values(part.files.images, 3)
                read_labels(part.files)
            sound.append(part)
        except GanTuiError as error:
            troubles.append(error)
    return replace(layout, parts=tuple(sound)), troubles


def _read(layout: FolderLayout, tell: Tell) -> Looks:
    paths = [path for part in layout.parts for path in part.paths]
    every = iter(look_at_all(paths, tell))
    return {part.name: [next(every) for _ in part.paths] for part in layout.parts}


def _found(
    layout: FolderLayout, looks: Looks, parts: list[PartReport], config: TrainConfig | None
) -> list[FolderFinding]:
    findings = [*findings_of_files(layout, looks), *findings_of_same_pictures(layout, looks)]
    findings += findings_of_numbers(layout, parts)
    if config is None:
        return findings
    if isinstance(config.data, FolderData) and layout.kind in TRAINABLE:
        findings += [*findings_of_pairs(layout, looks, config.data), *findings_of_sizes(layout, looks, config.data)]
    return findings


def _refused(config: TrainConfig) -> Iterator[FolderFinding]:
    """What `train` would refuse of the data, where nothing else has told of it."""
    try:
        check_data(config.data)
    except RequestError as error:
        yield _problem("refused", error)


def _trouble(error: GanTuiError) -> FolderFinding:
    return _problem("listing", error)


def _problem(topic: Topic, error: GanTuiError) -> FolderFinding:
    return FolderFinding(severity="problem", topic=topic, fact=f"{error.subject}: {error.fact}", fix=error.fix)


def _ranked(alias: object) -> dict[str, int]:
    return {name: rank for rank, name in enumerate(get_args(alias))}
