"""Making a replay's run directory, and what is refused before there is one."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from engine.config.load import read_toml, resolve
from engine.config.sentinels import SentinelConfig
from engine.errors import RequestError, WorkError
from engine.protocol import events as ev
from engine.protocol.codec import encode
from engine.protocol.course import read_nudges
from engine.protocol.rundir import Parent, Replay, RunDirectory, read_identity
from gan_tui.client.replay import has_repeated, make_replay, step_to_compare
from tests.runs import make_images, make_run


def line(seq: int, step: int) -> ev.Metrics:
    return ev.Metrics(
        seq=seq, step=step, time=0.0, epoch=1, images=1, losses={}, lr={}, weights={}, throughput=1.0, data_wait=0.0
    )


def nudged(seq: int, step: int, value: float) -> ev.Nudged:
    changes = (ev.Change(name="loss.cycle_a", old=0.0, new=value),)
    return ev.Nudged(seq=seq, step=step, time=0.0, changes=changes, by="me", why="a look")


def write_record(run: RunDirectory) -> None:
    """Lines of steps 2 to 8, nudges of steps 0, 4 and 8."""
    for event in (
        nudged(1, 0, 1.0),
        line(2, 2),
        line(3, 4),
        nudged(4, 4, 2.0),
        line(5, 6),
        line(6, 8),
        nudged(7, 8, 3.0),
    ):
        with (run.metrics if isinstance(event, ev.Metrics) else run.events).open("ab") as file:
            file.write(encode(event) + b"\n")


@pytest.fixture
def original(tmp_path: Path) -> RunDirectory:
    run = make_run(tmp_path / "runs", "run.steps=500", "run.seed=7", parent=Parent(run="elsewhere", step=0, seq=9))
    write_record(run)
    return run


def test_a_replay_has_the_originals_beginning_and_ends_with_its_newest_line(original: RunDirectory) -> None:
    replay = make_replay(original, original.root.parent, name=None, steps=None)
    theirs, ours = read_identity(original), read_identity(replay)
    assert replay.root == original.root.with_name("tiny-replay")
    assert ours.replays == Replay(run=str(original.root), id=theirs.id, last_step=8)
    assert (ours.parent, ours.preset, ours.method) == (theirs.parent, theirs.preset, theirs.method)
    assert ours.id != theirs.id
    assert [(nudge.at_step, nudge.values["loss.cycle_a"]) for nudge in read_nudges(replay)] == [
        (0, 1.0), (4, 2.0), (8, 3.0),
    ]  # fmt: skip
    before, after = read_toml(original.config), read_toml(replay.config)
    assert before["run"].pop("steps") == 500
    assert after["run"].pop("steps") == 8
    assert before.pop("sentinel") != after.pop("sentinel")
    assert after == before


def test_a_second_replay_has_a_name_of_its_own(original: RunDirectory, tmp_path: Path) -> None:
    folder = original.root.parent
    make_replay(original, folder, name=None, steps=None)
    assert make_replay(original, folder, name=None, steps=None).name == "tiny-replay-2"
    assert make_replay(original, tmp_path / "other", name="x", steps=None).root == tmp_path / "other" / "x"
    with pytest.raises(RequestError, match="exists already"):
        make_replay(original, folder, name="tiny-replay", steps=None)


def test_a_part_of_the_course_is_repeated(original: RunDirectory) -> None:
    replay = make_replay(original, original.root.parent, name=None, steps=5)
    replays = read_identity(replay).replays
    assert replays is not None
    assert replays.last_step == 5
    assert [nudge.at_step for nudge in read_nudges(replay)] == [0, 4]
    assert resolve(read_toml(replay.config), "").run.steps == 5


@pytest.mark.parametrize("steps", [-1, 0, 1, 9])
def test_steps_without_a_line_to_compare_are_refused(original: RunDirectory, steps: int) -> None:
    with pytest.raises(RequestError, match="from step 2 to 8"):
        make_replay(original, original.root.parent, name=None, steps=steps)
    assert [path.name for path in original.root.parent.iterdir()] == ["tiny"]


def test_a_run_that_has_recorded_no_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no line of metrics"):
        make_replay(make_run(tmp_path), tmp_path, name=None, steps=None)


def test_data_that_are_gone_are_told_before_a_run_is_made(tmp_path: Path) -> None:
    images = make_images(tmp_path / "data")
    run = make_run(tmp_path / "runs", root=images)
    write_record(run)
    images.rename(tmp_path / "elsewhere")
    with pytest.raises(RequestError, match=r"data\.root"):
        make_replay(run, run.root.parent, name=None, steps=None)
    assert [path.name for path in run.root.parent.iterdir()] == ["tiny"]


def test_a_replay_whose_files_cannot_be_written_is_told(original: RunDirectory, tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.touch()
    with pytest.raises((RequestError, WorkError), match=str(target)):
        make_replay(original, target, name=None, steps=None)


@pytest.mark.parametrize("action", ["warn", "pause", "stop", "off"])
def test_no_sentinel_holds_or_ends_a_replay(tmp_path: Path, action: str) -> None:
    """What goes by the numbers may still tell; what goes by the clock would not find what the original's did."""
    actions = dict.fromkeys(SentinelConfig.__struct_fields__, action)
    if action == "off":
        actions["not_finite"] = "warn"  # it has no off
    if action == "pause":
        actions["stuck"] = "warn"  # it has no pause
    run = make_run(tmp_path, *(f"sentinel.{name}.action={each}" for name, each in actions.items()))
    write_record(run)
    config = resolve(read_toml(make_replay(run, tmp_path, name=None, steps=None).config), "").sentinel
    clock = {"starved", "stuck", "disk", "throttled"}
    of_replay = {name: getattr(config, name).action for name in SentinelConfig.__struct_fields__}
    assert of_replay == {name: "off" if name in clock or each == "off" else "warn" for name, each in actions.items()}


def test_a_replay_of_a_run_from_before_there_were_such_sentinels_is_not_held_either(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    text = run.config.read_text()
    run.config.write_text(text[: text.index("[sentinel.d_saturated]")])
    write_record(run)
    config = resolve(read_toml(make_replay(run, tmp_path, name=None, steps=None).config), "").sentinel
    assert (config.not_finite.action, config.collapse.action, config.disk.action) == ("warn", "warn", "off")


def test_how_far_a_replay_has_come(original: RunDirectory) -> None:
    replay = make_replay(original, original.root.parent, name=None, steps=6)
    assert not has_repeated(replay, 6)
    replay.metrics.write_bytes(encode(line(1, 4)) + b"\n")
    assert not has_repeated(replay, 6)
    replay.metrics.write_bytes(encode(line(1, 6)) + b"\n")
    assert has_repeated(replay, 6)


def test_up_to_which_step_two_runs_are_compared(original: RunDirectory) -> None:
    replay = make_replay(original, original.root.parent, name=None, steps=6)
    other = make_run(original.root.parent, name="other")
    assert step_to_compare(original, replay, None) == 6
    assert step_to_compare(original, replay, 4) == 4
    assert step_to_compare(original, other, None) == 8
    of_another = msgspec.structs.replace(read_identity(replay), id="x")
    original.identity.write_bytes(msgspec.json.encode(of_another))
    assert step_to_compare(original, replay, None) == 8, "it repeats a run that lay there before"
    with pytest.raises(RequestError, match="equal to itself"):
        step_to_compare(original, original, None)
    with pytest.raises(RequestError, match="no line of metrics"):
        step_to_compare(other, replay, None)
