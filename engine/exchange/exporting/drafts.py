"""Writing what is there whole or not at all: elsewhere first, and nothing that has its name already is overwritten."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.errors import RequestError, WorkError
from engine.protocol.rundir import sync_path


@contextmanager
def drafted(finals: Sequence[Path]) -> Iterator[list[Path]]:
    """Paths to write files or folders to, which get their names together once the block is done.

    Whatever ends the block, or the naming, early leaves nothing of any of them.

    Args:
        finals: the names, all in one folder.

    Raises:
        RequestError: a name has been taken meanwhile.
        WorkError: they cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(
            prefix=".export-", dir=finals[0].parent, ignore_cleanup_errors=True
        ) as workshop:
            # endings are kept: what writes an export may go by them
            drafts = [Path(workshop, f"{number}{final.suffix}") for number, final in enumerate(finals)]
            yield drafts
            _give_names(drafts, finals)
    except OSError as error:
        fact = f"cannot be written ({error.strerror or error})"
        raise WorkError(str(finals[0]), fact, "Make room, or choose another -o.") from error


def _give_names(drafts: Sequence[Path], finals: Sequence[Path]) -> None:
    named: list[Path] = []
    try:
        for draft, final in zip(drafts, finals, strict=True):
            _take_name(final, folder=draft.is_dir())
            named.append(final)
            draft.replace(final)
        sync_path(finals[0].parent)
    except BaseException:
        for final in named:
            if final.is_dir():
                shutil.rmtree(final, ignore_errors=True)
            else:
                final.unlink(missing_ok=True)
        raise


def _take_name(final: Path, *, folder: bool) -> None:
    """Make something empty of that name, which then is replaced: of all who want a name one alone can make it."""
    try:
        if folder:
            final.mkdir()
        else:
            final.touch(exist_ok=False)
    except FileExistsError as error:
        raise RequestError(str(final), "has come to be there meanwhile", "Choose another -o.") from error
