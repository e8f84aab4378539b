"""Runs whose engines are on other machines: how they stand is asked, not guessed from what cannot be seen from here."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest

from engine.errors import GanTuiError, RequestError, WorkError
from engine.protocol import commands as cmd
from engine.protocol.access import revoke
from engine.protocol.rundir import RunDirectory, read_identity, viewed_state, write_identity
from gan_tui.client.access import give_access
from gan_tui.client.locate import find_run, most_recent_live
from gan_tui.client.obstacles import require_idle
from gan_tui.client.remote import access_beside, access_file, ask_there, standing_of, standings_of
from gan_tui.client.stream import EventStream
from tests.distant import access_to, listening_engine, seen_from_afar
from tests.runs import Engine, make_run
from tests.until import PATIENCE


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with listening_engine(tmp_path_factory.mktemp("runs")) as engine:
        yield engine


@pytest.fixture
def afar(engine: Engine, tmp_path: Path) -> RunDirectory:
    return seen_from_afar(engine.run, tmp_path / "mounted")


def test_whoever_sees_the_run_directory_reaches_its_engine(engine: Engine, afar: RunDirectory) -> None:
    access = access_beside(afar, read_identity(afar))
    assert access is not None
    report = ask_there(access, cmd.Status(), PATIENCE).report
    assert report is not None
    assert report.run == engine.run.name


def test_a_run_of_this_machine_is_reached_by_its_own_sockets(engine: Engine) -> None:
    assert access_beside(engine.run, read_identity(engine.run)) is None
    renamed = msgspec.structs.replace(read_identity(engine.run), host="the-name-of-another-container")
    assert access_beside(engine.run, renamed) is None


def test_how_it_stands_is_asked_where_no_lock_is_seen(afar: RunDirectory) -> None:
    identity = read_identity(afar)
    assert viewed_state(afar, identity) == "elsewhere"
    assert standing_of(afar, identity) == "training"
    assert standings_of([(afar, identity)] * 3) == ["training"] * 3
    assert most_recent_live(afar.root.parent).root == afar.root


def test_a_run_that_is_trained_elsewhere_is_not_resumed_here(afar: RunDirectory) -> None:
    with pytest.raises(RequestError, match="is being trained now"):
        require_idle(afar)


def test_a_run_of_which_nothing_tells_whether_it_is_trained_elsewhere_is_not_resumed_here(
    afar: RunDirectory, tmp_path: Path
) -> None:
    afar.door.unlink()
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"29 22 0:56 / {tmp_path} rw - fuse.sshfs me@box:/ rw\n")
    with pytest.raises(RequestError, match=r"nothing tells.*Resume it on a-distant-machine, or.*--branch"):
        require_idle(afar, mounts)
    mounts.write_text(f"29 22 0:56 / {tmp_path} rw - ext4 /dev/sda rw\n")
    require_idle(afar, mounts)  # its lock would be seen: the machine has another name now, as containers have


def test_a_run_that_has_ended_elsewhere_is_resumed_here(afar: RunDirectory, tmp_path: Path) -> None:
    write_identity(afar, msgspec.structs.replace(read_identity(afar), state="stopped"))
    require_idle(afar, tmp_path / "no list of mounts")


def test_a_run_that_does_not_answer_is_neither_lost_nor_live(afar: RunDirectory) -> None:
    afar.door.unlink()
    identity = read_identity(afar)
    assert standing_of(afar, identity) == "elsewhere"
    with pytest.raises(RequestError, match="none that train now"):
        most_recent_live(afar.root.parent)
    with EventStream(afar) as stream:
        assert stream.engine == "lost"
        assert "a-distant-machine" in stream.trouble


def test_a_run_that_died_on_this_machine_is_lost(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    identity = msgspec.structs.replace(read_identity(run), state="training", pid=1, host=socket.gethostname())
    write_identity(run, identity)
    assert standing_of(run, identity) == "lost"


# --------------------------------------------------------------------------------------------------- access files


def test_what_is_no_file_is_a_runs_name(tmp_path: Path) -> None:
    assert access_file("horse2zebra") is None
    assert access_file(str(tmp_path)) is None
    for content in (b"hello", b"", b"{}", b"\xff\xfe"):
        (tmp_path / "horse").write_bytes(content)
        assert access_file(str(tmp_path / "horse")) is None


def test_a_file_hides_no_run_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path / "runs", name="tiny")
    monkeypatch.chdir(tmp_path)
    for name in ("tiny", "tin", "other"):
        Path(name).write_text("a shopping list")
        assert access_file(name) is None
    assert find_run("tiny", tmp_path / "runs") == find_run("tin", tmp_path / "runs") == run
    with pytest.raises(RequestError, match=r"other: is a file that is no access file, and no run in .*runs"):
        find_run("other", tmp_path / "runs")


def test_an_access_file_that_others_can_read_is_one(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / f"{tmp_path.name}.access"
    access_to(engine.run, file)
    file.chmod(0o644)
    with pytest.raises(RequestError, match=r"others may read it.*chmod 600"):
        access_file(str(file))
    with pytest.raises(RequestError, match=r"is an access file, not a run directory.*gan-tui attach"):
        find_run(str(file), tmp_path / "runs")


def test_an_access_file_is_found_by_its_path(engine: Engine, tmp_path: Path) -> None:
    given = access_to(engine.run, tmp_path / f"{tmp_path.name}.access")
    assert access_file(str(tmp_path / f"{tmp_path.name}.access")) == given


def test_a_file_that_cannot_be_written_leaves_no_key_behind(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("")
    for file in (tmp_path / "there", tmp_path / "no" / "folder"):
        with pytest.raises(GanTuiError):
            give_access(engine.run, file, name="nobody", rights="steer", host=None)
        with pytest.raises(RequestError, match="does not exist"):
            revoke(engine.run, "nobody")
    assert (tmp_path / "there").read_text() == ""


def test_a_run_that_does_not_listen_gives_no_access(tmp_path: Path) -> None:
    for listen, words in (("", "answers no other machine"), ("*:0", "does not listen now")):
        run = make_run(tmp_path, f"run.listen={listen}", name=f"r{len(listen)}")
        with pytest.raises(RequestError, match=words):
            access_to(run, tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_run_with_a_port_of_its_own_gives_access_before_it_lives(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run.listen=*:5800")
    given = give_access(run, tmp_path / "a", name="a", rights="steer", host="box.example")
    assert given.address == "tcp://box.example:5800"


def test_silence_is_told_with_what_may_be_done(engine: Engine, tmp_path: Path) -> None:
    given = access_to(engine.run, tmp_path / f"{tmp_path.name}.access")
    nowhere = msgspec.structs.replace(given, address="tcp://127.0.0.1:1")
    with pytest.raises(WorkError, match="cannot be connected to: nobody listens there"):
        ask_there(nowhere, cmd.Status(), PATIENCE)
    with full_door() as port:
        silent = msgspec.structs.replace(given, address=f"tcp://127.0.0.1:{port}")
        with pytest.raises(WorkError, match="is not answered at"):
            ask_there(silent, cmd.Status(), 1.0)


@contextmanager
def full_door() -> Iterator[int]:
    """A port on which nobody is let in any more: to whoever knocks it is as if a firewall took it away."""
    with ExitStack() as opened:
        door = opened.enter_context(socket.socket())
        door.bind(("127.0.0.1", 0))
        door.listen(0)
        while True:
            visitor = opened.enter_context(socket.socket())
            visitor.settimeout(0.2)
            try:
                visitor.connect(door.getsockname())
            except TimeoutError:
                break
        yield door.getsockname()[1]
