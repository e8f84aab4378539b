"""Writing what is there whole or not at all: under another name first, and nothing in its place is overwritten."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.errors import RequestError, WorkError
from engine.protocol.rundir import sync_path


@contextmanager
def drafted(finals: Sequence[Path]) -> Iterator[list[Path]]:
    """Paths to write files or folders to, which get their names together once the block is done.

    Raises:
        RequestError: a name has been taken meanwhile.
        WorkError: they cannot be written.
    """
    drafts = [final.with_name(f".{final.stem}.{os.getpid()}.part{final.suffix}") for final in finals]
    try:
        yield drafts
        for draft, final in zip(drafts, finals, strict=True):
            if final.exists():
                raise RequestError(str(final), "has come to be there meanwhile", "Choose another -o.")
            draft.rename(final)
            sync_path(final.parent)
    except OSError as error:
        fact = f"cannot be written ({error.strerror or error})"
        raise WorkError(str(finals[0]), fact, "Make room, or choose another -o.") from error
    finally:
        for draft in drafts:
            if draft.is_dir():
                shutil.rmtree(draft, ignore_errors=True)
            else:
                draft.unlink(missing_ok=True)
