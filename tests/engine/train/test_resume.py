"""Stop-and-resume gives the run there would have been: every figure and every bit of the final state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from engine.config.methods import CONFIGS
from engine.errors import RequestError, WorkError
from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.commands import SetControls, Stop, Undo
from engine.protocol.rundir import Parent, RunDirectory
from engine.train.loop import Ending
from tests.engine.train.here import after_step, differences, last_state, train_here
from tests.runs import call_imported, course_of, events_of, make_images, make_run, metrics_of

STEPS = 13
SETTINGS = (f"run.steps={STEPS}", "run.deterministic=true", "sample.every=4", "checkpoint.every=8", "checkpoint.keep=9")


@dataclass(frozen=True)
class Trial:
    """How a method is tried: with all that it has to keep beyond networks and optimizers, and nudged."""

    settings: tuple[str, ...]
    raised: str
    """A weight that is changed before the first step."""
    dropped: str
    """A weight that is 0 for a while."""
    gone: str
    """The component that is 0 with it."""
    stops: tuple[int, ...]
    """The steps after which it is stopped: of the five of an epoch, of the nudges at 6 and 9, and of its own stages."""

    @property
    def nudges(self) -> tuple[SetControls, ...]:
        """At once, at the first step of an epoch's second half, and in the next epoch."""
        return (
            SetControls(values={f"loss.{self.raised}": 0.75}),
            SetControls(values={"optim.lr_g": 7e-5, f"loss.{self.dropped}": 0.0}, at_step=6),
            SetControls(values={f"loss.{self.dropped}": 0.25}, at_step=9),
        )


AVERAGES = ("optim.ema=0.9", "loss.historical=0.1")
PENALTY = ("loss.gan=wgan-gp", "discriminator.norm=instance")
DROPOUT_IN_UNET = ("generator.dropout=true", "generator.downs=6", "data.resize=72", "data.crop=64")
"""Of six halvings one level has dropout, of fewer none."""
TRIALS = {
    "cyclegan": Trial(("generator.dropout=true",), "cycle_a", "identity", "idt_A", (1, 5, 6, 12)),
    "pix2pix": Trial(
        (*DROPOUT_IN_UNET, "optim.pool=2", *AVERAGES, *PENALTY), "l1", "adversarial", "G_GAN", (1, 6)
    ),
    "discogan": Trial((*AVERAGES, "loss.tv=0.01"), "rate", "adversarial", "G_A", (5, 8)),  # its rate changes after 8
    "dtn": Trial(("optim.ema=0.9", "loss.tv=0.01"), "const", "tid", "tid", (4, 12)),  # f is trained until 4
    "aegan": Trial(
        ("generator.variational=true", "discriminator.spectral=true", "optim.pool=2", *AVERAGES, *PENALTY),
        "recon_a", "cycle_b", "cycle_B", (1, 8),
    ),
}  # fmt: skip
NUDGES = TRIALS["cyclegan"].nudges
GPU_TOLERANCE = 0.01
"""The relative difference of losses that a GPU's order of sums may make in some ten steps; other dropout makes more."""

with_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA")


@pytest.fixture(scope="module", params=list(CONFIGS))
def kind(request: pytest.FixtureRequest) -> str:
    """Each method in turn, those to come too."""
    return str(request.param)


@pytest.fixture(scope="module", params=["cpu", pytest.param("cuda", marks=with_cuda)])
def settings(request: pytest.FixtureRequest, kind: str) -> tuple[str, ...]:
    """On the CPU, and on a GPU where there is one."""
    return (*SETTINGS, *TRIALS[kind].settings, f"run.device={request.param}")


@pytest.fixture(scope="module")
def uninterrupted(kind: str, settings: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    run = make_run(tmp_path_factory.mktemp("runs"), *settings, kind=kind)
    assert train_here(run, *TRIALS[kind].nudges) is Ending.FINISHED
    return run


def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(
    kind: str, settings: tuple[str, ...], uninterrupted: RunDirectory, tmp_path: Path
) -> None:
    for step in TRIALS[kind].stops:
        run = make_run(tmp_path, *settings, kind=kind, name=f"stopped-after-{step}")
        assert train_here(run, *TRIALS[kind].nudges, script=after_step(step, Stop())) is Ending.STOPPED
        assert course_of(run).keys() == set(range(1, step + 1))
        assert train_here(run) is Ending.FINISHED
        [resumed] = events_of(run, ev.Resumed)
        assert resumed.from_step == step
        assert course_of(run) == course_of(uninterrupted)
        assert differences(last_state(run), last_state(uninterrupted)) == [], run.name


@with_cuda
@pytest.mark.parametrize("step", [1, 6])
def test_on_a_gpu_that_may_sum_in_any_order_a_resumed_run_is_nearly_the_uninterrupted_one(
    kind: str, step: int, tmp_path: Path
) -> None:
    free = (*SETTINGS, *TRIALS[kind].settings, "run.device=cuda", "run.deterministic=false")
    whole, halves = (
        make_run(tmp_path, *free, name="whole", kind=kind),
        make_run(tmp_path, *free, name="halves", kind=kind),
    )
    train_here(whole, *TRIALS[kind].nudges)
    train_here(halves, *TRIALS[kind].nudges, script=after_step(step, Stop()))
    train_here(halves)
    assert list(course_of(halves)) == list(course_of(whole))
    for line, expected in zip(course_of(halves).values(), course_of(whole).values(), strict=True):
        assert line.pop("losses") == pytest.approx(expected.pop("losses"), rel=GPU_TOLERANCE)
        assert line == expected


def test_the_nudges_changed_the_course(
    kind: str, settings: tuple[str, ...], uninterrupted: RunDirectory, tmp_path: Path
) -> None:
    trial = TRIALS[kind]
    plain = make_run(tmp_path, *settings, "run.steps=6", kind=kind)
    train_here(plain)
    course = course_of(uninterrupted)
    assert course_of(plain)[6]["losses"] != course[6]["losses"]
    assert course[1]["weights"][trial.raised] == 0.75
    assert [course[step]["weights"][trial.dropped] for step in (7, 9, 10)] == [0.0, 0.0, 0.25]
    before, after = course[6]["lr"], course[7]["lr"]
    assert after == {**before, "G": 7e-5}
    assert course[6]["losses"][trial.gone] != 0
    assert course[7]["losses"][trial.gone] == 0
    assert course[10]["losses"][trial.gone] != 0


def test_a_line_of_metrics_that_a_stop_falls_into_is_what_it_would_have_been(tmp_path: Path) -> None:
    """Each line is the mean of three steps; the stop comes after the fourth."""
    settings = ("run.steps=12", "log.every=3")
    mark = SetControls(values={"sample.every": 500_000.0}, at_step=4)
    whole, halves = make_run(tmp_path, *settings, name="whole"), make_run(tmp_path, *settings, name="halves")
    train_here(whole, mark)
    train_here(halves, mark, script=lambda event: [Stop()] if isinstance(event, ev.Nudged) else [])
    assert events_of(halves, ev.Stopped)[0].step == 4
    train_here(halves)
    assert list(course_of(halves)) == [3, 6, 9, 12]
    assert course_of(halves) == course_of(whole)


def test_a_resumed_run_of_networks_so_wide_that_other_convolutions_are_faster_is_the_uninterrupted_one(
    tmp_path: Path,
) -> None:
    """128 channels and two images of 16x16 pixels in the residual blocks, 32 channels in the last layer."""
    settings = ("generator.width=32", "data.resize=64", "data.crop=64", "run.steps=3")
    whole, halves = make_run(tmp_path, *settings, name="whole"), make_run(tmp_path, *settings, name="halves")
    direct = make_run(tmp_path, *settings, "run.convolution=direct", name="direct")
    train_here(whole)
    train_here(halves, script=after_step(2, Stop()))
    train_here(halves)
    assert course_of(halves) == course_of(whole)
    assert differences(last_state(halves), last_state(whole)) == []
    train_here(direct)
    assert differences(last_state(direct), last_state(whole)), "the same convolutions were used in both"


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("cyclegan", ("run.precision=bf16",)),
        ("cyclegan", ("run.channels_last=on",)),
        ("cyclegan", ("run.checkpointing=true", "generator.dropout=true")),
        ("cyclegan", ("run.batch=3", "run.accumulate=2")),
        ("dtn", ("run.precision=bf16",)),
        ("pix2pix", ("run.channels_last=on", *DROPOUT_IN_UNET)),
    ],
    ids=["bf16", "channels last", "checkpointing", "accumulate", "dtn-bf16", "pix2pix-channels last"],
)
def test_in_every_mode_a_resumed_run_is_the_uninterrupted_one(kind: str, mode: tuple[str, ...], tmp_path: Path) -> None:
    settings = ("run.steps=6", "optim.ema=0.9", *mode)
    whole = make_run(tmp_path, *settings, name="whole", kind=kind)
    halves = make_run(tmp_path, *settings, name="halves", kind=kind)
    train_here(whole)
    assert train_here(halves, script=after_step(4, Stop())) is Ending.STOPPED
    train_here(halves)
    assert [event.from_step for event in events_of(halves, ev.Resumed)] == [4]
    assert list(course_of(whole)) == [1, 2, 3, 4, 5, 6]
    assert course_of(halves) == course_of(whole)
    assert differences(last_state(halves), last_state(whole)) == []


@pytest.mark.parametrize("workers", [0, 2])
def test_images_from_folders_come_in_the_same_order_after_a_resume(tmp_path: Path, workers: int) -> None:
    root = make_images(tmp_path / "data", each=4)
    settings = ("run.batch=3", "run.steps=5", f"data.workers={workers}")
    whole = make_run(tmp_path, *settings, root=root, name="whole")
    halves = make_run(tmp_path, *settings, root=root, name="halves")
    train_here(whole)
    train_here(halves, script=after_step(3, Stop()))
    train_here(halves)
    assert [line["images"] for line in course_of(halves).values()] == [3, 4, 7, 8, 11]
    assert course_of(halves) == course_of(whole)
    assert differences(last_state(halves), last_state(whole)) == []


def test_a_plateau_is_remembered(tmp_path: Path) -> None:
    settings = ("optim.schedule=plateau", "optim.patience=0", "optim.lr_g=0.5", "run.steps=24")
    whole, halves = make_run(tmp_path, *settings, name="whole"), make_run(tmp_path, *settings, name="halves")
    train_here(whole)
    train_here(halves, script=after_step(14, Stop()))
    train_here(halves)
    course = course_of(whole)
    assert course[24]["lr"]["G"] < 0.5, "the rate is to fall in this test"
    assert course_of(halves) == course


def test_an_undo_after_a_resume_restores_what_was_before_the_nudge(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=8")
    train_here(run, SetControls(values={"loss.cycle_b": 3.0}), script=after_step(3, Stop()))
    train_here(run, Undo())
    first, undo = events_of(run, ev.Nudged)
    assert undo.undoes == first.seq
    assert undo.changes == (ev.Change(name="loss.cycle_b", old=3.0, new=10.0),)
    assert course_of(run)[3]["weights"]["cycle_b"] == 3.0
    assert course_of(run)[4]["weights"]["cycle_b"] == 10.0


def test_steps_after_the_checkpoint_are_done_anew_and_their_old_lines_kept(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=9", "checkpoint.every=4")
    train_here(run, script=after_step(6, Stop(how="discard")))
    before = run.metrics.read_bytes()
    train_here(run)
    assert run.metrics.read_bytes().startswith(before)
    assert events_of(run, ev.Resumed)[0].from_step == 4
    assert [line.step for line in events_of(run, ev.Metrics)] == [1, 2, 3, 4, 5, 6, 5, 6, 7, 8, 9]


def test_a_run_without_a_checkpoint_begins_anew_and_says_so(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=3")
    train_here(run, script=after_step(2, Stop(how="discard")))
    train_here(run)
    [resumed] = events_of(run, ev.Resumed)
    assert (resumed.from_step, resumed.checkpoint) == (0, "")
    assert list(course_of(run)) == [1, 2, 3]


def test_a_damaged_checkpoint_is_named_and_the_one_before_taken(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=9", "checkpoint.every=2")
    train_here(run, script=after_step(5, Stop(how="discard")))
    weights = run.checkpoints / "step-00000004" / "G_A.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    train_here(run)
    [alert] = events_of(run, ev.Alert)
    assert alert.subject == "checkpoint step-00000004"
    assert "truncated file G_A.safetensors" in alert.fact
    assert events_of(run, ev.Resumed)[0].from_step == 2
    assert (run.checkpoints / "abandoned-1-step-00000004").is_dir(), "the damaged one is set aside, not overwritten"
    assert [manifest.step for _, manifest in list_checkpoints(run)] == [2, 4, 6, 8, 9]


def test_a_run_whose_checkpoints_are_all_damaged_is_not_begun_anew(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.steps=9")
    train_here(run, script=after_step(2, Stop()))
    (run.checkpoints / "step-00000002" / "training.pt").unlink()
    with pytest.raises(WorkError, match="no undamaged checkpoint") as caught:
        train_here(run)
    assert caught.value.fix == "Train it anew: gan-tui train tiny"


@pytest.mark.parametrize(
    ("key", "trained", "edited"), [("width", "4", "8"), ("dropout", "false", "true")], ids=["width", "dropout"]
)
def test_networks_that_were_edited_in_the_configuration_are_refused_by_their_key(
    tmp_path: Path, key: str, trained: str, edited: str
) -> None:
    """The weights would fit without dropout as they do with it."""
    run = make_run(tmp_path, "run.steps=9", f"generator.{key}={trained}")
    train_here(run, script=after_step(2, Stop()))
    config = run.config.read_text()
    run.config.write_text(config.replace(f"{key} = {trained}", f"{key} = {edited}", 1))
    with pytest.raises(RequestError) as caught:
        train_here(run)
    words = f"is {edited}, and the checkpoint's weights were trained with {trained}"
    assert (caught.value.subject, caught.value.fact.lower()) == (f"generator.{key}", words)
    assert caught.value.fix == f"Put it back in {run.config}, or train it anew: gan-tui train tiny"
    call_imported(run)
    with pytest.raises(RequestError, match="or import it again: gan-tui import"):
        train_here(run)
    run.config.write_text(config)
    train_here(run)
    assert metrics_of(run)[-1].step == 9


# -------------------------------------------------------------------------------------------------------- branches


def files_of(run: RunDirectory) -> dict[str, bytes]:
    return {str(path.relative_to(run.root)): path.read_bytes() for path in run.root.rglob("*") if path.is_file()}


def test_a_branch_goes_on_from_its_parents_checkpoint_and_leaves_the_parent_as_it_was(
    kind: str, settings: tuple[str, ...], uninterrupted: RunDirectory, tmp_path: Path
) -> None:
    trial, before = TRIALS[kind], files_of(uninterrupted)
    as_it_stood = (f"loss.{trial.raised}=0.75", "optim.lr_g=7e-5", f"loss.{trial.dropped}=0")
    origin = Parent(run=str(uninterrupted.root), step=8)
    branch = make_run(tmp_path, *settings, *as_it_stood, name="branch", parent=origin, kind=kind)
    train_here(branch)
    assert events_of(branch, ev.Nudged)[0].step == 9, "the staged change comes along; nothing else was changed"
    expected = {step: line for step, line in course_of(uninterrupted).items() if step > 8}
    assert course_of(branch) == expected
    assert files_of(uninterrupted) == before


def test_a_branch_may_take_up_techniques_and_leave_others(tmp_path: Path) -> None:
    parent = make_run(tmp_path, "run.steps=5", "log.every=3", "loss.tv=0.01", name="parent")
    train_here(parent)
    taken_up = ("optim.ema=0.5", "loss.historical=0.1", "loss.feature_matching=1.0", "loss.gan=wgan-gp")
    origin = Parent(run=str(parent.root), step=5)
    branch = make_run(tmp_path, "run.steps=9", "log.every=3", *taken_up, name="branch", parent=origin)
    train_here(branch)
    lines = course_of(branch)
    assert list(lines) == [6, 9]
    for line in lines.values():
        assert {"hist_G", "fm_A", "gp_B"} <= line["losses"].keys()
        assert "tv_A" not in line["losses"]
        assert line["losses"]["gp_B"] > 0
    saved = [folder for folder, manifest in list_checkpoints(branch) if manifest.step == 9]
    assert (saved[0] / "G_A_ema.safetensors").is_file()


def test_a_branch_with_another_weight_trains_with_it(tmp_path: Path) -> None:
    parent = make_run(tmp_path, "run.steps=4", name="parent")
    train_here(parent)
    branch = make_run(
        tmp_path, "run.steps=6", "loss.cycle_a=3", name="branch", parent=Parent(run=str(parent.root), step=4)
    )
    train_here(branch)
    [nudge] = events_of(branch, ev.Nudged)
    assert nudge.changes == (ev.Change(name="loss.cycle_a", old=10.0, new=3.0),)
    assert nudge.step == 4
    assert [line["weights"]["cycle_a"] for line in course_of(branch).values()] == [3.0, 3.0]
    assert events_of(branch, ev.Announced)[0].values["loss.cycle_a"] == 3.0


def test_a_branch_with_nothing_left_to_train_is_refused(tmp_path: Path) -> None:
    """With larger batches its epochs are over before it begins, which nobody knows who has not counted the images."""
    settings = ("run.steps=0", "optim.epochs=1", "optim.decay_epochs=0", "data.images=6")
    parent = make_run(tmp_path, *settings, name="parent")
    train_here(parent)
    assert [manifest.step for _, manifest in list_checkpoints(parent)] == [6]
    origin = Parent(run=str(parent.root), step=6)
    branch = make_run(tmp_path, *settings, "run.batch=3", name="branch", parent=origin)
    with pytest.raises(RequestError, match="begins at step 6 and would end at step 6, of 2 to an epoch"):
        train_here(branch)


def test_a_branch_whose_parent_is_gone_says_so(tmp_path: Path) -> None:
    branch = make_run(tmp_path, parent=Parent(run=str(tmp_path / "gone"), step=4))
    with pytest.raises(WorkError, match="is gone"):
        train_here(branch)


def test_a_branch_whose_parents_checkpoint_is_damaged_names_it_and_takes_nothing(tmp_path: Path) -> None:
    parent = make_run(tmp_path, "run.steps=4", name="parent")
    train_here(parent)
    [(folder, _)] = list_checkpoints(parent)
    (folder / "G_A.safetensors").write_bytes(b"")
    branch = make_run(tmp_path, "run.steps=6", name="branch", parent=Parent(run=str(parent.root), step=4))
    with pytest.raises(WorkError, match="G_A") as refused:
        train_here(branch)
    assert refused.value.subject == str(folder)
    assert list_checkpoints(branch) == []
