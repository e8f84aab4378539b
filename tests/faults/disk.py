"""What a power cut may leave of a folder: every state that the file system was free to have brought to the disk.

The model is POSIX's word and no more. The content of a file is safe as of its last fsync; what was written since may be
there, in part or not at all. A name is safe once its folder was synced after it was made, moved or removed; of the
changes since then, any first part may be there, as journals keep the order of the changes within a folder, or one of
the removals alone; and each folder may have come further than another.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pytest

State: TypeAlias = dict[str, bytes | None]
"""Relative path to content; None for a folder."""
Names: TypeAlias = "dict[str, Node]"

WATCHED = ("fsync", "fdatasync", "rename", "replace", "link", "unlink", "remove", "rmdir", "mkdir")
"""The functions of ``os`` between whose calls the power may fail."""


@dataclass(eq=False)
class Node:
    """A file or a folder, whatever it is called."""

    folder: bool
    synced: bytes = b""
    """A file's content as of its last fsync."""
    written: bytes = b""
    """A file's content as a program finds it now; of one that was removed, as it last was."""
    names: list[Names] = field(default_factory=lambda: [{}])
    """What a folder's names were as of its last fsync, and after each change since."""


@dataclass(frozen=True)
class Moment:
    """An instant between two operations, with everything that a power cut at it may leave."""

    operation: str
    """What was done last."""
    live: State
    """What programs find, had the power not failed."""
    left: tuple[State, ...]
    """What may be found afterwards."""


def build(state: State, target: Path) -> Path:
    """Write a state to a new folder."""
    target.mkdir()
    for name, content in state.items():  # folders come before what is in them
        if content is None:
            (target / name).mkdir()
        else:
            (target / name).write_bytes(content)
    return target


class Disk:
    """Watches what is done below a folder; what is there when it begins is safe."""

    def __init__(self, root: Path) -> None:
        self.moments: list[Moment] = []
        self._root = root
        self._lock = threading.RLock()
        self._nodes: dict[int, Node] = {}
        """By their number on the disk."""
        self._top = Node(folder=True)
        self._observe()
        for node in (self._top, *self._nodes.values()):
            _sync(node)

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Take note of every operation from now on."""
        for name in WATCHED:
            patch.setattr(os, name, self._watched(name, getattr(os, name)))

    def _watched(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **options: Any) -> Any:
            with self._lock:
                self._observe()
                node = self._node_of(arguments[0]) if name in ("fsync", "fdatasync") else None
                result = function(*arguments, **options)
                self._observe()
                if node is not None:
                    _sync(node)
                live = _flat(self._top, _newest, lambda file: file.written)
                self.moments.append(Moment(f"{name} {arguments[0]}", live, tuple(self._left())))
            return result

        return watched

    def _node_of(self, descriptor: int) -> Node | None:
        number = os.fstat(descriptor).st_ino
        return self._top if number == self._root.stat().st_ino else self._nodes.get(number)

    # ------------------------------------------------------------------------------------------- what there is now

    def _observe(self) -> None:
        """Take note of names made, moved or removed, and of what was written, by whomever, since the last look."""
        found: dict[int, Node] = {}
        self._observe_folder(self._top, self._root, found)
        self._nodes = found  # the number of what was removed may be given again

    def _observe_folder(self, node: Node, path: Path, found: dict[int, Node]) -> None:
        names = {}
        for entry in sorted(path.iterdir()):
            number = entry.lstat().st_ino
            child = self._nodes.get(number) or Node(folder=entry.is_dir())
            found[number] = names[entry.name] = child
            if child.folder:
                self._observe_folder(child, entry, found)
            else:
                content = entry.read_bytes()
                child.written = child.written if content == child.written else content
        if names != node.names[-1]:
            node.names.append(names)

    # --------------------------------------------------------------------------------------- what a power cut leaves

    def _left(self) -> Iterator[State]:
        contents = (lambda file: file.synced, _torn, lambda file: file.written)
        unsafe = [node for node in (self._top, *self._nodes.values()) if node.folder and len(node.names) > 1]
        for content in contents:
            for others in (_safe, _newest):
                yield _flat(self._top, others, content)
                for moved in unsafe:
                    for names in (*moved.names, *_single_removals(moved)):
                        yield _flat(self._top, _choice(moved, names, others), content)


def _safe(folder: Node) -> Names:
    return folder.names[0]


def _newest(folder: Node) -> Names:
    return folder.names[-1]


def _single_removals(folder: Node) -> Iterator[Names]:
    """The safe names without one of those that were deleted since."""
    safe, newest = _safe(folder), _newest(folder)
    for name, node in safe.items():
        if name not in newest and node not in newest.values():
            yield {kept: other for kept, other in safe.items() if kept != name}


def _choice(moved: Node, names: Names, others: Callable[[Node], Names]) -> Callable[[Node], Names]:
    """One folder's names at a stage of their own, all others' as they are safe or as they are now."""
    return lambda folder: names if folder is moved else others(folder)


def _sync(node: Node) -> None:
    node.synced = node.written
    node.names = node.names[-1:]


def _torn(file: Node) -> bytes:
    """Half of what was written since the last fsync."""
    kept = len(file.synced) if file.written.startswith(file.synced) else 0
    return file.written[: (kept + len(file.written) + 1) // 2]


def _flat(top: Node, names_of: Callable[[Node], Names], content: Callable[[Node], bytes]) -> State:
    state: State = {}

    def descend(node: Node, prefix: str) -> None:
        for name, child in names_of(node).items():
            state[prefix + name] = None if child.folder else content(child)
            if child.folder:
                descend(child, f"{prefix}{name}/")

    descend(top, "")
    return state
