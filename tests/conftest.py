"""What every test stands on: sockets and runs in folders of their own, one thread of arithmetic a process."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background: what tests start would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)
os.environ["OMP_NUM_THREADS"] = "1"  # PyTorch reads it when it is imported; test machines are shared
gc.set_threshold(100_000)  # searching PyTorch's and Textual's modules for garbage took a tenth to a quarter of the time


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: half of the tests wait for a process that they have started."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session", autouse=True)
def apart_from_the_user() -> Iterator[None]:
    """The user's live engines, runs and taste are never met; the folder's path is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="gt-") as folder, pytest.MonkeyPatch.context() as patch:
        Path(folder).chmod(0o700)
        patch.setenv("XDG_RUNTIME_DIR", folder)
        patch.delenv("GAN_TUI_RUNS_DIR", raising=False)
        patch.setenv("GAN_TUI_CONFIG", os.devnull)
        patch.setenv("LC_ALL", "C.UTF-8")  # else what is drawn depends on the locale of whoever tests
        yield
