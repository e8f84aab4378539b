"""One file to its place: whole, checked, once, and gone on with."""

from __future__ import annotations

import hashlib
import random
from collections import deque
from pathlib import Path

import pytest

from engine.errors import RequestError, WorkError
from gan_tui.datasets.sets.download import Patience
from gan_tui.datasets.sets.single_file import fetch_file
from tests.gan_tui.datasets.sets.conftest import Heard
from tests.gan_tui.datasets.sets.server import SetServer

BODY = random.Random(1).randbytes(300_000)
DIGEST = hashlib.sha256(BODY).hexdigest()


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("sha256", [DIGEST, DIGEST[:8], DIGEST[:8].upper(), ""])
def test_it_arrives_and_nothing_else(server: SetServer, tmp_path: Path, heard: Heard, sha256: str) -> None:
    server.offer("weights.pth", BODY)
    place = tmp_path / "hub" / "weights.pth"
    for _ in range(2):
        assert fetch_file(server.url("weights.pth"), place, heard, sha256=sha256) == place
    assert place.read_bytes() == BODY
    assert everything(tmp_path) == {"hub/weights.pth"}
    assert len(server.asked) == 1, "what is there is left alone"
    assert heard.parts[0] == ("weights.pth", len(BODY), len(BODY))


def test_it_is_gone_on_with(server: SetServer, tmp_path: Path, heard: Heard, patience: Patience) -> None:
    server.offer("weights.pth", BODY, cuts=deque([100_000, 0, 0, 0, 0]))
    place, url = tmp_path / "weights.pth", server.url("weights.pth")
    with pytest.raises(WorkError) as refused:
        fetch_file(url, place, heard, sha256=DIGEST[:8], otherwise="or name it with --fid-weights", patience=patience)
    assert refused.value.fix == "What has come is kept: try again later, or name it with --fid-weights."
    assert not place.exists()
    fetch_file(url, place, heard, sha256=DIGEST[:8], patience=patience)
    assert place.read_bytes() == BODY
    assert server.ranges[-1] == "bytes=100000-"


def test_what_is_something_else_does_not_take_its_place(server: SetServer, tmp_path: Path, heard: Heard) -> None:
    server.offer("weights.pth", BODY)
    with pytest.raises(WorkError, match=f"has the SHA-256 {DIGEST}, which does not begin with 0123 as published"):
        fetch_file(server.url("weights.pth"), tmp_path / "weights.pth", heard, sha256="0123")
    with pytest.raises(WorkError, match="has 300,000 bytes under that name, not 7"):
        fetch_file(server.url("weights.pth"), tmp_path / "weights.pth", heard, size=7)
    assert everything(tmp_path) == set()


def test_a_place_that_cannot_be(server: SetServer, tmp_path: Path, heard: Heard) -> None:
    server.offer("weights.pth", BODY)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RequestError, match=r"file: is not a folder\. Name another"):
        fetch_file(server.url("weights.pth"), tmp_path / "file" / "weights.pth", heard)
    assert server.asked == []
