"""Whatever is sent to an engine or streamed to a viewer: no crash, no hang, and an answer to every request."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import msgspec
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RequestError
from engine.link import MAILBOX_LIMIT, Link
from engine.protocol import commands as cmd
from engine.protocol import events as ev
from engine.protocol.codec import EVENT_TOPIC, decode_reply, encode
from engine.protocol.rundir import RunDirectory, create_run, read_identity, write_identity
from engine.protocol.runtime import new_endpoints, socket_path
from engine.record import Stamp
from gan_tui.client.stream import EventStream
from gan_tui.state.absorb import absorb
from gan_tui.state.history import History
from gan_tui.state.run_view import RunView
from tests.faults.mutations import damaged, damaged_json, noise, steadily
from tests.gan_tui.client.locked import locked
from tests.runs import Engine, engine_of, events_of, make_run, metrics_of, record_of
from tests.until import PATIENCE, until

MESSAGES = 100_000
"""Sent to a link."""
BATCH = 500
"""Sent before the answers are read; queues hold 1,000."""
ENGINE_MESSAGES = 5_000
"""Sent to an engine at work."""
STREAMED = 20_000
"""Sent to a viewer."""

MILLISECONDS = int(PATIENCE * 1000)
SEEDS = st.integers(min_value=0, max_value=2**64 - 1)

REPORT = cmd.Report(
    run="r", state="training", phase="", step=12, total_steps=40, epoch=1, epochs=4, throughput=1.0,
    controls={}, staged=(), lr={}, losses={}, last_seq=3,
)  # fmt: skip

Socket = zmq.Socket[bytes]


def request(command: cmd.Command) -> bytes:
    return encode(cmd.Request(version=cmd.SCHEMA_VERSION, id="1", by="fuzz", command=command))


STATUS = request(cmd.Status())
HARMLESS = [
    request(command)
    for command in (
        cmd.Continue(),
        cmd.SetControls(values={"loss.cycle_a": 3.5, "optim.lr_g": 1e-4}, at_step=10**6, why="to see"),
        cmd.SetControls(values={"loss.identity": 0.25}),
        cmd.Undo(),
        cmd.WriteNote(text="a remark"),
    )
]
"""Requests whose damaged copies may be valid and still do not end a run or hold it up."""
VALID = [
    STATUS,
    *HARMLESS,
    *(request(command) for command in (cmd.Pause(), cmd.SaveCheckpoint(), cmd.TakeSample(), cmd.Stop())),
]


# ------------------------------------------------------------------------------------------------- what is sent


def wrong(random: Random) -> list[bytes]:
    """The frames of a message that is no request, whatever is read into it."""
    return random.choice(_WRONG)(random)


def _no_json(random: Random) -> list[bytes]:
    return [b"\xff" + noise(random, 200)]


def _cut_short(random: Random) -> list[bytes]:
    whole = random.choice(VALID)
    return [whole[: random.randrange(len(whole))]]


def _more_after_the_end(random: Random) -> list[bytes]:
    return [random.choice(VALID) + random.choice((b"}", b"x", b"\x00", STATUS))]


def _several_frames(random: Random) -> list[bytes]:
    return [random.choice((b"", STATUS, random.choice(VALID), noise(random, 50))) for _ in range(random.randint(2, 6))]


def _another_version(random: Random) -> list[bytes]:
    document = json.loads(random.choice(VALID))
    document["version"] = random.choice((0, -1, 2, 99, 2**31, 2**63 - 1))
    return [json.dumps(document).encode()]


def _unknown_kind(random: Random) -> list[bytes]:
    document = json.loads(random.choice(VALID))
    document["command"]["kind"] = random.choice(
        ("", "Status", "stop ", "exec", "\x00", "set\x1b[31m", 1, None, ["stop"])
    )
    return [json.dumps(document).encode()]


def _wrong_type(random: Random) -> list[bytes]:
    document = json.loads(random.choice(VALID))
    document[random.choice(("version", "id", "by", "command"))] = random.choice((None, [], {"x": 1}, True, 1.5, [[]]))
    return [json.dumps(document).encode()]


def _endless_name(random: Random) -> list[bytes]:
    document = json.loads(random.choice(VALID))
    document[random.choice(("id", "by"))] = "x" * random.choice((cmd.MAX_TEXT + 1, 20_000))
    return [json.dumps(document).encode()]


def _deep(random: Random) -> list[bytes]:
    opening = random.choice((b"[", b'{"a":', b'{"command":', b'{"command":{"values":'))
    return [opening * random.randint(1000, 2500)]


def _not_finite(random: Random) -> list[bytes]:
    literal = random.choice((b"NaN", b"Infinity", b"-Infinity", b"1e999", b"nan"))
    return [HARMLESS[1].replace(b"3.5", literal)]


_WRONG: tuple[Callable[[Random], list[bytes]], ...] = (
    _no_json, _cut_short, _more_after_the_end, _several_frames, _another_version, _unknown_kind, _wrong_type,
    _endless_name, _deep, _not_finite,
)  # fmt: skip


def doubtful(random: Random, valid: list[bytes]) -> list[bytes]:
    """The frames of a message that was a request before it was damaged, and may be one still."""
    whole = random.choice(valid)
    if random.random() < 0.05:
        return [whole]  # sent again as it was
    return [damaged(random, whole) if random.random() < 0.5 else damaged_json(random, json.loads(whole))]


# ---------------------------------------------------------------------------------------------------- to a link


@pytest.fixture(scope="module")
def context() -> Iterator[zmq.Context[Socket]]:
    context: zmq.Context[Socket] = zmq.Context()
    yield context
    context.destroy(linger=0)


@pytest.fixture(scope="module")
def link() -> Iterator[Link]:
    """A link as an engine opens it; the tests are its loop."""
    link = Link(new_endpoints(), REPORT)
    link.open()
    yield link
    link.close()


@pytest.fixture(scope="module")
def viewer(context: zmq.Context[Socket], link: Link) -> Socket:
    return connected(context, link.endpoints.commands)


def connected(context: zmq.Context[Socket], address: str) -> Socket:
    socket = context.socket(zmq.DEALER)
    socket.set(zmq.LINGER, 0)
    socket.connect(address)
    return socket


def reply_to(socket: Socket) -> cmd.Reply:
    assert socket.poll(MILLISECONDS), "no answer"
    return decode_reply(socket.recv())


def replies_until_status(socket: Socket) -> list[cmd.Reply]:
    """Every answer that comes before that to a Status which is sent now: the link answers in order."""
    marked = cmd.Request(version=cmd.SCHEMA_VERSION, id="the end", by="fuzz", command=cmd.Status())
    socket.send(encode(marked))
    found = []
    while (reply := reply_to(socket)).id != "the end":
        found.append(reply)
    assert reply.report == REPORT
    return found


def is_clear(reply: cmd.Reply) -> bool:
    """Whether it is a refusal that says of what and why."""
    return reply.refusal is not None and bool(reply.refusal.subject) and bool(reply.refusal.fact)


def test_every_malformed_message_is_refused_with_subject_and_fact(link: Link, viewer: Socket) -> None:
    sent = 0

    @steadily(MESSAGES // 2 // BATCH)
    @given(SEEDS)
    def batch(seed: int) -> None:
        nonlocal sent
        random = Random(seed)
        messages = [wrong(random) for _ in range(BATCH)]
        for frames in messages:
            viewer.send_multipart(frames)
        replies = replies_until_status(viewer)
        assert len(replies) == BATCH
        for frames, reply in zip(messages, replies, strict=True):
            assert is_clear(reply), (frames, reply)
        assert link.mailbox.take() == []
        sent += BATCH

    batch()
    assert sent >= MESSAGES // 2


def test_a_damaged_request_is_refused_answered_or_handed_on_whole(link: Link, viewer: Socket) -> None:
    """Of what is handed on nothing is missing: the loop can carry it out, or refuse it, in its own words."""
    sent = refused = 0

    @steadily(MESSAGES // 2 // BATCH)
    @given(SEEDS)
    def batch(seed: int) -> None:
        nonlocal sent, refused
        random = Random(seed)
        for _ in range(BATCH):
            viewer.send_multipart(doubtful(random, VALID))
        replies = replies_until_status(viewer)
        handed_on = link.mailbox.take()
        assert len(replies) + len(handed_on) == BATCH
        assert all(is_clear(reply) or reply.report == REPORT for reply in replies)
        for envelope in handed_on:
            assert envelope.sender
            assert msgspec.convert(msgspec.to_builtins(envelope.request), cmd.Request) == envelope.request
            assert envelope.request.version == cmd.SCHEMA_VERSION
        sent += BATCH
        refused += sum(is_clear(reply) for reply in replies)

    batch()
    assert sent >= MESSAGES // 2
    assert refused > sent // 2, "most damage is to be damage"


def test_commands_that_nobody_takes_are_bounded_and_the_rest_refused(link: Link, viewer: Socket) -> None:
    surplus = 700
    replies = []
    for _ in range((MAILBOX_LIMIT + surplus) // 100):
        for _ in range(100):
            viewer.send(HARMLESS[-1])
        replies += replies_until_status(viewer)
    assert len(replies) == surplus
    assert all(is_clear(reply) for reply in replies)
    assert len(link.mailbox.take()) == MAILBOX_LIMIT


@pytest.mark.parametrize("size", [cmd.MAX_MESSAGE_BYTES + 1, 4 << 20])
def test_an_oversized_message_costs_its_sender_the_connection_and_nobody_else(
    size: int, link: Link, viewer: Socket, context: zmq.Context[Socket]
) -> None:
    for content in (bytes(size), b"[" * size, b'"' + b"x" * size + b'"'):
        offender = connected(context, link.endpoints.commands)
        with offender, offender.get_monitor_socket(zmq.EVENT_DISCONNECTED) as hung_up:
            offender.send(content)
            assert hung_up.poll(MILLISECONDS), "the link took it"
            offender.disable_monitor()
            assert replies_until_status(viewer) == []
        assert replies_until_status(connected(context, link.endpoints.commands)) == []
    assert link.mailbox.take() == []


# ------------------------------------------------------------------------------------- to an engine that trains


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with engine_of(make_run(tmp_path_factory.mktemp("runs"))) as engine:
        engine.until_step(1)
        yield engine


def test_an_engine_goes_on_training_and_its_journal_stays_sane(engine: Engine, context: zmq.Context[Socket]) -> None:
    endpoints = engine.identity.endpoints
    assert endpoints is not None
    socket = connected(context, endpoints.commands)
    sent = 0

    @steadily(ENGINE_MESSAGES // BATCH)
    @given(SEEDS)
    def batch(seed: int) -> None:
        nonlocal sent
        random = Random(seed)
        for _ in range(BATCH):
            surely_wrong = random.random() < 0.3
            socket.send_multipart(wrong(random) if surely_wrong else doubtful(random, HARMLESS))
        for _ in range(BATCH):
            reply = reply_to(socket)
            assert reply.refusal is None or is_clear(reply), reply
        sent += BATCH

    batch()
    assert sent >= ENGINE_MESSAGES
    with socket:
        assert not socket.poll(0), "one answer to each"
    engine.until_step(metrics_of(engine.run)[-1].step + 5)
    report = engine.ask(cmd.Status()).report
    assert report is not None
    assert report.state == "training"
    _is_sane(engine.run)


def test_a_control_without_a_name_is_refused_as_clearly(engine: Engine) -> None:
    with pytest.raises(RequestError) as caught:
        engine.ask(cmd.SetControls(values={"": 1.0}))
    assert caught.value.subject


def _is_sane(run: RunDirectory) -> None:
    record = record_of(run)
    assert [event.seq for event in record] == list(range(1, len(record) + 1))
    [announced] = events_of(run, ev.Announced)
    controls = {control.name: control for control in announced.controls}
    for nudged in events_of(run, ev.Nudged):
        for change in nudged.changes:
            bounds = controls[change.name]
            assert bounds.minimum is None or change.new >= bounds.minimum
            assert bounds.maximum is None or change.new <= bounds.maximum
    for note in events_of(run, ev.Note):
        assert 0 < len(note.text) <= cmd.MAX_TEXT
    assert events_of(run, ev.Failed, ev.Stopped) == []


# ---------------------------------------------------------------------------------------------------- to a viewer


@pytest.fixture
def publisher(tmp_path: Path, context: zmq.Context[Socket]) -> Iterator[tuple[RunDirectory, Socket]]:
    """What looks like a live engine from outside, and publishes whatever it is given."""
    run = create_run(tmp_path, name="r", method="cyclegan", preset="p", config_toml="", parent=None)
    endpoints = new_endpoints()
    with locked(run), context.socket(zmq.XPUB) as socket:
        socket.set(zmq.LINGER, 0)
        socket.bind(endpoints.events)
        identity = read_identity(run)
        write_identity(run, msgspec.structs.replace(identity, state="training", pid=1, endpoints=endpoints))
        yield run, socket
    for address in msgspec.structs.astuple(endpoints):
        path = socket_path(address)
        assert path is not None
        path.unlink(missing_ok=True)


def streamable() -> list[bytes]:
    """One message of each sort that changes much in a view."""
    stamps = (Stamp(seq=number, step=10 * number, time=1.7e9 + number) for number in itertools.count(1))
    return [
        encode(message)
        for message in (
            ev.Started(**next(stamps), pid=7, host="box"),
            ev.Phase(**next(stamps), name="importing"),
            ev.Metrics(
                **next(stamps), epoch=1, images=20, losses={"G_A": 0.5, "D_A": None}, lr={"G": 2e-4},
                weights={"cycle_a": 10.0}, throughput=5.0, data_wait=0.01,
            ),
            ev.Nudged(**next(stamps), changes=(ev.Change(name="loss.cycle_a", old=10.0, new=5.0),), by="me"),
            ev.Staged(**next(stamps), values={"loss.cycle_a": 3.0}, at_step=500, by="me"),
            ev.Paused(**next(stamps), by="me"),
            ev.Checkpointed(
                **next(stamps), saved_step=60, path="checkpoints/step-00000060", seconds=0.1, size=9, reason="request"
            ),
            ev.Sampled(**next(stamps), path="samples/step-00000070.png", tile=32, rows=(("real_A", "fake_B"),)),
            ev.Resumed(**next(stamps), from_step=60, checkpoint="checkpoints/step-00000060", from_seq=6),
            ev.Alert(**next(stamps), subject="disk", fact="is full"),
            ev.Tick(step=120, epoch=1, throughput=5.0, state="training", time=1.7e9, last_seq=1),
        )
    ]  # fmt: skip


def test_no_streamed_message_ends_a_viewer(publisher: tuple[RunDirectory, Socket]) -> None:
    run, socket = publisher
    templates = streamable()
    view, history = RunView(name="r", method="cyclegan", host=""), History()
    sent = taken = 0

    with EventStream(run) as stream:
        assert socket.recv() == b"\x01" + EVENT_TOPIC

        def heard(mark: int) -> bool:
            nonlocal view, taken
            messages = stream.wait()
            taken += len(messages)
            view = absorb(view, history, messages)
            return any(isinstance(message, ev.Tick) and message.time == mark for message in messages)

        @steadily(STREAMED // BATCH)
        @given(SEEDS)
        def batch(seed: int) -> None:
            nonlocal sent
            random = Random(seed)
            for _ in range(BATCH):
                whole = random.choice(templates)
                payload = damaged(random, whole) if random.random() < 0.5 else damaged_json(random, json.loads(whole))
                frames = [payload] if random.random() < 0.9 else [noise(random, 5) for _ in range(random.randrange(4))]
                socket.send_multipart([EVENT_TOPIC, *frames])
            sent += BATCH
            mark = ev.Tick(step=1, epoch=1, throughput=1.0, state="training", time=float(-sent), last_seq=0)
            socket.send_multipart([EVENT_TOPIC, encode(mark)])
            until(lambda: heard(-sent), "the message after the damaged ones")

        batch()
    assert sent >= STREAMED
    assert taken > STREAMED // BATCH, "some of it is to be readable still"
    assert view.last_seq > 0
