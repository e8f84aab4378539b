"""Checkpoints are read once, and again when they have changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.protocol.checkpoints import read_manifest
from engine.protocol.rundir import RunDirectory
from gan_tui.client.digests import damage_once
from tests.gan_tui.client.resumable import WEIGHTS, flip_a_bit, folder_of

IO = Path("/proc/self/io")


def bytes_read() -> int:
    """By this process, from whatever it read."""
    return int(IO.read_text().split()[1])


@pytest.mark.skipif(not IO.exists(), reason="this system does not count what a process reads")
def test_files_are_read_once(horse: RunDirectory) -> None:
    folder = folder_of(horse, 12)
    manifest = read_manifest(folder)
    begun = bytes_read()
    assert damage_once(folder, manifest) == ""
    once = bytes_read()
    assert once - begun > manifest.size
    assert damage_once(folder, manifest) == ""
    assert bytes_read() - once < manifest.size / 10


def test_what_has_changed_is_read_again(horse: RunDirectory) -> None:
    folder = folder_of(horse, 12)
    manifest = read_manifest(folder)
    whole = (folder / WEIGHTS).read_bytes()
    assert damage_once(folder, manifest) == ""
    flip_a_bit(horse, 12)
    assert f"damaged file {WEIGHTS}" in damage_once(folder, manifest)
    (folder / WEIGHTS).unlink()
    (folder / WEIGHTS).write_bytes(whole)
    assert damage_once(folder, manifest) == ""
    (folder / WEIGHTS).unlink()
    assert damage_once(folder, manifest) == f"lacks its file {WEIGHTS}"
