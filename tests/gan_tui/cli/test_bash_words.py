"""Words that bash has split, put together again."""

from __future__ import annotations

import pytest

from gan_tui.cli.bash_words import behind, rejoined


@pytest.mark.parametrize(
    ("words", "current", "expected"),
    [
        (["g", "a"], 1, (["g", "a"], 1, "")),
        (["g", "best", ":", "p"], 3, (["g", "best:p"], 1, "best:")),
        (["g", "best", ":"], 2, (["g", "best:"], 1, "best:")),
        (["g", "best", ":", "p", "x"], 4, (["g", "best:p", "x"], 2, "")),
        (["g", "--set", "=", "a.b", "=", "u"], 5, (["g", "--set=a.b=u"], 1, "--set=a.b=")),
        (["g", ":"], 1, (["g:"], 0, "g:")),
        (["g", "best", ":", ""], 3, (["g", "best:", ""], 2, "")),
        (["g", ""], 1, (["g", ""], 1, "")),
    ],
)
def test_words(words: list[str], current: int, expected: tuple[list[str], int, str]) -> None:
    assert rejoined(words, current) == expected


@pytest.mark.parametrize(
    ("kept", "word", "expected"),
    [
        ("", "best:psnr", "best:psnr"),
        ("best:", "best:psnr", "psnr"),
        ("--checkpoint=best:", "best:psnr", "psnr"),
        ("--set=a.b=", "a.b=unet", "unet"),
        ("--device=", "cuda", "cuda"),
    ],
)
def test_what_is_put_behind(kept: str, word: str, expected: str) -> None:
    assert behind(kept, word) == expected
