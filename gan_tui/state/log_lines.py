"""Lines of a program's log made fit to be shown, and the search among them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from gan_tui.state.plain_text import printable

Level: TypeAlias = Literal["plain", "warning", "error"]

_SEQUENCES = re.compile(
    r"\x1b\[[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[\x40-\x5a\x5c-\x5f]"
)
"""What colours text, moves the cursor or names the terminal: libraries write such things into logs too."""
_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ")
_LEVEL = re.compile(r"\S+ \S+ (WARNING|ERROR|CRITICAL) ")
"""As the engine's lines begin: date, time, level."""


LINES_KEPT = 5000


class News(NamedTuple):
    """What has come since the last look."""

    lines: tuple[str, ...]
    """Harmless and on one line each; the newest may go on with the next look."""
    unfinished: bool = False
    """Whether the last of them does not end yet: the next look brings the whole of it again."""
    anew: bool = False
    """Whether all that was known is void: the first look, or a file that was replaced or cut."""
    skipped: int = 0
    """Bytes before the first line that were not read."""
    trouble: str = ""
    """Why there is nothing to read."""


@dataclass(frozen=True, kw_only=True)
class Log:
    """What is known of a log."""

    lines: tuple[str, ...] = ()
    unfinished: bool = False
    """Whether the newest line may still go on."""
    skipped: int = 0
    """Bytes before the first line."""
    trouble: str = ""
    """Why it cannot be read."""
    read: bool = False
    """Whether anybody has looked yet."""


def with_news(log: Log, news: News) -> Log:
    """The log after a look; of very many lines the oldest are let go."""
    known = () if news.anew else log.lines[: len(log.lines) - log.unfinished]
    return Log(
        lines=(*known, *news.lines)[-LINES_KEPT:],
        unfinished=news.unfinished,
        skipped=news.skipped if news.anew else log.skipped,
        trouble=news.trouble,
        read=True,
    )


def shown_line(line: str) -> str:
    """A line as it may be shown, without controls: of a progress bar, which writes over itself, the newest state."""
    newest = line.rstrip("\r\n").rpartition("\r")[2]
    return printable(_SEQUENCES.sub("", newest).expandtabs(4)).rstrip()


def stamp_length(line: str) -> int:
    """How many characters at the beginning of a line are its date and time."""
    found = _STAMP.match(line)
    return found.end() if found else 0


def level_of(line: str) -> Level:
    """How serious a line says that it is."""
    found = _LEVEL.match(line)
    if found is None:
        return "plain"
    return "warning" if found[1] == "WARNING" else "error"


def matching_lines(lines: Sequence[str], typed: str) -> list[int]:
    """Places of the lines in which something typed occurs, whatever its case; none where nothing is typed."""
    wanted = typed.casefold()
    return [place for place, line in enumerate(lines) if wanted in line.casefold()] if wanted else []


def next_match(matches: Sequence[int], current: int, by: int) -> int | None:
    """The next match after a line, or with -1 before it, round at the ends; None where there is none."""
    if not matches:
        return None
    if by > 0:
        return next((place for place in matches if place > current), matches[0])
    return next((place for place in reversed(matches) if place < current), matches[-1])


def parts_of(text: str, typed: str) -> list[tuple[str, bool]]:
    """A text in parts, each with whether it is what was typed."""
    if not typed:
        return [(text, False)]
    parts: list[tuple[str, bool]] = []
    end = 0
    for found in re.finditer(re.escape(typed), text, re.IGNORECASE):
        parts.extend([(text[end : found.start()], False), (found[0], True)])
        end = found.end()
    return [part for part in (*parts, (text[end:], False)) if part[0]]
