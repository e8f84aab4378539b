"""The folder of sockets: whether it can be had, and whether it is still there after a logout."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gan_tui.doctor import sockets
from gan_tui.doctor.site import Site
from tests.gan_tui.doctor.sites import by_subject, site


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The runtime directory that the environment names; its path is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="gt-") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


def test_a_folder_that_is_as_it_should_be(given: Path) -> None:
    found = by_subject(sockets.examine(site(given / "root", XDG_RUNTIME_DIR=str(given))))
    assert {finding.mark for finding in found.values()} == {"ok"}
    assert found["folder"].fact.startswith(f"{given / 'gan-tui'}, by XDG_RUNTIME_DIR")
    assert list((given / "gan-tui").iterdir()) == []


def test_a_path_that_is_too_long_is_a_problem_with_its_fix(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = given / ("x" * 100)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    [finding] = sockets.examine(site(given / "root"))
    assert (finding.mark, finding.fix) == ("problem", "Set XDG_RUNTIME_DIR to a shorter one.")


def test_sockets_that_engines_left_are_told_and_those_in_use_are_not(given: Path) -> None:
    folder = given / "gan-tui"
    folder.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead, socket.socket(socket.AF_UNIX) as alive:
        dead.bind(str(folder / "dead.c"))
        alive.bind(str(folder / "alive.c"))
        alive.listen()
        dead.close()
        finding = by_subject(sockets.examine(site(given / "root")))["left behind"]
    assert finding.mark == "note"
    assert finding.fact.startswith("1 ")
    assert str(folder / "dead.c") in finding.fix


@pytest.mark.parametrize(
    ("files", "folder", "mark"),
    [
        ({"/run/systemd/system/": ""}, "/run/user/1000/gan-tui", "note"),
        ({"/run/systemd/system/": "", "/var/lib/systemd/linger/ada": ""}, "/run/user/1000/gan-tui", "ok"),
        ({"/run/systemd/system/": ""}, "/tmp/gan-tui-1000", "ok"),
        ({}, "/run/user/1000/gan-tui", "ok"),
    ],
)
def test_what_systemd_removes_at_logout(tmp_path: Path, files: dict[str, str], folder: str, mark: str) -> None:
    finding = sockets.lifetime(site(tmp_path, files), Path(folder))
    assert finding.mark == mark
    assert ("loginctl enable-linger ada" in finding.fix) == (mark == "note")


def test_this_machine_has_a_folder(given: Path) -> None:
    assert by_subject(sockets.examine(Site()))["writable"].mark == "ok"
