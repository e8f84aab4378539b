"""What stays in memory of checkpoints that could not be written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.errors import WorkError
from engine.train.loop import train
from tests.engine.train.here import session_of
from tests.runs import make_run


def test_a_failure_does_not_hold_on_to_the_state_that_was_to_be_saved(tmp_path: Path) -> None:
    """A traceback holds its frames, and an error that is raised again and again gathers those of every time."""
    run = make_run(tmp_path, "run.steps=3", "checkpoint.every=1")
    with session_of(run) as session:
        shutil.rmtree(run.checkpoints, ignore_errors=True)
        run.checkpoints.write_text("a file in the folder's place")
        with pytest.raises(WorkError, match="could not be written"):
            train(session)
        assert session.unsaved is not None
        assert session.unsaved.error.__traceback__ is None
