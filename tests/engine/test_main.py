"""The engine as a process: how it starts, is steered, told to end, killed, taken up again, and how it fails."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import psutil
import pytest
import torch
import zmq
from PIL import Image

from engine.errors import RequestError
from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.checkpoints import damage_of, list_checkpoints, read_manifest
from engine.protocol.codec import decode_reply, encode
from engine.protocol.rundir import (
    RunDirectory,
    create_run,
    engine_is_alive,
    read_identity,
    viewed_state,
    write_identity,
)
from engine.train.loop import Ending
from tests.engine.train.here import train_here
from tests.runs import (
    COMPONENTS,
    Engine,
    at_work,
    course_of,
    engine_of,
    events_of,
    make_images,
    make_run,
    metrics_of,
    record_of,
    train_to_end,
)
from tests.until import PATIENCE, until

WHOLE = ("run.steps=24", "sample.every=10", "checkpoint.every=18", "checkpoint.keep=1", "checkpoint.keep_best=0")
"""Of its two saves neither can be left out because of another: the last of a run is waited for."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A run that an engine process trained from its first to its last step."""
    return train_to_end(make_run(tmp_path_factory.mktemp("runs"), *WHOLE))


# ------------------------------------------------------------------------------------------------ from start to end


def test_events_come_in_the_order_of_their_numbers_and_tell_the_whole_story(whole: RunDirectory) -> None:
    record = record_of(whole)
    assert [event.seq for event in record] == list(range(1, len(record) + 1))
    kinds = [type(event) for event in record if not isinstance(event, ev.Metrics | ev.Sampled | ev.Checkpointed)]
    phases = [event.name for event in record if isinstance(event, ev.Phase)]
    assert kinds == [
        ev.Started, ev.Phase, ev.Phase, ev.Phase, ev.Announced, ev.Phase, ev.Training, ev.Finished
    ]  # fmt: skip
    assert phases == ["importing", "reading data", "building networks", "warming up"]
    assert all(earlier.time <= later.time for earlier, later in itertools.pairwise(record))


def test_what_is_announced_is_what_the_metrics_have(whole: RunDirectory) -> None:
    [announced] = events_of(whole, ev.Announced)
    assert announced.components == COMPONENTS
    assert (announced.total_steps, announced.steps_per_epoch, announced.epochs) == (24, 5, 5)
    assert announced.parameters["G_A"] == announced.parameters["G_B"] > 0
    assert announced.values == {control.name: control.default for control in announced.controls}
    lines = metrics_of(whole)
    assert [line.step for line in lines] == list(range(1, 25))
    assert [line.images for line in lines] == list(range(1, 25))
    assert [line.epoch for line in lines] == [1 + step // 5 for step in range(24)]
    for line in lines:
        assert tuple(line.losses) == COMPONENTS
        assert all(value is not None and value > 0 for value in line.losses.values())
        weights = {"adversarial": 1.0, "cycle_a": 10.0, "cycle_b": 10.0, "identity": 0.5}
        assert line.weights == weights
        assert line.lr == {"G": 2e-4, "D": 2e-4}
        assert line.throughput > 0
        assert 0 <= line.data_wait <= 1


def test_a_finished_run_has_its_sheets_its_checkpoints_and_its_last_word(whole: RunDirectory) -> None:
    assert [(event.step, event.path) for event in events_of(whole, ev.Sampled)] == [
        (step, f"samples/step-{step:08d}.png") for step in (0, 10, 20, 24)
    ]
    for event in events_of(whole, ev.Sampled):
        with Image.open(whole.root / event.path) as picture:
            assert picture.size == (32 * len(event.rows[0]), 32 * len(event.rows))
    assert [event.saved_step for event in events_of(whole, ev.Checkpointed)] == [18, 24]
    assert [event.reason for event in events_of(whole, ev.Checkpointed)] == ["schedule", "end"]
    assert [event.removed for event in events_of(whole, ev.Checkpointed)] == [(), (18,)]
    [(folder, manifest)] = list_checkpoints(whole)
    assert (manifest.step, damage_of(folder, manifest)) == (24, "")
    identity = read_identity(whole)
    assert (identity.state, identity.exit_status, identity.pid, identity.endpoints) == ("finished", 0, None, None)
    assert identity.device == "cpu fp32"
    assert identity.versions.keys() == {"python", "gan-tui", "torch", "torchvision"}
    assert viewed_state(whole, identity) == "finished"
    assert not engine_is_alive(whole)


def test_no_line_of_the_record_holds_a_nan(whole: RunDirectory) -> None:
    def refuse(literal: str) -> float:
        raise AssertionError(literal)

    for path in (whole.metrics, whole.events):
        for line in path.read_text().splitlines():
            json.loads(line, parse_constant=refuse)


def test_a_finished_run_that_is_started_again_adds_no_step(whole: RunDirectory, tmp_path: Path) -> None:
    again = make_run(tmp_path, *WHOLE)
    for name in ("metrics.jsonl", "events.jsonl"):
        (again.root / name).write_bytes((whole.root / name).read_bytes())
    shutil.copytree(whole.checkpoints, again.checkpoints)
    assert train_here(again) is Ending.FINISHED
    assert course_of(again) == course_of(whole)
    assert len(metrics_of(again)) == 24
    assert [manifest.step for _, manifest in list_checkpoints(again)] == [24]


# --------------------------------------------------------------------------------------------------- the same seed


def test_the_seed_decides_the_metrics_and_the_weights(whole: RunDirectory, tmp_path: Path) -> None:
    """In this process as in the engine's."""
    twin, other = make_run(tmp_path, *WHOLE, name="twin"), make_run(tmp_path, *WHOLE, "run.seed=1", name="other")
    train_here(twin)
    train_here(other)
    assert course_of(twin) == course_of(whole)
    hashes = [
        {name: file.sha256 for name, file in manifest.files.items() if name.endswith(".safetensors")}
        for manifest in (read_manifest(run.checkpoints / "step-00000024") for run in (whole, twin))
    ]
    assert hashes[0] == hashes[1]
    assert all(course_of(other)[step]["losses"] != course_of(whole)[step]["losses"] for step in range(1, 25))


# ------------------------------------------------------------------------------------------------ steered at work


def had_threads(run: RunDirectory, threads: int) -> RunDirectory:
    """A run whose last engine computed with so many threads."""
    write_identity(run, msgspec.structs.replace(read_identity(run), threads=threads))
    return run


@pytest.fixture(scope="module")
def shared_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine that goes on for the length of this module's tests, of a run that had more threads than it has now."""
    with engine_of(had_threads(make_run(tmp_path_factory.mktemp("runs")), 2)) as engine:
        engine.until_listening()
        engine.until_step(1)
        yield engine


@pytest.fixture
def engine(shared_engine: Engine) -> Iterator[Engine]:
    """That engine, training; each test leaves it training."""
    with at_work(shared_engine) as engine:
        yield engine


def status(engine: Engine) -> cmd.Report:
    report = engine.ask(cmd.Status()).report
    assert report is not None
    return report


def test_it_works_in_its_own_session_without_a_terminal(engine: Engine) -> None:
    pid = engine.process.pid
    assert os.getsid(pid) == pid != os.getsid(0)
    assert psutil.Process(pid).terminal() is None
    descriptors = Path(f"/proc/{pid}/fd")
    if descriptors.is_dir():
        assert (descriptors / "0").resolve() == Path(os.devnull)
        assert (descriptors / "1").resolve() == (descriptors / "2").resolve() == engine.run.log


def test_as_it_is_not_asked_to_listen_it_has_neither_gateway_nor_keys(engine: Engine) -> None:
    assert psutil.Process(engine.process.pid).children() == []
    assert not (engine.run.root / "keys").exists()


def test_status_tells_where_it_is(engine: Engine) -> None:
    report = status(engine)
    assert (report.run, report.state, report.phase) == ("tiny", "training", "")
    assert (report.total_steps, report.epochs) == (1_000_000, 200_000)
    assert report.epoch == (report.step - 1) // 5 + 1
    assert report.losses.keys() == set(COMPONENTS)
    assert report.lr == {"G": 2e-4, "D": 2e-4}
    assert engine.identity.state == "training"
    assert viewed_state(engine.run, engine.identity) == "training"


def test_a_pause_holds_the_loop_and_not_the_answers(engine: Engine) -> None:
    paused = engine.ask(cmd.Pause())
    assert paused.message == f"paused after step {paused.step:,}"
    assert [status(engine).step for _ in range(3)] == [paused.step] * 3
    assert status(engine).state == engine.identity.state == "paused"
    assert engine.ask(cmd.Pause()).message.startswith("paused already")
    assert engine.ask(cmd.WriteNote(text="  while it sleeps ")).step == paused.step
    assert metrics_of(engine.run)[-1].step == paused.step
    going = engine.ask(cmd.Continue())
    assert going.step == paused.step
    engine.until_step(paused.step + 1)
    assert engine.ask(cmd.Continue()).message == "not paused"
    assert status(engine).state == "training"
    written = events_of(engine.run, ev.Paused, ev.Note, ev.Continued)[-3:]
    assert [(type(event), event.step) for event in written] == [
        (ev.Paused, paused.step), (ev.Note, paused.step), (ev.Continued, paused.step)
    ]  # fmt: skip
    assert written[1].text == "while it sleeps"


def test_a_change_is_in_force_from_the_step_after_its_answer_and_can_be_undone(engine: Engine) -> None:
    reply = engine.ask(cmd.SetControls(values={"loss.cycle_a": 5, "optim.lr_d": 1e-4}, why="to see"))
    assert reply.message == f"loss.cycle_a 10 -> 5, optim.lr_d 0.0002 -> 0.0001 after step {reply.step:,}"
    assert status(engine).controls["loss.cycle_a"] == 5
    assert status(engine).lr == {"G": 2e-4, "D": 1e-4}
    engine.until_step(reply.step + 1)
    lines = {line.step: line for line in metrics_of(engine.run)}
    assert lines[reply.step].weights["cycle_a"] == 10
    assert lines[reply.step + 1].weights["cycle_a"] == 5
    assert lines[reply.step + 1].lr == {"G": 2e-4, "D": 1e-4}
    undone = engine.ask(cmd.Undo())
    assert "loss.cycle_a 5 -> 10" in undone.message
    engine.until_step(undone.step + 1)
    lines = {line.step: line for line in metrics_of(engine.run)}
    assert lines[undone.step].weights["cycle_a"] == 5
    assert lines[undone.step + 1].weights["cycle_a"] == 10
    nudge, undo = events_of(engine.run, ev.Nudged)[-2:]
    assert (nudge.why, nudge.step, nudge.undoes) == ("to see", reply.step, None)
    assert (undo.step, undo.undoes) == (undone.step, nudge.seq)
    with pytest.raises(RequestError, match="finds no nudge"):
        engine.ask(cmd.Undo())
    assert engine.ask(cmd.SetControls(values={"loss.cycle_a": 10})).message == "already so"
    assert events_of(engine.run, ev.Nudged)[-1] == undo


def test_a_staged_change_waits_for_its_step(engine: Engine) -> None:
    held = engine.ask(cmd.Pause()).step
    at = held + 3
    reply = engine.ask(cmd.SetControls(values={"loss.identity": 0.75}, at_step=at))
    assert reply.message == f"staged for step {at:,}"
    assert [(change.at_step, change.values) for change in status(engine).staged] == [(at, {"loss.identity": 0.75})]
    engine.ask(cmd.Continue())
    engine.until_step(at + 1)
    lines = {line.step: line for line in metrics_of(engine.run)}
    assert [lines[step].weights["identity"] for step in (at, at + 1)] == [0.5, 0.75]
    assert status(engine).staged == ()
    assert events_of(engine.run, ev.Staged)[-1].at_step == events_of(engine.run, ev.Nudged)[-1].step == at
    engine.ask(cmd.Undo())


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (cmd.SetControls(values={"loss.cycle_c": 1}), "loss.cycle_c: is not a control of this run"),
        (cmd.SetControls(values={"loss.cycle_a": -1}), "loss.cycle_a: -1 is out of range"),
        (cmd.SetControls(values={"log.every": 1.5}), "log.every: 1.5 is not a whole number"),
        (cmd.SetControls(values={"loss.cycle_a": 3, "log.every": 0}), "log.every: 0 is out of range"),
        (cmd.SetControls(values={}), "set: names no control"),
        (cmd.SetControls(values={"loss.cycle_a": 3}, at_step=0), "step 0: is not ahead"),
        (
            cmd.SetControls(values={"loss.cycle_a": 3}, at_step=1_000_000),
            "step 1,000,000: leaves no step to train with it",
        ),
        (cmd.WriteNote(text=" \n"), "note: is empty"),
        (cmd.WriteNote(text="x" * (cmd.MAX_TEXT + 1)), "note: is too long"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(engine: Engine, command: cmd.Command, words: str) -> None:
    before = status(engine).controls
    with pytest.raises(RequestError) as caught:
        engine.ask(command)
    assert words in caught.value.one_line()
    assert caught.value.fix
    assert status(engine).controls == before
    assert status(engine).staged == ()


def test_a_checkpoint_and_a_sheet_are_made_when_asked_for(engine: Engine) -> None:
    sheets, saves = len(events_of(engine.run, ev.Sampled)), len(events_of(engine.run, ev.Checkpointed))
    step = engine.ask(cmd.Pause()).step
    assert engine.ask(cmd.SaveCheckpoint()).message == f"step {step:,} is being saved"
    engine.ask(cmd.TakeSample())
    engine.until_event(ev.Sampled, sheets + 1)
    engine.until_event(ev.Checkpointed, saves + 1)
    assert engine.ask(cmd.SaveCheckpoint()).message == f"step {step:,} is saved already"
    assert metrics_of(engine.run)[-1].step == step, "both are journaled while the loop is held"
    saved = events_of(engine.run, ev.Checkpointed)[-1]
    assert (saved.saved_step, saved.reason, saved.path) == (step, "request", f"checkpoints/step-{step:08d}")
    manifest = read_manifest(engine.run.root / saved.path)
    assert damage_of(engine.run.root / saved.path, manifest) == ""
    assert manifest.controls == status(engine).controls
    assert (engine.run.root / events_of(engine.run, ev.Sampled)[-1].path).is_file()
    engine.ask(cmd.Continue())


@pytest.mark.parametrize("control", ["log.every", "sample.every", "checkpoint.every"])
def test_the_cadences_change_live(engine: Engine, control: str) -> None:
    kind = {"log.every": ev.Metrics, "sample.every": ev.Sampled, "checkpoint.every": ev.Checkpointed}[control]
    before = status(engine).controls[control]
    engine.ask(cmd.Pause())
    first = len(events_of(engine.run, kind))
    engine.ask(cmd.SetControls(values={control: 7}))
    engine.ask(cmd.Continue())
    engine.until_event(kind, first + 2)
    engine.ask(cmd.SetControls(values={control: before}))
    new = events_of(engine.run, kind)[first : first + 2]
    steps = [event.saved_step if isinstance(event, ev.Checkpointed) else event.step for event in new]
    assert [step % 7 for step in steps] == [0, 0]
    assert steps[1] == steps[0] + 7 or control != "log.every", "the others may be left out when their time is short"


def test_hostile_messages_are_refused_or_dropped_and_the_engine_still_answers(engine: Engine) -> None:
    endpoints = engine.identity.endpoints
    assert endpoints is not None
    good = encode(cmd.Request(version=cmd.SCHEMA_VERSION, id="1", by="test", command=cmd.Status()))
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.set(zmq.LINGER, 0)
        socket.connect(endpoints.commands)
        for bad in (b"", b"{", b"\xff\xfe", b"[" * 60_000, good.replace(b'"test"', b'"\xff"'), good[:-1], good + b"x"):
            socket.send(bad)
            assert socket.poll(60_000)
            reply = decode_reply(socket.recv())
            assert reply.refusal is not None
            assert reply.refusal.fact.startswith("is malformed")
        nested = b'{"command":{"values":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b',"kind":"set"}}'
        socket.send(nested)
        assert decode_reply(socket.recv()).refusal is not None
        socket.send_multipart([good, good])
        assert decode_reply(socket.recv()).refusal is not None
        socket.send(encode(cmd.Request(version=99, id="2", by="test", command=cmd.Pause())))
        reply = decode_reply(socket.recv())
        assert reply.id == "2"
        assert reply.refusal is not None
        assert "version 99" in reply.refusal.fact
        socket.send(b" " * (cmd.MAX_MESSAGE_BYTES + 1))  # libzmq hangs up on whoever sends this
    assert status(engine).state == "training"


def test_a_second_engine_is_turned_away(engine: Engine) -> None:
    before = len(events_of(engine.run, ev.Started))
    second = subprocess.run(
        [sys.executable, "-m", "engine", str(engine.run.root)], capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert "run tiny: is being trained by another engine. Attach to it: gan-tui attach tiny" in second.stderr
    assert "Traceback" not in second.stderr
    assert len(events_of(engine.run, ev.Started)) == before
    assert status(engine).state == "training"


def test_the_end_of_a_terminal_does_not_reach_it(engine: Engine) -> None:
    step = status(engine).step
    engine.signal(signal.SIGHUP)
    engine.until_step(step + 3)
    assert engine.process.poll() is None


# -------------------------------------------------------------------------------------------------- told to end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_still_starts_ends_it_at_the_next_stage(number: signal.Signals, tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with engine_of(run) as engine:
        engine.until_listening()
        engine.signal(number)
        assert engine.ended() == 0
    [stopped] = events_of(run, ev.Stopped)
    assert (stopped.by, stopped.saved, stopped.step) == (number.name, False, 0)
    assert read_identity(run).state == "stopped"
    assert not list_checkpoints(run), "there is nothing to save yet"
    assert not events_of(run, ev.Announced)


@pytest.mark.parametrize("how", ["signal", "command"])
def test_large_drawings_are_ended_between_two_of_them(how: str, tmp_path: Path) -> None:
    """All of them would take hours."""
    run = make_run(tmp_path, "data.images=20000", "data.resize=300")
    with engine_of(run) as engine:
        engine.until(lambda: "reading data" in [phase.name for phase in events_of(run, ev.Phase)], "drawing")
        if how == "signal":
            engine.signal(signal.SIGTERM)
        else:
            assert engine.ask(cmd.Stop()).message == "stops before the first step"
        assert engine.ended() == 0
    [stopped] = events_of(run, ev.Stopped)
    assert (stopped.saved, stopped.step) == (False, 0)
    assert read_identity(run).state == "stopped"


def test_who_waits_for_a_first_step_that_does_not_come_is_told_so(tmp_path: Path) -> None:
    run = make_run(tmp_path, "data.images=20000", "data.resize=300")
    with engine_of(run) as engine, ThreadPoolExecutor() as beside:
        engine.until_listening()
        pause = beside.submit(engine.ask, cmd.Pause())
        engine.until(lambda: "reading data" in [phase.name for phase in events_of(run, ev.Phase)], "drawing")
        engine.signal(signal.SIGTERM)
        with pytest.raises(RequestError, match="ends before the first step: it was asked to stop"):
            pause.result()
        assert engine.ended() == 0


def test_stopping_at_the_end_of_the_epoch_finishes_it_even_out_of_a_pause(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with engine_of(run) as engine:
        engine.until_step(1)
        engine.ask(cmd.Pause())
        epoch = status(engine).epoch
        assert engine.ask(cmd.Stop(how="epoch")).message == f"stops after epoch {epoch:,}"
        assert engine.ended() == 0
    assert record_of(run)[-1].step % 5 == 0
    assert isinstance(record_of(run)[-1], ev.Stopped)
    assert list_checkpoints(run)[-1][1].reason == "stop"


# ------------------------------------------------------------------------------------------------------ threads


@pytest.fixture
def threads_as_before() -> Iterator[None]:
    """This process computes with as many threads afterwards."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads_as_before")
def test_a_run_that_is_taken_up_again_computes_with_the_threads_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")
    torch.set_num_threads(2)
    run = had_threads(make_run(tmp_path, "run.steps=1"), 1)
    train_here(run)
    assert read_identity(run).threads == torch.get_num_threads() == 1
    assert not events_of(run, ev.Alert)


def assert_fewer_are_told_of(run: RunDirectory, threads: int) -> None:
    now = read_identity(run).threads
    assert now < threads
    [alert] = events_of(run, ev.Alert)
    assert (alert.subject, alert.fact.split(":")[0]) == ("the CPU threads", f"are {now} now and were {threads}")


def test_where_the_user_has_set_another_number_an_alert_says_so(engine: Engine) -> None:
    """By the environment, which has 1 in every test."""
    assert_fewer_are_told_of(engine.run, 2)


@pytest.mark.usefixtures("threads_as_before")
def test_where_the_machine_has_fewer_cores_an_alert_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS")
    run = had_threads(make_run(tmp_path, "run.steps=1"), 100_000)
    train_here(run)
    assert_fewer_are_told_of(run, 100_000)


# ------------------------------------------------------------------------------------------------------- killed


def test_a_killed_run_is_lost_until_it_is_resumed_and_then_the_same_as_ever(
    whole: RunDirectory, tmp_path: Path
) -> None:
    run = make_run(tmp_path, "sample.every=10", "checkpoint.every=9")
    with engine_of(run) as engine:
        engine.until_event(ev.Checkpointed)
        engine.until_step(11)
        engine.signal(signal.SIGKILL)
        assert engine.ended() == -signal.SIGKILL
    identity = read_identity(run)
    assert identity.state == "training", "nobody was left to write another word"
    assert viewed_state(run, identity) == "lost"
    before = run.metrics.read_bytes(), run.events.read_bytes()
    newest = list_checkpoints(run)[-1][1].step
    with engine_of(run) as engine:
        engine.until(lambda: metrics_of(run)[-1].seq > record_seq(before) and metrics_of(run)[-1].step >= 24, "step 24")
        engine.signal(signal.SIGTERM)
        assert engine.ended() == 0
    assert run.metrics.read_bytes().startswith(before[0])
    assert run.events.read_bytes().startswith(before[1])
    [resumed] = events_of(run, ev.Resumed)
    assert resumed.from_step == newest >= 9
    assert [event.seq for event in record_of(run)] == list(range(1, len(record_of(run)) + 1))
    assert course_of(run, last_step=24) == course_of(whole)
    assert events_of(run, ev.Stopped)[0].by == "SIGTERM"
    assert list_checkpoints(run)[-1][1].step == events_of(run, ev.Stopped)[0].step
    assert read_identity(run).state == "stopped"


def record_seq(files: tuple[bytes, bytes]) -> int:
    """The newest number in a copy of the two files of a record."""
    return max(msgspec.json.decode(content.splitlines()[-1])["seq"] for content in files)


# ------------------------------------------------------------------------------------------------------- failing


def test_damaged_images_are_told_of_and_passed_over_and_an_emptied_folder_ends_the_run(tmp_path: Path) -> None:
    root = make_images(tmp_path / "data", each=10)
    torn = root / "trainB" / "9.png"  # beyond those that are looked at before a run starts
    torn.write_bytes(torn.read_bytes()[:-600])
    unfit = root / "testA" / "1.png"
    unfit.write_text("no image")
    run = make_run(tmp_path, "sample.count=1", "data.cache=off", root=root)
    with engine_of(run) as engine:
        engine.until_event(ev.Alert)
        engine.until_step(events_of(run, ev.Alert)[0].step + 3)
        [alert] = events_of(run, ev.Alert)
        assert alert.subject == str(torn)
        assert "truncated" in alert.fact

        engine.ask(cmd.SetControls(values={"sample.count": 2}))
        engine.until_event(ev.Alert, 2)
        assert events_of(run, ev.Alert)[1].subject == str(unfit)
        engine.until_step(status(engine).step + 1)

        for path in (root / "trainA").iterdir():
            path.unlink()
        assert engine.ended() == 1
    [failed] = events_of(run, ev.Failed)
    assert failed == record_of(run)[-1]
    identity = read_identity(run)
    assert (identity.state, identity.exit_status, identity.endpoints) == ("failed", 1, None)
    for said in (failed.reason, identity.reason):
        assert f"{root / 'trainA'}: none of its 10 images can be used" in said
        assert "\n" not in said
    assert "Traceback" in run.log.read_text()


def failing(run: RunDirectory) -> str:
    """Start an engine that must refuse the run; its reason, which run.json and the journal agree on."""
    with engine_of(run) as engine:
        assert engine.ended() == 2
    return reason_of(run)


def reason_of(run: RunDirectory) -> str:
    identity = read_identity(run)
    assert (identity.state, identity.exit_status) == ("failed", 2)
    [failed] = events_of(run, ev.Failed)
    assert identity.reason == f"{failed.reason}. {failed.fix}"
    assert "\n" not in identity.reason
    assert "Traceback" in run.log.read_text()
    return identity.reason


def test_a_device_that_is_not_there_is_a_wrong_request_and_an_engine_that_goes_takes_its_sockets_along(
    tmp_path: Path,
) -> None:
    run = make_run(tmp_path, "run.device=cuda:63")
    with engine_of(run) as engine:
        engine.until_listening()
        endpoints = engine.identity.endpoints
        assert endpoints is not None
        sockets = [Path(address.removeprefix("ipc://")) for address in msgspec.structs.astuple(endpoints)]
        until(lambda: all(path.is_socket() for path in sockets), "its sockets")
        assert engine.ended() == 2
    assert "device cuda:63: asks for" in reason_of(run)
    assert not any(path.exists() for path in sockets)


END_STUCK = (
    "import sys, threading; from pathlib import Path; from engine.__main__ import end_stuck\n"
    "from engine.errors import WorkError; from engine.protocol.rundir import RunDirectory\n"
    "from engine.record import Record, Standing\n"
    "run = RunDirectory(Path(sys.argv[1])); loss = WorkError('rank 1 of 2', 'was lost', 'Resume.')\n"
    "threading.Thread(target=end_stuck, args=(Record(run), Standing(run), loss)).start()\n"
    "threading.Event().wait()"
)


def test_an_engine_that_waits_in_vain_tells_of_it_from_another_thread_and_ends(tmp_path: Path) -> None:
    """As one does whose device waits for a rank that is lost."""
    run = make_run(tmp_path)
    done = subprocess.run([sys.executable, "-c", END_STUCK, str(run.root)], timeout=PATIENCE, check=False)
    assert done.returncode == 1
    [failed] = events_of(run, ev.Failed)
    assert (failed.reason, failed.fix) == ("rank 1 of 2: was lost", "Resume.")
    identity = read_identity(run)
    assert (identity.state, identity.exit_status, identity.reason) == ("failed", 1, "rank 1 of 2: was lost. Resume.")


def test_a_device_for_one_process_is_refused_to_several_before_they_are_started(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.batch=2", "run.gpus=2", "run.device=mps")
    assert failing(run).startswith("run.device = mps: is one device")
    assert not events_of(run, ev.Phase)


def test_another_number_of_gpus_than_there_are_processes_is_refused(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.batch=4")
    command = [sys.executable, "-m", "engine", str(run.root), "--gpus", "4"]
    started = os.environ | {"RANK": "0", "WORLD_SIZE": "2"}
    done = subprocess.run(command, env=started, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--gpus 4: is not WORLD_SIZE=2" in done.stderr
    assert record_of(run) == []


def test_a_run_that_no_command_line_would_have_let_through_is_refused_by_the_engine_too(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    run.config.write_text(run.config.read_text().replace("crop = 32", "crop = 33"))
    assert "33 px does not suit the generator" in failing(run)
    assert not events_of(run, ev.Phase), "PyTorch need not be imported to say so"


def test_a_preset_damaged_on_disk_is_named_with_its_file(tmp_path: Path) -> None:
    toml = 'method = {kind = "cyclegan"}\nrnu = {seed = 1}\n'
    run = create_run(tmp_path, name="odd", method="cyclegan", preset="odd", config_toml=toml, parent=None)
    assert f"{run.config}: rnu: is not a preset section. Did you mean run?" in failing(run)


def test_a_folder_that_is_no_run_is_a_wrong_request(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        done = subprocess.run(
            [sys.executable, "-m", "engine", str(folder)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert "is no run directory" in done.stderr
        assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_sockets_that_cannot_be_made_are_a_failure_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    run = make_run(tmp_path)
    with engine_of(run) as engine:
        assert engine.ended() == 1
    identity = read_identity(run)
    assert (identity.state, identity.exit_status) == ("failed", 1)
    assert "too long a path for a socket" in identity.reason
    assert "too long a path" in events_of(run, ev.Failed)[0].reason
