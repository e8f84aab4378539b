"""The header: which run this is, how it is and how far, over a bar of its progress."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len

from gan_tui.state.run_view import RunView
from gan_tui.state.wording import STATUS_WORDS, StatusWord, duration, pace, progress
from gan_tui.widgets.columns import clipped
from gan_tui.widgets.line import Lines, Span
from gan_tui.widgets.machine_words import stuck_text

LEAST = {"header--name": 6, "header--waiting": 12, "header--bad": 8}
"""Characters that the name, a remark and trouble keep, however narrow the terminal; shortened in this order."""


class _Item(NamedTuple):
    """A part of the header; those of higher rank go first when room is short."""

    text: str
    name: str
    rank: int


class RunHeader(Lines):
    """Two lines: identity and state on the left, position and pace on the right; below, the progress."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "header--name",
        "header--plain",
        "header--faint",
        "header--good",
        "header--waiting",
        "header--bad",
        "header--done",
        "header--todo",
    }
    DEFAULT_CSS = """
    RunHeader { height: 2; background: $surface; }
    RunHeader .header--name { color: $foreground; text-style: bold; background: $surface; }
    RunHeader .header--plain { color: $foreground; background: $surface; }
    RunHeader .header--faint { color: $faint; background: $surface; }
    RunHeader .header--good { color: $success; text-style: bold; background: $surface; }
    RunHeader .header--waiting { color: $warning; text-style: bold; background: $surface; }
    RunHeader .header--bad { color: $error; text-style: bold; background: $surface; }
    RunHeader .header--done { color: $primary; background: $surface; }
    RunHeader .header--todo { color: $frame; background: $surface; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._view: RunView | None = None
        self._tags: tuple[str, ...] = ()

    def show(self, view: RunView, tags: tuple[str, ...]) -> None:
        """Take the run's view, and remarks about the display itself such as "FROZEN"."""
        self._view, self._tags = view, tags
        self.redraw()

    def lines(self, width: int) -> list[list[Span]]:
        """Both lines, parts left out where room is short."""
        if self._view is None:
            return []
        return [_identity(self._view, self._tags, width), _progress(self._view, width)]


def _identity(view: RunView, tags: Sequence[str], width: int) -> list[Span]:
    status = STATUS_WORDS[view.status]
    left = _left(view, status, tags)
    right = _right(view)
    separators = 3 * (len(left) + len(right))
    while sum(cell_len(item.text) for item in left + right) + separators + 2 > width:
        droppable = max(left + right, key=lambda item: item.rank)
        if droppable.rank == 0:
            break
        (left if droppable in left else right).remove(droppable)
        separators -= 3
    tail = [*_joined(right), (" ", "header--plain")] if right else []
    spans = [(" ", "header--plain"), *_joined(_squeezed(left, width - 1))]
    gap = width - sum(cell_len(text) for text, _ in spans + tail)
    return [*spans, (" " * max(0, gap), "header--plain"), *tail]


def _squeezed(items: Sequence[_Item], width: int) -> list[_Item]:
    """The items, shortened to have room together as far as they can be."""
    squeezed = list(items)
    for style, least in LEAST.items():
        for place, item in enumerate(squeezed):
            over = sum(cell_len(each.text) for each in squeezed) + 3 * (len(squeezed) - 1) - width
            if over > 0 and item.name == style:
                squeezed[place] = item._replace(text=clipped(item.text, max(least, cell_len(item.text) - over)))
    return squeezed


def _left(view: RunView, status: StatusWord, tags: Sequence[str]) -> list[_Item]:
    items = [_Item(view.name, "header--name", 0)]
    if view.method:
        items.append(_Item(view.method, "header--plain", 5))
    if view.origin:
        items.append(_Item(f"from {view.origin.text}", "header--faint", 7))
    if view.device:
        items.append(_Item(view.device, "header--plain", 6))
    items.append(_Item(f"{status.symbol} {status.word}", f"header--{status.token}", 0))
    if view.stage and not view.ended:
        items.append(_Item(view.stage, "header--waiting", 1))
    items.extend(_Item(tag, "header--waiting", 0) for tag in tags)
    if trouble := _trouble(view):
        items.append(_Item(trouble, "header--bad", 0))
    return items


def _trouble(view: RunView) -> str:
    """What an engine at work cannot write; while its disk takes no lines, it takes no checkpoint either."""
    if view.ended:
        return ""
    if view.lines_waiting:
        return f"✖ {view.lines_waiting:,} lines wait for the disk"
    if view.stuck is not None:
        return f"✖ step {stuck_text(view.stuck)}"
    return "✖ last save failed" if view.save_failure else ""


def _right(view: RunView) -> list[_Item]:
    items = []
    if view.epochs:
        items.append(_Item(f"epoch {view.epoch}/{view.epochs}", "header--plain", 4))
    if view.total_steps:
        items.append(_Item(f"step {view.step:,}", "header--plain", 1))
    if view.throughput and view.status in ("training", "paused", "stopping"):
        items.append(_Item(pace(view.throughput), "header--plain", 3))
    if view.remaining_seconds is not None and view.status in ("training", "paused"):
        items.append(_Item(f"ETA {duration(view.remaining_seconds)}", "header--plain", 2))
    return items


def _joined(items: Sequence[_Item]) -> list[Span]:
    spans: list[Span] = []
    for item in items:
        if spans:
            spans.append((" · ", "header--faint"))
        spans.append((item.text, item.name))
    return spans


def _progress(view: RunView, width: int) -> list[Span]:
    share = min(1.0, view.step / view.total_steps) if view.total_steps else 0.0
    percent = f" {told} " if (told := progress(view.step, view.total_steps)) else ""
    room = width - len(percent)
    done = int(room * share * 2)
    half = "╸" if done % 2 else ""
    return [
        ("━" * (done // 2) + half, "header--done"),
        ("─" * (room - done // 2 - len(half)), "header--todo"),
        (percent, "header--faint"),
    ]
