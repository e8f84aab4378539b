"""What is worth knowing before a new run begins, and forbids nothing."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.data import DigitsData
from engine.config.data_root import data_root
from engine.config.digit_files import find_digits
from engine.config.image_files import path_text
from engine.config.methods import TrainConfig
from gan_tui.client.notices import Notice


def notices_of_beginning(config: TrainConfig) -> Iterator[Notice]:
    """Of a configuration that has been checked, the most important first."""
    if isinstance(config.data, DigitsData):
        yield from _without_test_digits(config.data)


def _without_test_digits(data: DigitsData) -> Iterator[Notice]:
    for name in dict.fromkeys((data.A, data.B)):
        folder = data_root(data) / name
        if find_digits(folder, "test") is None:
            fix = "Sheets will show training digits, and gan-tui eval cannot judge this run until they are there."
            yield Notice(subject=path_text(folder), fact="has no test digits", fix=fix)
