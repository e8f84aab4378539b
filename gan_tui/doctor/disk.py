"""The disk that the folder of runs lies on: its room, its kind, and how long it takes to keep something for good."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from engine.config.image_files import is_folder
from engine.protocol.mounts import carries_locks, mount_of
from engine.sizes import size_text
from gan_tui.doctor.finding import Finding, note, ok, problem
from gan_tui.doctor.site import Site

LEAST = 10**9
"""Bytes; a few checkpoints of the usual networks."""
SCARCE = 10**10
LEAST_FILES = 1000
SYNCS = 5
SYNC_BYTES = 4096
SLOW_SYNC = 0.2
"""Seconds. A checkpoint syncs some ten files, off the step loop."""
_OF_A_NETWORK = ("nfs", "cifs", "smb", "fuse", "9p", "lustre", "beegfs", "ceph", "gpfs", "afs")
_VOLATILE = ("tmpfs", "ramfs")


def examine(site: Site, runs: Path) -> Iterator[Finding]:
    """Look at the disk.

    Args:
        site: where facts are read.
        runs: the folder of runs; where it is not there yet, the nearest one above it is looked at.
    """
    folder = next(each for each in (runs, *runs.parents) if is_folder(each))
    yield ok("runs", f"{runs}{'' if folder == runs else ', which the first run makes'}")
    yield from _room(folder)
    yield from _kind(site, folder)
    yield _writing(folder)


def _room(folder: Path) -> Iterator[Finding]:
    found = os.statvfs(folder)
    free, total = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
    fact = f"{size_text(free)} free of {size_text(total)}"
    if free < LEAST:
        yield problem("room", fact, "Make room, or choose another folder: --runs-dir, GAN_TUI_RUNS_DIR.")
    elif free < SCARCE:
        yield note("room", fact, "Checkpoints may fill it: see checkpoint.keep, and gan-tui delete.")
    else:
        yield ok("room", fact)
    if found.f_files > 0 and found.f_favail < LEAST_FILES:
        yield problem("files", f"{found.f_favail} more can be made", "Remove small files: the disk has no inodes left.")


def _kind(site: Site, folder: Path) -> Iterator[Finding]:
    mounts = site.path("/proc/self/mountinfo")
    kind = mount_of(folder, mounts).kind
    if not kind:
        return
    if kind in _VOLATILE:
        fact = f"{kind}: in memory, and gone when the machine is started anew"
        yield note("file system", fact, "Choose a folder on a disk: --runs-dir.")
    elif not kind.startswith(_OF_A_NETWORK):
        yield ok("file system", kind)
    elif carries_locks(folder, mounts):
        yield ok("file system", f"{kind}, of a network; the locks of other machines are seen")
    else:
        fact = f"{kind}, of a network: whether another machine trains a run cannot be told by its lock"
        fix = "Resume a run on the machine that trained it, or branch. Reading is right from everywhere."
        yield note("file system", fact, fix)


def _writing(folder: Path) -> Finding:
    """Write a little and have it kept, as a checkpoint is."""
    taken = []
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            for _ in range(SYNCS):
                begun = time.perf_counter()
                os.pwrite(file.fileno(), os.urandom(SYNC_BYTES), 0)
                os.fsync(file.fileno())
                taken.append(time.perf_counter() - begun)
    except OSError as error:
        fix = "Make it writable, or choose another folder: --runs-dir, GAN_TUI_RUNS_DIR."
        return problem("writing", f"{folder} cannot be written ({error.strerror})", fix)
    median = statistics.median(taken)
    fact = f"{SYNC_BYTES // 1024} kB kept for good in {1000 * median:.1f} ms (fsync, median of {SYNCS})"
    if median > SLOW_SYNC:
        return note("writing", fact, "Checkpoints take long to be complete; training does not wait for them.")
    return ok("writing", fact)
