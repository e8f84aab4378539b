"""The gateway: it answers the holders of keys, by what their key allows, and nobody else."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from pathlib import Path
from threading import Thread

import msgspec
import psutil
import pytest
import zmq
from zmq.utils.monitor import recv_monitor_message

from engine.errors import RequestError, WorkError
from engine.link import Link
from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.access import Access, new_access, revoke, server_keys
from engine.protocol.codec import encode
from engine.protocol.rundir import RunDirectory, create_run, read_identity, write_identity
from engine.protocol.runtime import new_endpoints
from engine.protocol.wire import CHUNK, Ask, Caller, Fetch, Follow, Part, Told, Update
from engine.remote.gateway import Gateway, _front
from tests.distant import LISTENING, access_to, answer, door_of, listening_engine, refusal_of
from tests.engine.test_link import REPORT
from tests.runs import Engine, at_work, engine_of, events_of, make_run
from tests.until import PATIENCE, until


@pytest.fixture(scope="module")
def shared_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with listening_engine(tmp_path_factory.mktemp("runs"), "sample.every=5") as engine:
        yield engine


@pytest.fixture
def engine(shared_engine: Engine) -> Iterator[Engine]:
    """That engine, training."""
    with at_work(shared_engine) as engine:
        yield engine


@pytest.fixture
def access(engine: Engine, tmp_path: Path) -> Access:
    return access_to(engine.run, tmp_path / f"{tmp_path.name}.access")


def gateways_of(engine: Engine) -> list[psutil.Process]:
    children = psutil.Process(engine.process.pid).children()
    return [child for child in children if "engine.remote.gateway" in child.cmdline()]


# ------------------------------------------------------------------------------------------------------- answers


def test_commands_are_carried_out_and_journaled_as_from_this_machine(engine: Engine, access: Access) -> None:
    report = answer(access, cmd.Status()).report
    assert report is not None
    assert (report.run, report.state) == ("tiny", "training")
    reply = answer(access, cmd.SetControls(values={"loss.cycle_a": 7.0}, why="from afar"))
    [nudged] = [each for each in events_of(engine.run, ev.Nudged) if each.why == "from afar"]
    assert nudged.step == reply.step
    assert "loss.cycle_b" in refusal_of(access, cmd.SetControls(values={"loss.cycle_b": -1.0})).one_line()


def test_the_record_comes_in_chunks_from_where_the_viewer_is(engine: Engine, access: Access) -> None:
    engine.until_step(20)
    with Caller(access) as caller:
        update, [metrics, events] = caller.call(Follow(metrics=0, events=0), PATIENCE)
        assert isinstance(update, Update)
        assert (update.state, update.rights, update.identity.id) == ("training", "steer", engine.identity.id)
        assert engine.run.metrics.read_bytes().startswith(metrics)
        assert engine.run.events.read_bytes().startswith(events)
        assert (len(metrics), len(events)) == (update.metrics, update.events)
        later, [rest, none] = caller.call(Follow(metrics=len(metrics) - 10, events=len(events)), PATIENCE)
        assert rest.startswith(metrics[-10:])
        assert isinstance(later, Update)
        assert len(none) == later.events - len(events)


def test_more_than_a_chunk_is_not_sent_at_once(tmp_path: Path) -> None:
    run = make_run(tmp_path, LISTENING, name="long")
    run.metrics.write_bytes(b"x\n" * CHUNK)  # damaged lines, which count as any to whoever copies them
    with engine_of(run) as engine:
        engine.until(lambda: door_of(run), "its door")
        with Caller(access_to(run, tmp_path / "a")) as caller:
            update, [metrics, _] = caller.call(Follow(metrics=0, events=0), PATIENCE)
            assert isinstance(update, Update)
            assert update.metrics >= 2 * CHUNK
            assert metrics == b"x\n" * (CHUNK // 2)


def test_a_sheet_comes_whole_and_nothing_else_of_the_disk(engine: Engine, access: Access) -> None:
    engine.until_event(ev.Sampled, 2)
    path = events_of(engine.run, ev.Sampled)[0].path
    with Caller(access) as caller:
        part, [content] = caller.call(Fetch(path=path, offset=0), PATIENCE)
        assert isinstance(part, Part)
        assert content == (engine.run.root / path).read_bytes()
        assert part.size == len(content)
        part, [content] = caller.call(Fetch(path=path, offset=part.size + 1), PATIENCE)
        assert content == b""
        with pytest.raises(RequestError, match="cannot be read"):
            caller.call(Fetch(path="samples/step-99999999.png", offset=0), PATIENCE)
        for hostile in ("keys/server.json", "samples/../keys/server.json", "/etc/passwd", "run.json", "samples/x.png"):
            with pytest.raises(RequestError, match="malformed"):
                caller.call(Fetch(path=hostile, offset=0), PATIENCE)


def test_a_record_that_is_shorter_than_what_the_viewer_has_is_another_one(access: Access) -> None:
    with Caller(access) as caller, pytest.raises(RequestError, match="another record"):
        caller.call(Follow(metrics=1 << 40, events=0), PATIENCE)


# -------------------------------------------------------------------------------------------------- keys and rights


def test_a_key_to_watch_lets_its_holder_watch_alone(engine: Engine, tmp_path: Path) -> None:
    watcher = access_to(engine.run, tmp_path / "watcher", watch=True)
    before = len(events_of(engine.run, ev.Note, ev.Paused, ev.Stopped))
    for command in (cmd.Pause(), cmd.Stop(how="discard"), cmd.WriteNote(text="x"), cmd.Undo(), cmd.SaveCheckpoint()):
        assert "watch alone" in refusal_of(watcher, command).fact
    assert answer(watcher, cmd.Status()).report is not None
    assert len(events_of(engine.run, ev.Note, ev.Paused, ev.Stopped)) == before
    with Caller(watcher) as caller:
        update, _ = caller.call(Follow(metrics=0, events=0), PATIENCE)
        assert isinstance(update, Update)
        assert update.rights == "watch"


def test_whoever_has_no_key_is_told_nothing_and_fills_no_log(engine: Engine, access: Access) -> None:
    before = engine.run.log.stat().st_size
    for _ in range(10):
        stranger = msgspec.structs.replace(access, **pair())
        error = refusal_of(stranger, cmd.Status())
        assert isinstance(error, RequestError)
        assert "does not know this key" in error.fact
    assert engine.run.log.read_bytes()[before:].count(b"refused") <= 1


def test_the_servers_public_key_alone_or_even_with_anothers_public_one_opens_nothing(access: Access) -> None:
    mine = pair()
    thief = msgspec.structs.replace(access, secret=mine["secret"])  # knows whose key is good, and not its secret
    assert refusal_of(thief, cmd.Status(), seconds=2)


def test_a_server_with_another_key_is_not_believed(access: Access) -> None:
    error = refusal_of(msgspec.structs.replace(access, server=pair()["public"]), cmd.Status(), seconds=2)
    assert isinstance(error, WorkError)
    assert "not with the key of tiny" in error.fact


def test_a_socket_without_encryption_gets_no_answer(engine: Engine, access: Access) -> None:
    with zmq.Context() as context, context.socket(zmq.DEALER) as plain:
        plain.set(zmq.LINGER, 0)
        with plain.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | _REFUSALS) as told:
            plain.connect(access.address)
            assert told.poll(int(PATIENCE * 1000))
            assert recv_monitor_message(told)["event"] & _REFUSALS
            plain.disable_monitor()
        assert not plain.poll(0)
    assert answer(access, cmd.Status())


_REFUSALS = zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL


def test_a_key_that_is_taken_back_opens_nothing_more_on_the_connection_that_it_opened(
    engine: Engine, tmp_path: Path
) -> None:
    anna = access_to(engine.run, tmp_path / "anna")
    with Caller(anna) as caller:
        assert caller.call(Follow(metrics=0, events=0), PATIENCE)
        revoke(engine.run, "anna")
        with pytest.raises(RequestError, match="taken back"):
            caller.call(Follow(metrics=0, events=0), PATIENCE)
    assert "does not know this key" in refusal_of(anna, cmd.Status()).fact


def test_where_nobody_says_who_may_come_in_nobody_does(engine: Engine, access: Access) -> None:
    """As if the part that looks keys up had failed: the socket is closed by itself."""
    keys = server_keys(engine.run)
    with zmq.Context() as context, _front(context, keys) as front:
        front.bind("tcp://127.0.0.1:*")
        alone = msgspec.structs.replace(access, address=front.get_string(zmq.LAST_ENDPOINT))
        assert refusal_of(alone, cmd.Status(), seconds=2)
        assert not front.poll(0)


def pair() -> dict[str, str]:
    public, secret = zmq.curve_keypair()
    return {"public": public.decode(), "secret": secret.decode()}


# ---------------------------------------------------------------------------------- keys that cannot be read for now


@contextlib.contextmanager
def descriptors_left(process: psutil.Process, number: int) -> Iterator[None]:
    """Let a process open so many files more for the length of a block."""
    before = process.rlimit(psutil.RLIMIT_NOFILE)
    used = {int(path.name) for path in Path(f"/proc/{process.pid}/fd").iterdir()}
    free = (place for place in count() if place not in used)
    process.rlimit(psutil.RLIMIT_NOFILE, (list(islice(free, number + 1))[number], before[1]))
    try:
        yield
    finally:
        process.rlimit(psutil.RLIMIT_NOFILE, before)


def test_a_gateway_that_could_not_read_its_keys_once_lets_viewers_in_again(engine: Engine, access: Access) -> None:
    [process] = gateways_of(engine)
    follow = Follow(metrics=0, events=0)
    with Caller(access) as caller:

        def turned_away() -> bool:
            with pytest.raises(WorkError, match=r"Try again"):
                caller.call(follow, 1.0)
            return b"the keys of this run could not be read" in engine.run.log.read_bytes()

        with descriptors_left(process, 1):  # which the connection takes
            until(turned_away, "the word that it could not be judged")
        assert caller.call(follow, PATIENCE)
    assert answer(access, cmd.Status()).report


def test_a_viewer_is_refused_for_now_where_its_key_cannot_be_read(engine: Engine, access: Access) -> None:
    [process] = gateways_of(engine)
    follow = Follow(metrics=0, events=0)
    with Caller(access) as caller:
        assert caller.call(follow, PATIENCE)
        with descriptors_left(process, 0), pytest.raises(WorkError, match="Too many open files"):
            caller.call(follow, PATIENCE)
        assert caller.call(follow, PATIENCE)


# -------------------------------------------------------------------------------------------------- life and death


def test_what_an_engine_shows_of_itself_has_no_secret(engine: Engine, access: Access) -> None:
    secrets = [server_keys(engine.run).secret, access.secret]
    [gateway] = gateways_of(engine)
    shown = [
        *(path.read_text() for path in (engine.run.identity, engine.run.door, engine.run.config, engine.run.log)),
        *gateway.cmdline(),
        *gateway.environ().values(),
    ]
    assert not any(secret in text for secret in secrets for text in shown)


def test_an_engine_that_is_gone_without_a_word_is_called_lost_and_it_ends_with_that(tmp_path: Path) -> None:
    with listening_engine(tmp_path) as engine, Caller(access_to(engine.run, tmp_path / "a")) as caller:
        [gateway] = gateways_of(engine)
        caller.call(Follow(metrics=0, events=0), PATIENCE)
        engine.signal(signal.SIGKILL)
        engine.ended()
        update, _ = caller.call(Follow(metrics=0, events=0), PATIENCE)
        assert isinstance(update, Update)
        assert update.state == "lost"
        gateway.wait(PATIENCE)
        until(lambda: not engine.run.door.exists(), "the removal of its door")


def test_a_signal_to_the_whole_group_leaves_it_to_say_how_the_run_has_ended_and_the_next_listens_anew(
    tmp_path: Path,
) -> None:
    """The next engine has the keys of the run, and goes on when its gateway has died."""
    with listening_engine(tmp_path / "runs") as engine:
        run, access = engine.run, access_to(engine.run, tmp_path / "a")
        with Caller(access) as caller:
            for process in (*gateways_of(engine), psutil.Process(engine.process.pid)):
                process.send_signal(signal.SIGTERM)

            def state() -> str:
                update, _ = caller.call(Follow(metrics=0, events=0), PATIENCE)
                assert isinstance(update, Update)
                return update.state

            until(lambda: state() == "stopped", "the word that it has stopped")
            assert engine.ended() == 0
        assert not run.door.exists()
    with engine_of(run) as following:
        door = following.until(lambda: door_of(run), "another door")
        moved = msgspec.structs.replace(access, address=f"tcp://127.0.0.1:{door.port}")
        step = answer(moved, cmd.WriteNote(text="again")).step
        [gateway] = gateways_of(following)
        gateway.kill()
        following.until_step(step + 3)
        [alert] = following.until(lambda: events_of(run, ev.Alert), "the word that it has died")
        assert alert.fact == "were not answered for a moment: the gateway ended by signal 9"
        assert answer(moved, cmd.Status()).report, "at the same port"
        [gateway] = gateways_of(following)
        gateway.kill()
        [_, alert] = following.until(
            lambda: events_of(run, ev.Alert)[1:] and events_of(run, ev.Alert), "the second word"
        )
        assert alert.fact.startswith("are not answered any more")
        following.ask(cmd.Stop())
        assert following.ended() == 0


def test_a_port_that_is_taken_is_journaled_and_training_goes_on(tmp_path: Path) -> None:
    with zmq.Context() as context, context.socket(zmq.ROUTER) as other:
        port = other.bind_to_random_port("tcp://127.0.0.1")
        with engine_of(make_run(tmp_path, f"run.listen=127.0.0.1:{port}")) as engine:
            engine.until_step(1)
            [alert] = events_of(engine.run, ev.Alert)
            assert "run.listen" in alert.fact
            assert "in use" in alert.fact
            assert not engine.run.door.exists()


def test_an_engine_that_was_killed_is_followed_by_the_next_at_once_at_the_same_port(tmp_path: Path) -> None:
    with listening_engine(tmp_path) as engine:
        run, door = engine.run, door_of(engine.run)
        assert door is not None
        run.config.write_text(run.config.read_text().replace("127.0.0.1:0", f"127.0.0.1:{door.port}"))
        [old] = gateways_of(engine)
        engine.signal(signal.SIGKILL)
        engine.ended()
        assert old.is_running()  # and has the port until it has said its last words
        with engine_of(run) as following:
            following.until_listening()
            opened = following.until(lambda: door_of(run), "its door")
            assert opened.port == door.port
            assert answer(access_to(run, tmp_path / "a"), cmd.Status()).report


# -------------------------------------------------------------------------------- an engine that does not answer


@pytest.fixture
def beside_a_silent_engine(tmp_path: Path) -> RunDirectory:
    run = create_run(tmp_path / "runs", name="r", method="cyclegan", preset="p", config_toml="", parent=None)
    write_identity(run, msgspec.structs.replace(read_identity(run), state="training", endpoints=new_endpoints()))
    return run


def test_commands_that_no_engine_takes_are_bounded(beside_a_silent_engine: RunDirectory) -> None:
    run = beside_a_silent_engine
    endpoints = read_identity(run).endpoints
    assert endpoints is not None
    gateway = Gateway(run, endpoints, "127.0.0.1", 0)
    try:
        reactions = [gateway._forward(b"viewer", str(place), ask(cmd.Pause()), "steer") for place in range(2000)]
        kept = reactions.count(None)
        assert 0 < kept <= 500
        assert all(each is None or not isinstance(each[0].what, Told) for each in reactions)
        assert reactions[-1] is not None
        assert gateway._forward(b"viewer", "s", ask(cmd.Status()), "watch") is None, "it waits for no step"
    finally:
        gateway.close()


def ask(command: cmd.Command) -> Ask:
    return Ask(request=cmd.Request(version=cmd.SCHEMA_VERSION, id="1", by="me", command=command))


@contextlib.contextmanager
def waiting_engine(run: RunDirectory) -> Iterator[tuple[Link, Access]]:
    """The sockets of an engine whose loop takes nothing from its mailbox, and access to it through a gateway."""
    endpoints = read_identity(run).endpoints
    assert endpoints is not None
    link, gateway = Link(endpoints, REPORT), Gateway(run, endpoints, "127.0.0.1", 0)
    reader, lifeline = os.pipe()
    serving = Thread(target=gateway.serve, args=(reader,))
    link.open()
    serving.start()
    yield link, new_access(run, "me", "steer", f"tcp://127.0.0.1:{gateway.door.port}")
    os.close(lifeline)
    serving.join(PATIENCE)
    os.close(reader)
    gateway.close()
    link.close()


def test_a_command_that_no_engine_takes_is_refused_and_costs_no_other_its_answer(
    beside_a_silent_engine: RunDirectory,
) -> None:
    with waiting_engine(beside_a_silent_engine) as (link, access), ThreadPoolExecutor() as pool, Caller(access) as one:
        pending = pool.submit(one.call, ask(cmd.Pause()), PATIENCE)
        [envelope] = link.mailbox.wait(PATIENCE)
        # The gateway gives it an id of its own, of 16 letters: too long then, and short enough for the viewer's end.
        letters = cmd.MAX_MESSAGE_BYTES + 1 - 15 - len(encode(ask(cmd.WriteNote(text="")).request))
        with Caller(access) as other, pytest.raises(RequestError, match=r"65,537 bytes long.* 65,536"):
            other.call(ask(cmd.WriteNote(text="x" * letters)), PATIENCE)
        link.reply(envelope, cmd.Reply(version=cmd.SCHEMA_VERSION, id=envelope.request.id, step=7))
        told, _ = pending.result(PATIENCE)
        assert told.reply.step == 7
