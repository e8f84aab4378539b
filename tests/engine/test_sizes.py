"""Numbers of bytes as people read them."""

from __future__ import annotations

import pytest

from engine.sizes import size_text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (12, "12 B"),
        (8123, "8.1 kB"),
        (812_000, "812 kB"),
        (999_499, "999 kB"),
        (999_600, "1.0 MB"),
        (22_800_000, "22.8 MB"),
        (99_960_000, "100 MB"),
        (1.4e9, "1.4 GB"),
        (2.1e11, "210 GB"),
        (1.4e12, "1.4 TB"),
        (3.4e15, "3400 TB"),
    ],
)
def test_sizes(size: float, text: str) -> None:
    assert size_text(size) == text
