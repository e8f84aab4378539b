"""Which run goes on from a checkpoint."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from engine.config.load import read_toml, resolve
from engine.errors import RequestError, WorkError
from engine.protocol import events as ev
from engine.protocol.checkpoints import MANIFEST
from engine.protocol.rundir import Parent, Replay, RunDirectory, create_run, read_identity, write_identity
from engine.protocol.verify import verify_run
from gan_tui.client.branch import ResumePlan, ResumeRequest, begin, plan_resume
from tests.engine.train.here import train_here
from tests.gan_tui.client.resumable import cut, flip_a_bit, folder_of, rewrite
from tests.runs import events_of, make_run, metrics_of

PLAIN = ResumeRequest()


def step_of(plan: ResumePlan) -> int:
    assert plan.checkpoint is not None
    return plan.checkpoint.manifest.step


@pytest.mark.parametrize("chosen", ["latest", "12"])
def test_the_newest_goes_on_in_place(horse: RunDirectory, chosen: str) -> None:
    plan = plan_resume(horse, chosen, PLAIN)
    assert (step_of(plan), plan.branch, plan.passed_over, plan.rescue) == (12, "", (), None)
    assert begin(plan) == horse
    assert [path.name for path in horse.root.parent.iterdir()] == ["horse"]


@pytest.mark.parametrize(
    ("chosen", "request_", "step", "name"),
    [
        ("6", PLAIN, 6, "horse-from-6"),
        ("latest", ResumeRequest(branch=True), 12, "horse-from-12"),
        ("latest", ResumeRequest(settings=("loss.cycle_a=2",)), 12, "horse-from-12"),
        ("latest", ResumeRequest(name="zebra"), 12, "zebra"),
    ],
)
def test_a_branch(horse: RunDirectory, chosen: str, request_: ResumeRequest, step: int, name: str) -> None:
    rewrite(horse, step, seq=17)
    plan = plan_resume(horse, chosen, request_)
    assert (step_of(plan), plan.branch, plan.passed_over) == (step, name, ())
    branch = begin(plan)
    assert branch.root == horse.root.parent / name
    identity = read_identity(branch)
    assert identity.parent == Parent(run=str(horse.root), id=read_identity(horse).id, step=step, seq=17)
    assert (identity.method, identity.preset) == ("cyclegan", "tiny")


def test_a_branch_begins_with_the_controls_of_its_checkpoint_and_what_is_asked(horse: RunDirectory) -> None:
    rewrite(horse, 6, controls={"loss.cycle_a": 3.0, "loss.cycle_b": 4.0, "log.every": 2.0})
    branch = begin(plan_resume(horse, "6", ResumeRequest(settings=("loss.cycle_b=5", "run.steps=30"))))
    config = resolve(read_toml(branch.config), "branch")
    assert (config.loss.cycle_a, config.loss.cycle_b, config.log.every, config.run.steps) == (3.0, 5.0, 2, 30)


def test_a_branch_asked_for_other_images_says_so(horse: RunDirectory) -> None:
    branch = begin(plan_resume(horse, "6", ResumeRequest(settings=("data.images=6", "run.steps=7"))))
    train_here(branch)
    [alert] = [alert for alert in events_of(branch, ev.Alert) if alert.subject == "the training images"]
    assert alert.fact.endswith("added, removed or renamed, or this branch was asked for others")


def test_a_branch_in_another_folder(horse: RunDirectory, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "runs"
    branch = begin(plan_resume(horse, "latest", ResumeRequest(branch=True, folder=elsewhere)))
    assert branch.root == elsewhere / "horse-from-12"
    in_place = plan_resume(horse, "latest", ResumeRequest(folder=elsewhere))
    assert (in_place.branch, in_place.folder) == ("", horse.root.parent), "a folder alone asks for no branch"


def test_names_of_branches_are_numbered(horse: RunDirectory) -> None:
    names = [begin(plan_resume(horse, "6", PLAIN)).name for _ in range(3)]
    assert names == ["horse-from-6", "horse-from-6-2", "horse-from-6-3"]


@pytest.mark.parametrize("damage", [cut, flip_a_bit])
def test_the_newest_whole_one_goes_on_in_place(horse: RunDirectory, damage: object) -> None:
    assert callable(damage)
    damage(horse, 12)
    damage(horse, 9)
    for chosen in ("latest", "6"):
        plan = plan_resume(horse, chosen, PLAIN)
        assert (step_of(plan), plan.branch) == (6, "")
        assert set(plan.passed_over) == {folder_of(horse, 9), folder_of(horse, 12)}
    assert plan_resume(horse, "3", PLAIN).branch == "horse-from-3"
    assert plan_resume(horse, "3", PLAIN).passed_over == ()


def test_a_branch_of_the_newest_whole_one_passes_over_as_well(horse: RunDirectory) -> None:
    flip_a_bit(horse, 12)
    plan = plan_resume(horse, "latest", ResumeRequest(branch=True))
    assert (step_of(plan), plan.branch, plan.passed_over) == (9, "horse-from-9", (folder_of(horse, 12),))


def test_a_damaged_one_by_its_step_comes_with_the_newest_whole_one(horse: RunDirectory) -> None:
    flip_a_bit(horse, 12)
    flip_a_bit(horse, 6)
    for chosen in ("12", "6"):
        plan = plan_resume(horse, chosen, PLAIN)
        assert plan.checkpoint is not None
        assert "damaged file G_A" in plan.checkpoint.damage
        assert plan.rescue is not None
        assert plan.rescue.manifest.step == 9


def test_where_all_are_damaged_there_is_no_rescue(horse: RunDirectory) -> None:
    for step in (3, 6, 9, 12):
        flip_a_bit(horse, step)
    plan = plan_resume(horse, "latest", PLAIN)
    assert plan.checkpoint is not None
    assert plan.checkpoint.damage
    assert plan.rescue is None


def test_the_best_branches_unless_it_is_the_newest(horse: RunDirectory) -> None:
    for step, objective in ((3, 4.0), (6, 1.0), (9, 3.0), (12, 2.0)):
        rewrite(horse, step, objective=objective)
    plan = plan_resume(horse, "best", PLAIN)
    assert (step_of(plan), plan.branch) == (6, "horse-from-6")
    flip_a_bit(horse, 6)
    plan = plan_resume(horse, "best", PLAIN)
    assert (step_of(plan), plan.branch) == (12, "")


def test_all_are_read_when_asked_to_be_thorough(horse: RunDirectory) -> None:
    flip_a_bit(horse, 3)
    hasty, thorough = (plan_resume(horse, "latest", PLAIN, thorough=how) for how in (False, True))
    assert [kept.manifest.step for kept in hasty.inventory.checkpoints if kept.damage] == []
    assert [kept.manifest.step for kept in thorough.inventory.checkpoints if kept.damage] == [3]


# --------------------------------------------------------------------------------------------- runs without their own


def test_a_run_without_checkpoints_begins_anew(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    plan = plan_resume(run, "latest", PLAIN)
    assert (plan.checkpoint, plan.branch, plan.step) == (None, "", 0)
    assert begin(plan) == run
    with pytest.raises(RequestError, match="has no checkpoint"):
        plan_resume(run, "latest", ResumeRequest(branch=True))


def test_a_branch_begins_though_its_parent_is_gone(horse: RunDirectory) -> None:
    """It has its own copy of the checkpoint from the moment it is made."""
    rewrite(horse, 6, controls={"loss.cycle_a": 3.0})
    branch = begin(plan_resume(horse, "6", ResumeRequest(settings=("loss.cycle_a=5", "run.steps=8"))))
    shutil.rmtree(horse.root)
    plan = plan_resume(branch, "latest", PLAIN)
    assert (step_of(plan), plan.branch, plan.own) == (6, "", False)
    assert plan.standing.loss.cycle_a == 5.0, "what the branch was made with, and not what its parent had"
    train_here(branch)
    assert [(line.step, line.weights["cycle_a"]) for line in metrics_of(branch)] == [(7, 5.0), (8, 5.0)]


def test_a_branch_that_cannot_have_its_checkpoint_is_not_made(horse: RunDirectory) -> None:
    """As when the parent's engine deletes it meanwhile, to make room."""
    plan = plan_resume(horse, "6", PLAIN)
    shutil.rmtree(folder_of(horse, 6))
    with pytest.raises(WorkError, match=r"checkpoint 6 of run horse: cannot be copied into .*horse-from-6 \(No such"):
        begin(plan)
    assert [path.name for path in horse.root.parent.iterdir()] == ["horse"]


@pytest.fixture
def bare(horse: RunDirectory) -> RunDirectory:
    """A branch of step 6 without its copy, as a power cut leaves it between making the run and copying."""
    branch = begin(plan_resume(horse, "6", ResumeRequest(branch=True)))
    shutil.rmtree(branch.checkpoints)
    return branch


def test_a_branch_without_its_copy_begins_at_its_parents_checkpoint(horse: RunDirectory, bare: RunDirectory) -> None:
    plan = plan_resume(bare, "latest", PLAIN)
    assert (step_of(plan), plan.branch, plan.own) == (6, "", False)
    folder_of(horse, 6).rename(horse.root / "gone")
    with pytest.raises(WorkError, match="is gone"):
        plan_resume(bare, "latest", PLAIN)


def test_a_branch_whose_copy_says_nothing_any_more_is_given_another(horse: RunDirectory) -> None:
    branch = begin(plan_resume(horse, "6", ResumeRequest(settings=("run.steps=7",))))
    (folder_of(branch, 6) / MANIFEST).unlink()
    assert plan_resume(branch, "latest", PLAIN).step == 6
    train_here(branch)
    assert [line.step for line in metrics_of(branch)] == [7]
    [alert] = events_of(branch, ev.Alert)
    assert (alert.subject, alert.fix) == ("checkpoint step-00000006", "It is not deleted.")
    assert alert.fact.startswith("has no readable manifest.json")
    found = [(finding.severity, finding.subject) for finding in verify_run(branch).findings]
    assert found == [("remark", "checkpoints/abandoned-1-step-00000006")]


def test_a_branch_without_its_copy_is_refused_another_course_of_its_parent(
    horse: RunDirectory, bare: RunDirectory
) -> None:
    """The parent has trained up to that step again: it is the same step, and another state."""
    rewrite(horse, 6, seq=99)
    with pytest.raises(WorkError, match="is gone"):
        plan_resume(bare, "latest", PLAIN)


def test_a_replay_of_a_branch_begins_though_the_parent_is_gone(horse: RunDirectory) -> None:
    """The branch has kept a copy of the checkpoint that both begin at."""
    branch = begin(plan_resume(horse, "6", ResumeRequest(branch=True)))
    identity = read_identity(branch)
    replay = create_run(
        branch.root.parent, name="replay", method=identity.method, preset=identity.preset,
        config_toml=branch.config.read_text(), parent=identity.parent,
        replays=Replay(run=str(branch.root), id=identity.id, last_step=8),
    )  # fmt: skip
    shutil.rmtree(horse.root)
    plan = plan_resume(replay, "latest", PLAIN)
    assert plan.checkpoint is not None
    assert (plan.checkpoint.folder, plan.own) == (folder_of(branch, 6), False)


def test_the_checkpoint_that_a_branch_took_over_is_its_parents_still(horse: RunDirectory) -> None:
    """A branch of it stands on none of the branch's own record, and begins with the branch's settings."""
    rewrite(horse, 12, seq=40)
    write_identity(horse, msgspec.structs.replace(read_identity(horse), id="another"))
    plan = plan_resume(horse, "latest", ResumeRequest(name="twig"))
    assert not plan.own
    parent = read_identity(begin(plan)).parent
    assert parent is not None
    assert (parent.id, parent.step, parent.seq) == ("another", 12, 0)


def test_a_branch_knows_in_how_many_processes_its_beginning_was_trained(horse: RunDirectory) -> None:
    """Its engine tells of another number, and takes as many threads where it is the same."""
    write_identity(horse, msgspec.structs.replace(read_identity(horse), ranks=4, threads=3))
    branch = read_identity(begin(plan_resume(horse, "6", ResumeRequest(branch=True))))
    assert (branch.ranks, branch.threads) == (4, 3)


def test_what_cannot_be_planned(horse: RunDirectory) -> None:
    with pytest.raises(RequestError, match=r"^--set loss.cycle: is not a preset key. Did you mean loss.cycle_b\?"):
        plan_resume(horse, "latest", ResumeRequest(settings=("loss.cycle=1",)))
    with pytest.raises(RequestError, match="checkpoint 7 of run horse: does not exist"):
        plan_resume(horse, "7", PLAIN)
    with pytest.raises(RequestError, match=r"^--set run.batch = 0: expected a whole number"):
        plan_resume(horse, "latest", ResumeRequest(settings=("run.batch=0",)))
    config = horse.config.read_text()
    horse.config.write_text(config.replace("batch = 1", "batch = 0"))
    with pytest.raises(RequestError, match=r"config.toml: run.batch = 0: expected a whole number"):
        plan_resume(horse, "latest", ResumeRequest(settings=("loss.cycle_a=2",)))
    horse.config.unlink()
    with pytest.raises(RequestError, match=r"config.toml: cannot be read"):
        plan_resume(horse, "latest", PLAIN)
