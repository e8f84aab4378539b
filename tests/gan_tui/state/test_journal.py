"""The journal's wording."""

from __future__ import annotations

import pytest

from gan_tui.state.journal import journal_entry, number, size_text
from tests.gan_tui.recorded import Recording


@pytest.mark.parametrize(
    ("value", "text"),
    [(10.0, "10"), (0.5, "0.5"), (2e-4, "2e-4"), (0.0, "0"), (2.52e-4, "2.52e-4"), (1e9, "1e9"), (0.525, "0.525")],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("size", "text"), [(12, "12 B"), (8123, "8.1 kB"), (812_000, "812 kB"), (22_800_000, "22.8 MB"), (1.4e9, "1.4 GB")]
)
def test_sizes(size: float, text: str) -> None:
    assert size_text(size) == text


def test_curves_and_pictures_are_not_told() -> None:
    recording = Recording()
    assert journal_entry(recording.metrics(1)) is None
    assert journal_entry(recording.sheet(1, ())) is None
    entry = journal_entry(recording.checkpoint(500))
    assert entry is not None
    assert entry.text == "checkpoint step 500 ok, 339 MB, 0.4 s"
