"""Keys and access files: who can read them from their first moment on, what they open, and how they are taken back."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from engine.errors import GanTuiError, RequestError, WorkError
from engine.protocol.access import (
    Access,
    Door,
    access_of_owner,
    address_of,
    grants,
    new_access,
    owner_keys,
    read_access,
    read_door,
    revoke,
    rights_of,
    server_keys,
    split_listen,
    write_access,
    write_door,
)
from engine.protocol.rundir import Endpoints, Identity, RunDirectory, read_identity
from tests.runs import make_run, tiny_config

ADDRESS = "tcp://box:5800"


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return make_run(tmp_path / "runs")


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_can_read_a_key_whatever_the_umask(run: RunDirectory, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        owner_keys(run)
        write_access(tmp_path / "a", new_access(run, "anna", "steer", ADDRESS))
    finally:
        os.umask(before)
    folder = run.root / "keys"
    assert {path.name: mode_of(path) for path in (folder, *folder.rglob("*"))} == {
        "keys": 0o700, "clients": 0o700, "server.json": 0o600, "owner.json": 0o600, "anna.json": 0o600,
    }  # fmt: skip
    assert mode_of(tmp_path / "a") == 0o600


def test_a_runs_keys_are_made_once(run: RunDirectory) -> None:
    assert server_keys(run) == server_keys(run) != owner_keys(run) == owner_keys(run)


def test_a_secret_that_others_can_read_is_not_used(run: RunDirectory, tmp_path: Path) -> None:
    server_keys(run)
    (run.root / "keys" / "server.json").chmod(0o640)
    with pytest.raises(WorkError, match=r"others may read it.*chmod 600"):
        server_keys(run)
    (run.root / "keys" / "server.json").chmod(0o600)
    file = tmp_path / "box.access"
    write_access(file, new_access(run, "anna", "steer", ADDRESS))
    file.chmod(0o604)
    with pytest.raises(RequestError, match="others may read it"):
        read_access(file)


def test_an_access_file_says_all_and_the_run_directory_keeps_the_public_half_alone(
    run: RunDirectory, tmp_path: Path
) -> None:
    given = new_access(run, "anna", "watch", ADDRESS)
    write_access(tmp_path / "a", given)
    assert read_access(tmp_path / "a") == given
    assert (given.run, given.address, given.rights, given.server) == ("tiny", ADDRESS, "watch", server_keys(run).public)
    kept = b"".join(path.read_bytes() for path in run.root.rglob("*") if path.is_file())
    assert given.public.encode() in kept
    assert given.secret.encode() not in kept


def test_a_key_opens_what_it_was_given_for_until_it_is_taken_back(run: RunDirectory) -> None:
    anna, bert = new_access(run, "anna", "steer", ADDRESS), new_access(run, "bert", "watch", ADDRESS)
    assert [rights_of(run, each.public) for each in (anna, bert)] == ["steer", "watch"]
    assert rights_of(run, owner_keys(run).public) == "steer"
    assert rights_of(run, server_keys(run).public) is None
    assert [(name, grant.rights) for name, grant in grants(run)] == [("anna", "steer"), ("bert", "watch")]
    revoke(run, "anna")
    assert [rights_of(run, each.public) for each in (anna, bert)] == [None, "watch"]


@pytest.mark.parametrize("name", ["", "../anna", "a/b", ".hidden", "x" * 65, "owner", "an na"])
def test_a_name_that_would_lead_elsewhere_is_refused(run: RunDirectory, name: str) -> None:
    with pytest.raises(RequestError, match="cannot be called so"):
        new_access(run, name, "steer", ADDRESS)
    assert list(grants(run)) == []


def test_a_name_is_given_once_and_only_what_was_given_is_taken_back(run: RunDirectory) -> None:
    given = new_access(run, "anna", "steer", ADDRESS)
    with pytest.raises(RequestError, match=r"has been given already.*--revoke anna"):
        new_access(run, "anna", "steer", ADDRESS)
    assert rights_of(run, given.public) == "steer"
    for name in ("bert", "../server", "../owner"):
        with pytest.raises(RequestError, match=r"does not exist\. There are anna"):
            revoke(run, name)
    assert (run.root / "keys" / "server.json").exists()


def test_a_damaged_grant_opens_nothing_and_hides_no_other(run: RunDirectory) -> None:
    given = new_access(run, "bert", "watch", ADDRESS)
    for name, content in (("a", b"{"), ("c", b""), ("d", b'{"public":"short","rights":"steer","created":0}')):
        (run.root / "keys" / "clients" / f"{name}.json").write_bytes(content)
    assert [name for name, _ in grants(run)] == ["bert"]
    assert rights_of(run, given.public) == "watch"
    assert rights_of(run, "") is None
    assert rights_of(run, "short") is None


@pytest.mark.parametrize(
    "change",
    [
        {"address": "ipc:///tmp/x"}, {"address": "tcp://box"}, {"address": "tcp://box:1;tcp://other:2"},
        {"address": "tcp://[be:5800]:5800"}, {"address": "tcp://box:1\n"}, {"server": "short"}, {"secret": "x" * 41},
        {"secret": "x" * 40 + "\n"}, {"rights": "everything"}, {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_a_file_that_is_no_access_file_is_refused_without_showing_what_is_in_it(
    run: RunDirectory, tmp_path: Path, change: dict[str, object]
) -> None:
    given = new_access(run, "anna", "steer", ADDRESS)
    file = tmp_path / "a"
    file.touch(mode=0o600)
    file.write_bytes(msgspec.json.encode({**msgspec.to_builtins(given), **change}))
    with pytest.raises(GanTuiError) as caught:
        read_access(file)
    assert given.secret not in caught.value.one_line()


@pytest.mark.parametrize("address", ["tcp://[box:5800]:5800", "tcp://[fe:5800]:5800", "tcp://a b:1", "tcp://box:1\n"])
def test_an_address_that_nobody_could_call_is_refused_before_a_key_is_given(run: RunDirectory, address: str) -> None:
    with pytest.raises(RequestError, match=r"could be called.*without a port"):
        new_access(run, "anna", "steer", address)
    assert list(grants(run)) == []


def test_keys_that_cannot_be_read_now_are_not_said_to_be_unknown(run: RunDirectory) -> None:
    given, owner = new_access(run, "bert", "watch", ADDRESS), owner_keys(run)
    kept = run.root / "keys" / "clients" / "a.json"
    kept.mkdir()  # which no read gets anything out of, whoever reads
    assert rights_of(run, given.public) == "watch"
    assert rights_of(run, owner.public) == "steer"
    with pytest.raises(WorkError, match=r"a\.json: cannot be read"):
        rights_of(run, server_keys(run).public)
    assert [name for name, _ in grants(run)] == ["bert"]
    kept.rmdir()
    path = run.root / "keys" / "owner.json"
    path.rename(path.with_name("elsewhere"))
    assert rights_of(run, owner.public) is None
    path.mkdir()
    with pytest.raises(WorkError, match=r"owner\.json: cannot be read"):
        rights_of(run, owner.public)


def test_whoever_is_killed_while_it_makes_the_keys_leaves_none_that_are_not_whole(run: RunDirectory) -> None:
    done = subprocess.run([sys.executable, "-c", _KILLED_AS_IT_WRITES, str(run.root)], check=False)
    assert done.returncode == -signal.SIGXFSZ
    assert not (run.root / "keys" / "server.json").exists()
    assert server_keys(run) == server_keys(run)


# Any process that goes beyond its limit to a file's size is ended by the kernel at that moment.
_KILLED_AS_IT_WRITES = """
import resource, signal, sys
from pathlib import Path
from engine.protocol.access import server_keys
from engine.protocol.rundir import RunDirectory
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
server_keys(RunDirectory(Path(sys.argv[1])))
"""


def test_no_secret_is_in_what_python_shows(run: RunDirectory) -> None:
    given, pair = new_access(run, "anna", "steer", ADDRESS), server_keys(run)
    assert given.secret not in repr(given)
    assert pair.secret not in repr(pair)


# ------------------------------------------------------------------------------------------------------- the door


def identity_of(run: RunDirectory, host: str) -> Identity:
    endpoints = Endpoints(events="ipc://e", sheets="ipc://s", commands="ipc://c")
    return msgspec.structs.replace(read_identity(run), host=host, endpoints=endpoints)


def test_a_door_that_another_engine_has_left_is_none(run: RunDirectory) -> None:
    identity = identity_of(run, "box")
    door = Door(host="*", port=5800, server=server_keys(run).public, engine="ipc://c")
    assert read_door(run, identity) is None
    write_door(run, door)
    assert read_door(run, identity) == door
    assert read_door(run, msgspec.structs.replace(identity, endpoints=None)) is None
    write_door(run, msgspec.structs.replace(door, engine="ipc://before"))
    assert read_door(run, identity) is None
    run.door.write_bytes(b"{")
    assert read_door(run, identity) is None


def test_whoever_reads_the_run_directory_gets_at_its_engine(run: RunDirectory) -> None:
    owner_keys(run)
    identity = identity_of(run, "box")
    door = Door(host="0.0.0.0", port=5800, server=server_keys(run).public, engine="ipc://c")
    access = access_of_owner(run, identity, door)
    assert isinstance(access, Access)
    assert (access.address, access.rights) == ("tcp://box:5800", "steer")
    assert rights_of(run, access.public) == "steer"


@pytest.mark.parametrize(
    ("host", "address"),
    [("*", "tcp://box:1"), ("::", "tcp://box:1"), ("10.0.0.1", "tcp://10.0.0.1:1"), ("fe80::1", "tcp://[fe80::1]:1")],
)
def test_all_addresses_are_reached_by_the_machines_name(run: RunDirectory, host: str, address: str) -> None:
    assert address_of(host, 1, identity_of(run, "box")) == address


@pytest.mark.parametrize(("listen", "parts"), [("*:0", ("*", 0)), ("[::]:5800", ("::", 5800)), ("a.b:1", ("a.b", 1))])
def test_where_to_listen_is_split(listen: str, parts: tuple[str, int]) -> None:
    assert split_listen(listen) == parts


@pytest.mark.parametrize("listen", ["*", "*:", ":5800", "*:65536", "*:x", "a b:1", "tcp://box:1", "[box]:1", "é:1"])
def test_what_is_no_such_place_is_refused_before_a_run_begins(listen: str) -> None:
    with pytest.raises(RequestError, match=r"run\.listen.*HOST:PORT"):
        tiny_config(f"run.listen={listen}")


@pytest.mark.parametrize("listen", ["", "*:0", "*:65535", "[::]:5800", "box-1.example:5800", "10.0.0.1:1"])
def test_such_a_place_is_taken(listen: str) -> None:
    assert tiny_config(f"run.listen={listen}").run.listen == listen
