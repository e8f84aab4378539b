"""What a power cut may leave of a folder: every state that the file system was free to have brought to the disk.

The model is POSIX's word and no more. The content of a file is safe as of its last fsync; what was written since may be
there, in part or not at all. A name is safe once its folder was synced after it was made, moved or removed; of the
changes since then, any first part of them may be there, as journals keep the order of the changes of one folder.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pytest

Names: TypeAlias = dict[str, "Node"]

WATCHED = ("fsync", "fdatasync", "rename", "replace", "link", "unlink", "remove", "rmdir", "mkdir")
"""The functions of ``os`` between whose calls the disk may be cut off."""


@dataclass(eq=False)
class Node:
    """A file or a folder, whatever it is called."""

    folder: bool
    synced: bytes = b""
    """A file's content as of its last fsync."""
    names: Names = field(default_factory=dict)
    """A folder's names as of its last fsync."""
    pending: list[Names] = field(default_factory=list)
    """What the folder's names have been since, oldest first."""

    @property
    def newest(self) -> Names:
        return self.pending[-1] if self.pending else self.names


@dataclass(frozen=True)
class File:
    """A file as it may be found after the power cut."""

    synced: bytes
    written: bytes


@dataclass(frozen=True)
class Folder:
    """A folder as it may be found: each state of its names that the disk may have, the safe one first."""

    states: tuple[dict[str, File | Folder], ...]


@dataclass(frozen=True)
class Moment:
    """An instant between two operations, with everything that a power cut at it may leave."""

    after: str
    """The operation that was the last to be done."""
    tree: Folder

    def outcomes(self) -> Iterator[tuple[str, Callable[[Path], None]]]:
        """Ways in which it may turn out, each with a name and with what builds it in a new folder."""
        depth = _most_states(self.tree)
        for names in range(depth):
            for content in ("lost", "torn", "written"):

                def build(target: Path, names: int = names, content: str = content) -> None:
                    _build(self.tree, target, names, content)

                yield f"after {self.after}: names {names + 1} of {depth}, contents {content}", build


def _most_states(folder: Folder) -> int:
    below = [_most_states(item) for state in folder.states for item in state.values() if isinstance(item, Folder)]
    return max(len(folder.states), *below, 1)


def _build(folder: Folder, target: Path, names: int, content: str) -> None:
    target.mkdir()
    for name, item in folder.states[min(names, len(folder.states) - 1)].items():
        if isinstance(item, Folder):
            _build(item, target / name, names, content)
        else:
            (target / name).write_bytes(_content(item, content))


def _content(file: File, which: str) -> bytes:
    """All of what was written, only what was synced, or the start of what was written since."""
    if which == "written":
        return file.written
    if which == "lost":
        return file.synced
    kept = file.synced if file.written.startswith(file.synced) else b""
    return file.written[: (len(kept) + len(file.written) + 1) // 2]


class Disk:
    """Watches what is done below a folder, and keeps for every instant between two operations what may be left."""

    def __init__(self, root: Path) -> None:
        self.moments: list[Moment] = []
        self._root = root
        self._lock = threading.RLock()
        self._nodes: dict[int, Node] = {}
        self._top = self._node(root)
        self._observe()
        self._sync_everything(self._top, root)

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Be told of every operation from now on."""
        for name in WATCHED:
            patch.setattr(os, name, self._watched(name, getattr(os, name)))

    def _watched(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **options: Any) -> Any:
            with self._lock:
                self._observe()
                result = function(*arguments, **options)
                if name in ("fsync", "fdatasync"):
                    self._synced(arguments[0])
                self._observe()
                self.moments.append(Moment(f"{len(self.moments)} {name}", self._frozen(self._top, self._root)))
            return result

        return watched

    # ------------------------------------------------------------------------------------------- what there is now

    def _node(self, path: Path) -> Node:
        """The node behind a name; a new one where its number on the disk was not met before."""
        status = path.lstat()
        return self._nodes.setdefault(status.st_ino, Node(folder=path.is_dir()))

    def _observe(self) -> None:
        """Take note of names that were made, moved or removed, by whomever, since the last look."""
        met: set[int] = set()
        self._observe_folder(self._top, self._root, met)
        self._nodes = {number: node for number, node in self._nodes.items() if number in met or node is self._top}

    def _observe_folder(self, node: Node, path: Path, met: set[int]) -> None:
        names: Names = {}
        for entry in sorted(path.iterdir()):
            child = self._node(entry)
            met.add(entry.lstat().st_ino)
            names[entry.name] = child
            if child.folder:
                self._observe_folder(child, entry, met)
        if names != node.newest:
            node.pending.append(names)

    # ------------------------------------------------------------------------------------------------ what is safe

    def _synced(self, descriptor: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        if path == self._root or self._root in path.parents:
            self._sync(self._node(path), path)

    def _sync(self, node: Node, path: Path) -> None:
        if node.folder:
            node.names, node.pending = node.newest, []
        else:
            node.synced = path.read_bytes()

    def _sync_everything(self, node: Node, path: Path) -> None:
        """What was there before anybody watched is safe."""
        self._sync(node, path)
        for name, child in node.names.items():
            self._sync_everything(child, path / name)

    def _frozen(self, node: Node, path: Path) -> Folder:
        contents: dict[Node, bytes] = {}
        _read_all(node, path, contents)
        return _frozen(node, contents)


def _read_all(node: Node, path: Path, contents: dict[Node, bytes]) -> None:
    for name, child in node.newest.items():
        if child.folder:
            _read_all(child, path / name, contents)
        else:
            contents[child] = (path / name).read_bytes()


def _frozen(node: Node, contents: dict[Node, bytes]) -> Folder:
    states = []
    for names in (node.names, *node.pending):
        state: dict[str, File | Folder] = {}
        for name, child in names.items():
            if child.folder:
                state[name] = _frozen(child, contents)
            else:  # a file that is gone by now was written as far as it was synced, for all that is known
                state[name] = File(child.synced, contents.get(child, child.synced))
        states.append(state)
    return Folder(tuple(states))
