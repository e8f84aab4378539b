"""The mirror: a run on another machine as a run directory on this one, exact, up to date, and live."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

import msgspec
import psutil
import pytest
import zmq

from engine.errors import RequestError, WorkError
from engine.link import Envelope
from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.access import Access, revoke
from engine.protocol.mirrored import Copying, Ready
from engine.protocol.rundir import Identity, RunDirectory, ViewedState, read_identity, viewed_state
from engine.protocol.runtime import new_endpoints
from engine.protocol.wire import Call, Caller, Fetch, Part, Update, decode_call, pack
from engine.remote.forwarding import answer_to
from engine.remote.mirror import Mirror
from gan_tui.client.follow import Follower
from gan_tui.client.remote import MirrorProcess
from gan_tui.client.sender import ask
from gan_tui.client.stream import EventStream
from tests.distant import Network, access_to, answer, door_of, listening_engine
from tests.runs import Engine, at_work, engine_of, events_of, metrics_of, record_of
from tests.until import PATIENCE, until


@pytest.fixture(scope="module")
def shared_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One that survives its tests."""
    with listening_engine(tmp_path_factory.mktemp("runs"), "sample.every=5") as engine:
        yield engine


@pytest.fixture
def engine(shared_engine: Engine) -> Iterator[Engine]:
    """That engine, training."""
    with at_work(shared_engine) as engine:
        yield engine


@pytest.fixture
def access(engine: Engine, tmp_path: Path) -> Access:
    return access_to(engine.run, tmp_path / tmp_path.name)


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where this test's sockets lie, and no other's."""
    with TemporaryDirectory(prefix="gan-tui-sockets-") as folder:  # of a short path
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


@contextmanager
def mirrored(access: Access) -> Iterator[RunDirectory]:
    """The mirror of a run for the length of a block."""
    with closing(MirrorProcess(access)) as mirror:
        yield RunDirectory(Path(mirror.until_ready(lambda word: None).root))


def mirror_processes() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "engine.remote.mirror" in child.cmdline()]


def state_of(run: RunDirectory) -> str:
    return viewed_state(run, read_identity(run))


def same_record(copy: RunDirectory, run: RunDirectory) -> bool:
    """Whether the copy has all that the run has, byte for byte."""
    return all(
        ours.exists() and ours.read_bytes() == theirs.read_bytes()
        for ours, theirs in ((copy.metrics, run.metrics), (copy.events, run.events))
    )


def test_it_has_the_record_byte_for_byte_and_the_sheets(engine: Engine, access: Access) -> None:
    engine.until_event(ev.Sampled, 3)
    with mirrored(access) as copy:
        assert copy.name == engine.run.name
        assert state_of(copy) == "training"
        begun = metrics_of(copy)[-1].step
        until(lambda: metrics_of(copy)[-1].step > begun + 10, "what came later")
        answer(access, cmd.Pause())
        until(lambda: same_record(copy, engine.run), "the same record")
        assert copy.config.read_text() == engine.run.config.read_text()
        for sampled in events_of(copy, ev.Sampled)[-3:]:
            assert (copy.root / sampled.path).read_bytes() == (engine.run.root / sampled.path).read_bytes()
        answer(access, cmd.Continue())


def test_a_viewer_of_it_sees_every_event_once_and_the_ticks(engine: Engine, access: Access) -> None:
    with mirrored(access) as copy, EventStream(copy) as stream:
        seen: list[int] = []
        ticks: list[ev.Tick] = []

        def further() -> bool:
            for message in stream.wait():
                if isinstance(message, ev.Tick):
                    ticks.append(message)
                else:
                    seen.append(message.seq)
            return len(seen) > 60 and len(ticks) > 2

        until(further, "events and ticks")
        assert seen == list(range(1, len(seen) + 1))
        assert stream.engine == "live"


def test_a_sheet_is_there_before_it_is_told_of(engine: Engine, access: Access) -> None:
    with mirrored(access) as copy, EventStream(copy) as stream:
        begun = len(events_of(copy, ev.Sampled))
        seen: list[ev.Sampled] = []

        def told() -> bool:
            seen.extend(message for message in stream.wait() if isinstance(message, ev.Sampled))
            assert all((copy.root / sheet.path).exists() for sheet in seen[begun:])  # of those before, the newest are
            return len(seen) > begun + 1

        until(told, "sheets made meanwhile")


def test_it_is_removed_with_its_viewer_also_if_that_is_killed(engine: Engine, access: Access, tmp_path: Path) -> None:
    with mirrored(access) as copy:
        folder = copy.root.parent
        [process] = mirror_processes()
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()
    assert not process.is_running()

    file = tmp_path / tmp_path.name
    with subprocess.Popen(
        [sys.executable, "-c", _VIEWER, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as viewer:
        assert viewer.stdout is not None
        folder = Path(viewer.stdout.readline().decode().strip()).parent
        assert folder.exists()
        viewer.kill()
    until(lambda: not folder.exists(), "the removal of the copy")
    assert answer(access, cmd.Status())


# One that is killed has no chance to tidy up.
_VIEWER = """
import sys
from pathlib import Path
from engine.protocol.access import read_access
from gan_tui.client.remote import MirrorProcess
mirror = MirrorProcess(read_access(Path(sys.argv[1])))
print(mirror.until_ready(lambda word: None).root, flush=True)
sys.stdin.read()
"""


def test_a_run_is_steered_to_its_end_and_followed_on_at_the_same_address_until_its_next_engine_dies(
    tmp_path: Path,
) -> None:
    with listening_engine(tmp_path / "runs") as engine:
        run, door = engine.run, door_of(engine.run)
        assert door is not None
        config = run.config.read_text()
        run.config.write_text(config.replace("127.0.0.1:0", f"127.0.0.1:{door.port}"))
        with mirrored(access_to(run, tmp_path / "a")) as copy:
            steer_to_its_end(engine, copy)
            with engine_of(run) as following:
                until(lambda: state_of(copy) == "training", "the next engine")
                assert len(events_of(copy, ev.Started)) == 2
                assert ask(copy, cmd.WriteNote(text="again"), PATIENCE)
                following.signal(signal.SIGKILL)
                following.ended()
                until(lambda: state_of(copy) == "lost", "the loss")
                assert [event.seq for event in record_of(copy)] == [event.seq for event in record_of(run)]


def steer_to_its_end(engine: Engine, copy: RunDirectory) -> None:
    """Give commands through the mirror: they reach the engine, and what it says comes back."""
    reply = ask(copy, cmd.SetControls(values={"loss.cycle_a": 3.0}), PATIENCE)
    [nudged] = events_of(engine.run, ev.Nudged)
    assert nudged.step == reply.step
    with pytest.raises(RequestError, match="out of range"):
        ask(copy, cmd.SetControls(values={"loss.cycle_a": -1.0}), PATIENCE)
    ask(copy, cmd.Pause(), PATIENCE)
    until(lambda: state_of(copy) == "paused", "the pause")
    ask(copy, cmd.Stop(), PATIENCE)
    assert engine.ended() == 0
    until(lambda: state_of(copy) == "stopped", "the end")
    assert same_record(copy, engine.run)


# -------------------------------------------------------------------------------------------------- what goes wrong


def test_what_forbids_it_is_said_in_the_words_of_whoever_does(engine: Engine, access: Access, tmp_path: Path) -> None:
    revoke(engine.run, tmp_path.name)
    with closing(MirrorProcess(access)) as mirror, pytest.raises(RequestError, match="does not know this key"):
        mirror.until_ready(lambda word: None)
    assert mirror_processes() == []


def test_an_address_at_which_nobody_answers_is_named(access: Access) -> None:
    nowhere = msgspec.structs.replace(access, address="tcp://127.0.0.1:1")
    with closing(MirrorProcess(nowhere)) as mirror, pytest.raises(WorkError, match=r"tcp://127.0.0.1:1.*run.listen"):
        mirror.until_ready(lambda word: None)


def test_a_key_that_is_taken_back_ends_it_and_leaves_what_was_copied(
    engine: Engine, access: Access, tmp_path: Path
) -> None:
    with closing(MirrorProcess(access)) as mirror:
        copy = RunDirectory(Path(mirror.until_ready(lambda word: None).root))
        assert mirror.why_over("a") is None
        revoke(engine.run, tmp_path.name)
        error = until(lambda: mirror.why_over("a"), "the end")
        assert error is not None
        assert "taken back" in error.fact
        assert metrics_of(copy)
        assert state_of(copy) == "training", "which it is, as far as anybody here knows"
        assert read_identity(copy).endpoints is None


def test_a_long_record_is_told_of_while_it_is_copied(engine: Engine, access: Access) -> None:
    line = engine.run.metrics.read_bytes().splitlines()[0].replace(b'"seq":', b'"seq":0')  # damaged: of no number
    with engine.run.metrics.open("ab") as file:
        file.write(b"".join(line + b"\n" for _ in range(4000)))
    heard: list[Copying] = []
    with closing(MirrorProcess(access)) as mirror:
        ready = mirror.until_ready(heard.append)
        assert isinstance(ready, Ready)
    assert len(heard) >= 2
    assert all(word.copied > 0 for word in heard)


@contextmanager
def impostor(answers: Callable[[Call], tuple[object, list[bytes]]]) -> Iterator[Access]:
    """Access to a gateway that has a run's keys and answers as it is told to."""
    (public, secret), (mine, my_secret) = zmq.curve_keypair(), zmq.curve_keypair()
    with zmq.Context() as context, context.socket(zmq.ROUTER) as front, context.socket(zmq.PAIR) as told:
        front.set(zmq.CURVE_SERVER, 1)
        front.set(zmq.CURVE_SECRETKEY, secret)
        front.set(zmq.LINGER, 0)
        port = front.bind_to_random_port("tcp://127.0.0.1")
        told.bind("inproc://over")

        def serve() -> None:
            with context.socket(zmq.PAIR) as over:
                over.connect("inproc://over")
                poller = zmq.Poller()
                poller.register(front, zmq.POLLIN)
                poller.register(over, zmq.POLLIN)
                while over not in dict(poller.poll()):
                    sender, frame = front.recv_multipart()
                    call = decode_call(frame)
                    what, content = answers(call)
                    head = msgspec.json.encode({"id": call.id, "what": what})
                    front.send_multipart([sender, head, *map(pack, content)])

        thread = Thread(target=serve)
        thread.start()
        yield Access(
            run="r", address=f"tcp://127.0.0.1:{port}", server=public.decode(), public=mine.decode(),
            secret=my_secret.decode(), rights="steer",
        )  # fmt: skip
        told.send(b"")
        thread.join()


@pytest.fixture
def lifeline() -> Iterator[int]:
    """That of a viewer which stays."""
    reader, writer = os.pipe()
    yield reader
    os.close(writer)
    os.close(reader)


_SHEET = Part(size=0)


def _update(metrics: int = 0, state: ViewedState = "training") -> Update:
    identity = Identity(
        id="0", name="r", method="cyclegan", preset="p", created=0.0, host="a-distant-machine", pid=1, state="training",
        endpoints=new_endpoints(),
    )  # fmt: skip
    return Update(rights="steer", state=state, identity=identity, metrics=metrics, events=0)


@pytest.mark.parametrize(
    ("said", "sent"), [(10, b""), (1, b"{}\n"), (0, b"\n")], ids=["nothing comes", "too much", "something of nothing"]
)
def test_a_gateway_that_sends_something_else_than_it_says_is_given_up(
    tmp_path: Path, lifeline: int, said: int, sent: bytes
) -> None:
    def answers(call: Call) -> tuple[object, list[bytes]]:
        return (_SHEET, [b""]) if isinstance(call.what, Fetch) else (_update(said), [sent, b""])

    with (
        impostor(answers) as access,
        closing(Mirror(access, tmp_path, lifeline)) as mirror,
        pytest.raises(WorkError, match=r"more or less of metrics\.jsonl"),
    ):
        mirror.begin()


def test_an_answer_to_another_question_is_refused_in_words(tmp_path: Path, lifeline: int) -> None:
    with impostor(lambda call: (_SHEET, [b""])) as access, closing(Mirror(access, tmp_path, lifeline)) as mirror:
        with pytest.raises(WorkError, match="something else than it was asked"):
            mirror.begin()
        request = cmd.Request(version=cmd.SCHEMA_VERSION, id="1", by="me", command=cmd.Pause())
        with Caller(access) as caller:
            reply = answer_to(Envelope(sender=b"", request=request), caller, PATIENCE)
        assert reply.refusal is not None
        assert "something else than it was asked" in reply.refusal.fact


def test_of_an_engine_on_another_machine_the_gateways_word_is_taken(runtime: Path) -> None:
    says: list[ViewedState] = ["training"]

    def answers(call: Call) -> tuple[object, list[bytes]]:
        return (_SHEET, [b""]) if isinstance(call.what, Fetch) else (_update(state=says[-1]), [b"", b""])

    with impostor(answers) as access, mirrored(access) as copy, EventStream(copy) as stream:
        assert (state_of(copy), stream.engine) == ("training", "live")
        says.append("lost")
        until(lambda: state_of(copy) == "lost", "the loss")
        until(lambda: (stream.wait(), stream.engine)[1] == "lost", "the loss, to whoever follows")
        assert stream.trouble == "", "it is not that nothing is seen of it"
        says.append("training")
        until(lambda: state_of(copy) == "training", "the next engine")
        until(lambda: read_identity(copy).host == "a-distant-machine", "where that is")


def test_control_is_held_and_let_go_through_it(engine: Engine, access: Access) -> None:
    def holder() -> str:
        report = ask(engine.run, cmd.Status(), PATIENCE).report
        assert report is not None
        return report.holder.viewer if report.holder else ""

    with mirrored(access) as copy:
        far = Follower(copy, viewer=cmd.Viewer(id="far", where="pts/9"))
        far.start(lambda: None)
        until(lambda: far.snapshot().holds, "control, held from afar")
        assert holder() == "far"
        near = Follower(engine.run, viewer=cmd.Viewer(id="near", where="pts/1"))
        near.start(lambda: None)
        near.send(cmd.Hold(take=True))
        until(lambda: near.snapshot().holds and far.snapshot().held_by_other, "the takeover, seen from afar")
        far.send(cmd.Pause())
        until(lambda: far.snapshot().exchanges and not far.snapshot().exchanges[-1].waiting, "the refusal")
        reply = far.snapshot().exchanges[-1].reply
        assert reply is not None
        assert reply.refusal is not None
        assert "is held by" in reply.refusal.fact
        near.close()
        until(lambda: holder() == "", "control let go")
        far.send(cmd.Pause())
        until(lambda: far.snapshot().holds, "control that is free, taken by steering")
        far.send(cmd.Continue())
        until(lambda: not far.snapshot().exchanges[-1].waiting, "the answer")
    let_go = "the viewer said nothing: its mirror let go when it ended"
    until(lambda: holder() == "", let_go, cmd.LAPSE_SECONDS / 2)  # and did not lapse
    far.close()


@pytest.mark.parametrize("answered", [2, 4], ids=["while it is copied", "while it is followed"])
def test_it_is_left_at_once_while_nobody_answers_and_takes_all_of_it_away(runtime: Path, answered: int) -> None:
    """The calls are a look at the run, its config.toml, its record, and then one look after the other."""
    calls = count()
    silent, left = Event(), Event()

    def answers(call: Call) -> tuple[object, list[bytes]]:
        if next(calls) >= answered:
            silent.set()
            left.wait(PATIENCE)
        return (_SHEET, [b""]) if isinstance(call.what, Fetch) else (_update(), [b"", b""])

    with impostor(answers) as access:
        mirror = MirrorProcess(access)
        [process] = mirror_processes()
        assert silent.wait(PATIENCE)
        assert len(list(runtime.rglob("*.[ces]"))) == 3
        mirror.close()
        left.set()
    assert mirror._process.returncode == 0, "it was not killed"
    assert not process.is_running()
    assert list(runtime.rglob("*.[ces]")) == []


def test_it_is_left_at_once_where_nobody_ever_answered(access: Access) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        mirror = MirrorProcess(msgspec.structs.replace(access, address=f"tcp://127.0.0.1:{deaf.getsockname()[1]}"))
        connection, _ = deaf.accept()
        mirror.close()
        connection.close()
    assert mirror._process.returncode == 0, "it was not killed"


def test_one_that_dies_is_not_taken_for_the_end_of_the_run(engine: Engine, access: Access) -> None:
    with closing(MirrorProcess(access)) as mirror:
        mirror.until_ready(lambda word: None)
        [process] = mirror_processes()
        process.kill()
        error = until(lambda: mirror.why_over("box.access"), "the end")
        assert isinstance(error, WorkError)
        assert error.one_line() == (
            "the mirror: has ended by itself. The run is not affected: gan-tui attach box.access"
        )


def test_what_cannot_be_answered_for_now_is_asked_for_again(engine: Engine, access: Access) -> None:
    """A run directory that cannot be read for a moment costs contact for a moment."""
    with mirrored(access) as copy, EventStream(copy) as stream:
        aside = engine.run.identity.with_name("aside")
        engine.run.identity.rename(aside)
        try:
            until(lambda: (stream.wait(), stream.engine)[1] == "starting", "the loss of contact")
        finally:
            aside.rename(engine.run.identity)
        until(lambda: (stream.wait(), stream.engine)[1] == "live", "contact")


def test_a_network_that_falls_silent_holds_up_nobody_and_is_caught_up_with(engine: Engine, access: Access) -> None:
    door = door_of(engine.run)
    assert door is not None
    network = Network(("127.0.0.1", door.port))
    through = msgspec.structs.replace(access, address=f"tcp://127.0.0.1:{network.port}")
    with closing(network), mirrored(through) as copy, EventStream(copy) as stream:
        network.fall_silent()
        begun = metrics_of(engine.run)[-1].step
        until(lambda: (stream.wait(), stream.engine)[1] == "starting", "the loss of contact")
        engine.until_step(begun + 5)
        assert answer(access, cmd.Status()).report is not None
        with pytest.raises(WorkError, match="does not listen"):
            ask(copy, cmd.WriteNote(text="into the silence"), 0.5)
        network.come_back()
        until(lambda: (stream.wait(), stream.engine)[1] == "live", "contact")
        until(lambda: metrics_of(copy)[-1].step >= begun + 5, "what was missed")
    numbers = [event.seq for event in record_of(engine.run)]
    assert numbers == sorted(numbers)
