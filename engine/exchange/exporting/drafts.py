"""Writing what is there whole or not at all: elsewhere first, and nothing that has its name already is overwritten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.errors import RequestError, WorkError
from engine.exchange.naming import give_names
from engine.exchange.workshop import workshop


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
        with workshop(finals[0].parent, "export") as folder:
            # endings are kept: what writes an export may go by them
            drafts = [Path(folder, f"{number}{final.suffix}") for number, final in enumerate(finals)]
            yield drafts
            give_names(drafts, finals)
    except FileExistsError as error:
        raise RequestError(str(error.filename), "has come to be there meanwhile", "Choose another -o.") from error
    except OSError as error:
        fact = f"cannot be written ({error.strerror or error})"
        raise WorkError(str(finals[0]), fact, "Make room, or choose another -o.") from error
