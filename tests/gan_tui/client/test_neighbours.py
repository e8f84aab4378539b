"""The runs that a run can be looked at beside: its family first, and never itself."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.protocol.rundir import Parent, RunDirectory
from gan_tui.client.neighbours import neighbours_of
from tests.runs import make_run


def told(run: RunDirectory) -> list[tuple[str, str]]:
    return [(each.run.name, each.relation) for each in neighbours_of(run)]


def test_the_parent_comes_first_then_branches_then_the_others(tmp_path: Path) -> None:
    far = make_run(tmp_path / "elsewhere", name="root")
    here = tmp_path / "runs"
    run = make_run(here, name="run", parent=Parent(run=str(far.root), step=4000))
    make_run(here, name="branch", parent=Parent(run=str(run.root), step=6000))
    make_run(here, name="other")
    assert told(run) == [("root", "parent, up to step 4,000"), ("branch", "branch, from step 6,000"), ("other", "")]
    assert told(far) == [], "of other folders nobody knows"
    shutil.rmtree(far.root)
    assert told(run) == [("branch", "branch, from step 6,000"), ("other", "")]


def test_a_run_that_does_not_say_what_it_is_has_neighbours(tmp_path: Path) -> None:
    run = make_run(tmp_path, name="run")
    make_run(tmp_path, name="other")
    run.identity.write_text("{", encoding="utf-8")
    assert told(run) == [("other", "")]
