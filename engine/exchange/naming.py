"""Giving what was made elsewhere the names that it is to have: all of them or none, and none that something has."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from engine.protocol.rundir import sync_path


def give_names(drafts: Sequence[Path], finals: Sequence[Path]) -> None:
    """Move files or folders to names that are free; whatever ends this early leaves nothing under any of them.

    A name is taken by making something empty of it, which of all who want it one alone can do, and which the draft
    then replaces at once.

    Args:
        drafts: on the file system of the names.
        finals: the names, all in one folder.

    Raises:
        FileExistsError: one is taken; its filename says which.
        OSError: the folder cannot be written.
    """
    named: list[Path] = []
    try:
        for draft, final in zip(drafts, finals, strict=True):
            if draft.is_dir():
                final.mkdir()
            else:
                final.touch(exist_ok=False)
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
