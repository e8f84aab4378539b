"""Disks of a size that a test can fill, or that take nothing: file systems in memory, mounted for a test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A file system of a given size on a new folder. Skips the test where this user may not mount one."""
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def make_readonly(folder: Path, *, readonly: bool = True) -> None:
    """Let a mounted file system take nothing more, whoever writes; or let it take something again."""
    _mount("-o", f"remount,{'ro' if readonly else 'rw'}", str(folder))


def fill(folder: Path, leave_bytes: int = 0) -> Path:
    """Fill the file system that a folder lies on, but for so many bytes; returns the file that does it."""
    ballast = folder / "ballast"
    with ballast.open("ab") as file:
        while (free := _free(folder) - leave_bytes) > 0:
            file.write(b"\0" * min(free, 1 << 20))
            file.flush()
    return ballast


def _free(folder: Path) -> int:
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def _mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a file system cannot be mounted here: {done.stderr.strip()}")
