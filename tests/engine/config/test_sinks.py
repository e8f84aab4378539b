"""Event files are refused where nothing can write them."""

from __future__ import annotations

import pytest

from engine.config.schema import LogConfig
from engine.config.sinks import check_sinks
from engine.errors import RequestError


def test_a_missing_library_is_named_with_the_way_to_get_it() -> None:
    with pytest.raises(RequestError, match=r"log\.tensorboard = true: needs .* pip install 'gan-tui\[tensorboard\]'"):
        check_sinks(LogConfig(tensorboard=True), find=lambda name: None)
    check_sinks(LogConfig(tensorboard=False), find=lambda name: None)
    check_sinks(LogConfig(tensorboard=True), find=lambda name: name)
