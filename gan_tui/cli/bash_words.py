"""Words as bash splits them for completion: at colons and equals signs too, where they are one word for gan-tui."""

from __future__ import annotations

from collections.abc import Sequence

SEPARATORS = frozenset(":=")
"""Of bash's COMP_WORDBREAKS those that stand within words of gan-tui's, as in best:psnr and run.batch=4."""


def rejoined(words: Sequence[str], current: int) -> tuple[list[str], int, str]:
    """Put words together again that bash has split.

    Args:
        words: as bash has them in COMP_WORDS.
        current: which of them is to be completed.

    Returns:
        The words, which of them is to be completed, and what of that one bash leaves as it is: it replaces what stands
        behind the last separator alone.
    """
    joined: list[str] = []
    place = 0
    kept = ""
    for number, word in enumerate(words):
        # An empty one stands behind a blank: right behind a separator the word to be completed is the separator.
        follows = bool(joined and word) and (word in SEPARATORS or words[number - 1] in SEPARATORS)
        if number == current:
            kept = joined[-1] + (word if word in SEPARATORS else "") if follows else ""
        if follows:
            joined[-1] += word
        else:
            joined.append(word)
        if number == current:
            place = len(joined) - 1
    return joined, place, kept


def behind(kept: str, word: str) -> str:
    """What of a completed word bash is to put behind what it keeps, which may begin with an option, as --set=."""
    for start in (kept, kept.partition("=")[2]):
        if start and word.startswith(start):
            return word.removeprefix(start)
    return word
