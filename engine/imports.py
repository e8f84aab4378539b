"""How the engine imports PyTorch, which takes seconds."""

from __future__ import annotations

import atexit
import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def nothing_is_garbage() -> Iterator[None]:
    """Modules that are imported within stay for as long as the process: they are not searched for garbage.

    Python would search them again and again while they come, half a second of processor time, and later with all
    that is.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        atexit.register(gc.unfreeze)  # at its end nanobind, which PyTorch has parts of, calls what is left a leak
        gc.enable()
