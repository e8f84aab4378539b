"""The health strip: what was measured is told in whole numbers, or not at all."""

from __future__ import annotations

import pytest

from gan_tui.state.run_view import RunView
from gan_tui.widgets.health import HealthPane
from tests.gan_tui.recorded import Recording

LEAST = "pictures   fake_B diversity 0.08"


@pytest.mark.parametrize("width", range(len(LEAST), 120))
def test_no_number_is_cut(width: int) -> None:
    pane = HealthPane()
    health = {name: value for name, value in Recording().health(0).items() if not name.endswith("fake_A")}
    pane.show(RunView(name="r", health=health))
    told = next(
        line for line in map("".join, ([text for text, _ in spans] for spans in pane.lines(width))) if "pict" in line
    )
    assert len(told) <= width
    parts = (LEAST, " |G(x)-x| 0.31", " corr 0.22")
    assert told in ("".join(parts), "".join(parts[:2]), LEAST)
