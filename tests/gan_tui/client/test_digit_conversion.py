"""Published digits written anew by a process of its own."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.config.data import DigitsData
from engine.config.data_check import check_data
from engine.errors import WorkError
from gan_tui.client.digit_conversion import convert_digits
from gan_tui.datasets.sets.fetch import fetch
from gan_tui.datasets.sets.known import KnownSet, catalogue
from tests.engine.data.test_published_digits import publish_svhn, publish_usps
from tests.gan_tui.datasets.sets.conftest import Heard
from tests.gan_tui.datasets.sets.server import serving


def test_usps_and_svhn_are_written_and_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_usps(tmp_path)
    publish_svhn(tmp_path, {"train": 3, "test": 2})
    monkeypatch.chdir(tmp_path)
    heard = Heard()
    convert_digits("usps", Path(), Path("usps"), heard)
    convert_digits("svhn", Path(), Path("svhn"), heard)
    check_data(DigitsData(root=str(tmp_path), A="svhn", B="usps"))
    told = ("reading usps with torchvision", "reading svhn with torchvision", "writing train images")
    assert tuple(what for what, _, _ in heard.parts) == (*told, "writing test images")
    assert [done for _, total, done in heard.parts if total] == [3, 2]


def test_files_that_are_not_right_are_a_failure(tmp_path: Path) -> None:
    publish_usps(tmp_path)
    (tmp_path / "usps.t.bz2").write_bytes(b"no")
    with pytest.raises(WorkError, match="usps, test: cannot be read"):
        convert_digits("usps", tmp_path, tmp_path / "usps", Heard())


def test_a_set_is_fetched_and_converted(tmp_path: Path) -> None:
    """USPS from a server to the folder that a preset reads; and one that is not right leaves nothing there."""
    published = tmp_path / "published"
    published.mkdir()
    publish_usps(published)
    root = tmp_path / "datasets"
    with serving() as server:
        for path in published.iterdir():
            server.offer(path.name, path.read_bytes())
        usps = as_served(published)
        fetched = fetch(usps, root, [server.address], Heard(), convert_digits)
        assert fetched.images == {"train": 3, "test": 2}
        assert [path.name for path in root.iterdir()] == ["usps"]
        check_data(DigitsData(root=str(root), A="usps", B="usps"))

        (published / "usps.t.bz2").write_bytes(b"no")
        server.offer("usps.t.bz2", b"no")
        with pytest.raises(WorkError, match="usps, test: cannot be read"):
            fetch(as_served(published), tmp_path / "other", [server.address], Heard(), convert_digits)
        assert not (tmp_path / "other" / "usps").exists()


def as_served(published: Path) -> KnownSet:
    """What the catalogue says of USPS, with the checksums of these files."""
    usps = catalogue().sets["usps"]
    files = [
        replace(file, sha256=hashlib.sha256((published / file.name).read_bytes()).hexdigest()) for file in usps.files
    ]
    return replace(usps, files=files)
