"""How the engine imports PyTorch, which takes seconds."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def nothing_is_garbage() -> Iterator[None]:
    """Modules that are imported within stay for as long as the process: they are not searched for garbage.

    Python would search them again and again while they come, and later with all that is: a second of processor time
    in a run of one step.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
