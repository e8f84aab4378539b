"""What the record of a run says of it in a list: read from the ends of its files, so that a long run costs no more."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from engine.errors import GanTuiError
from engine.protocol.checkpoints import list_folders, read_manifest
from engine.protocol.codec import DecodeError
from engine.protocol.course import recorded_step
from engine.protocol.events import Announced, Metrics
from engine.protocol.measured import evaluations_of, figures_so_far
from engine.protocol.record import newest_journaled, newest_on_file
from engine.protocol.remarks import read_remarks
from engine.protocol.rundir import Identity, RunDirectory
from gan_tui.client.locate import list_damaged, list_runs
from gan_tui.client.remote import standings_of
from gan_tui.state.run_list import RowState, RunRow


def read_rows(folder: Path) -> list[RunRow]:
    """Every run of a folder, newest first, and then those whose run.json cannot be read."""
    readable = list_runs(folder)
    standings = standings_of(readable)
    rows = [read_row(run, identity, state) for (run, identity), state in zip(readable, standings, strict=True)]
    return rows + [damaged_row(run, why) for run, why in list_damaged(folder)]


def read_row(run: RunDirectory, identity: Identity, state: RowState) -> RunRow:
    """What is said of a run that says what it is.

    Args:
        run: which.
        identity: its run.json.
        state: how it stands.
    """
    return with_record(row_of(run, identity, state), run)


def row_of(run: RunDirectory, identity: Identity, state: RowState) -> RunRow:
    """The same as far as run.json and the user's remarks tell."""
    parent, original, remarks = identity.parent, identity.replays, read_remarks(run)
    return RunRow(
        id=identity.id,
        name=run.name,
        path=str(run.root),
        method=identity.method,
        preset=identity.preset,
        state=state,
        reason=identity.reason,
        step=0,
        epoch=1,
        created=identity.created,
        active=identity.state_since,
        device=identity.device,
        parent=Path(parent.run).name if parent else None,
        parent_id=(parent.id or None) if parent else None,
        parent_path=parent.run if parent else None,
        parent_step=parent.step if parent else None,
        replays=Path(original.run).name if original else None,
        losses={},
        starred=remarks.starred,
        note=remarks.note,
    )


def with_record(row: RunRow, run: RunDirectory) -> RunRow:
    """A row with how far the run has come; what cannot be read is left as it is."""
    try:
        events = newest_on_file(run)
        step = recorded_step(run, events)
        announced = newest_journaled(run, Announced)
        evaluated = figures_so_far(evaluations_of(run))
    except OSError:
        return row
    newest = next((event for event in events if isinstance(event, Metrics)), None)
    return replace(
        row,
        step=step,
        total_steps=announced.total_steps if announced else None,
        epoch=max(newest.epoch if newest else 1, _newest_epoch(run)),
        active=max((event.time for event in events), default=row.active),
        losses=newest.losses if newest else {},
        evaluated=evaluated,
    )


def _newest_epoch(run: RunDirectory) -> int:
    """That of the newest checkpoint, which may have been saved after the newest line of metrics; else 1."""
    for folder, _ in list_folders(run, "checkpoint")[-1:]:
        try:
            return read_manifest(folder).epoch
        except (OSError, DecodeError):
            break
    return 1


def damaged_row(run: RunDirectory, why: GanTuiError) -> RunRow:
    """What the record still says of a run that does not say itself what it is."""
    unknown = Identity(id="", name=run.name, method="", preset="", created=0.0)
    return replace(read_row(run, unknown, "damaged"), reason=why.one_line())
