"""The folder of sockets is the user's own, closed to others, and its paths fit a socket's address."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from engine.errors import WorkError
from engine.protocol.runtime import SOCKET_PATH_LIMIT, new_endpoints, remove_stale, socket_folder, socket_path


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The runtime directory that the environment names."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def test_it_lies_in_the_runtime_directory_and_is_closed_to_others(given: Path) -> None:
    before = os.umask(0)
    try:
        folder = socket_folder()
    finally:
        os.umask(before)
    assert folder == given / "gan-tui"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert socket_folder() == folder


def test_one_that_was_left_open_is_closed(given: Path) -> None:
    (given / "gan-tui").mkdir(mode=0o777)
    (given / "gan-tui").chmod(0o777)
    assert stat.S_IMODE(socket_folder().stat().st_mode) == 0o700


def test_a_link_in_its_place_is_refused(given: Path) -> None:
    (given / "elsewhere").mkdir()
    (given / "gan-tui").symlink_to(given / "elsewhere")
    with pytest.raises(WorkError, match="is not a folder of yours"):
        socket_folder()


def test_a_file_in_its_place_is_refused(given: Path) -> None:
    (given / "gan-tui").touch()
    with pytest.raises(WorkError):
        socket_folder()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_someone_elses_is_refused(given: Path) -> None:
    (given / "gan-tui").mkdir(mode=0o700)
    os.chown(given / "gan-tui", 12345, 12345)
    with pytest.raises(WorkError, match="is not a folder of yours"):
        socket_folder()


def test_a_path_that_no_socket_can_have_is_refused(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = given / ("x" * SOCKET_PATH_LIMIT)
    deep.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    with pytest.raises(WorkError, match="too long a path for a socket"):
        socket_folder()


def test_without_a_runtime_directory_it_lies_in_the_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "absent"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = socket_folder()
    assert folder in (tmp_path / f"gan-tui-{os.getuid()}", Path(f"/run/user/{os.getuid()}/gan-tui"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_an_engines_addresses_lie_in_it_fit_and_are_its_own() -> None:
    endpoints = [new_endpoints() for _ in range(5)]
    addresses = [address for each in endpoints for address in (each.events, each.sheets, each.commands)]
    assert len(set(addresses)) == 15
    for address in addresses:
        path = socket_path(address)
        assert path is not None
        assert path.parent == socket_folder()
        assert len(os.fsencode(path)) <= SOCKET_PATH_LIMIT
    assert socket_path("tcp://127.0.0.1:5555") is None


def test_sockets_on_which_nobody_listens_are_removed_and_the_others_kept(given: Path) -> None:
    endpoints = new_endpoints()
    heard, dead = (Path(address.removeprefix("ipc://")) for address in (endpoints.events, endpoints.sheets))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(heard))
        listening.listen()
        with socket.socket(socket.AF_UNIX) as killed:
            killed.bind(str(dead))
        remove_stale(endpoints)
        assert heard.is_socket()
        assert not dead.exists()
    remove_stale(endpoints)
    assert not heard.exists()


def test_a_file_that_is_no_socket_is_never_removed(given: Path) -> None:
    """run.json is text: whatever it names must not be deleted for it."""
    endpoints = new_endpoints()
    path = Path(endpoints.events.removeprefix("ipc://"))
    path.write_text("precious")
    remove_stale(endpoints)
    assert path.read_text() == "precious"
