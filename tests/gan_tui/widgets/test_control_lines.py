"""A control's line at every width: nothing sticks out, and what matters stays."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from engine.config.controls import controls_of
from engine.config.methods import CycleGanConfig, DiscoGanConfig
from gan_tui.widgets.control_lines import Columns, Standing, bounds_text, control_line, details, heading

CONTROLS = controls_of(CycleGanConfig())
BY_NAME = {control.name: control for control in CONTROLS}
CYCLE = BY_NAME["loss.cycle_a"]


def text(standing: Standing, width: int) -> str:
    columns = Columns.fitting(CONTROLS, width)
    return "".join(part for part, _ in control_line(CYCLE, standing, columns, selected=True, first=True))


def test_a_line_tells_value_change_default_and_bounds() -> None:
    assert text(Standing(value=8.0, draft=7.5), 53).split() == ["▸", "loss.cycle_a", "8*", "→", "7.5", "10"]
    assert text(Standing(value=8.0, draft=7.5), 60).split() == ["▸", "loss.cycle_a", "8*", "→", "7.5", "10", "0…1e4"]
    assert text(Standing(value=10.0), 60).split() == ["▸", "loss.cycle_a", "10", "10", "0…1e4"]
    assert "eff. 1.33e-4" in text(Standing(value=2e-4, effective=1.33e-4), 60)
    assert "eff." not in text(Standing(value=2e-4, effective=2e-4), 60)
    assert "→ 5 at 60,000" in text(Standing(value=8.0, staged=(5.0, 60_000), effective=3.0), 60)


def test_a_long_change_takes_the_room_of_what_is_told_below() -> None:
    columns = Columns.fitting(CONTROLS, 54)
    assert columns.bounds
    short, long = (text(Standing(value=8.0, staged=(5.0, step)), 54) for step in (6, 60_000_000))
    assert "0…1e4" in short
    assert "→ 5 at 60,000,000" in long
    assert long.index("0…1e4") == short.index("0…1e4"), "in its column"
    precise = text(Standing(value=1.23457e-4, draft=5.0), 54)
    assert precise.index("0…1e4") == short.index("0…1e4"), "a long value, too"


@pytest.mark.parametrize("width", range(24, 120))
def test_no_line_is_wider_than_its_place(width: int) -> None:
    for controls in (CONTROLS, controls_of(DiscoGanConfig())):
        columns = Columns.fitting(controls, width)
        lines = [heading(columns)]
        for control in controls:
            for standing in (Standing(value=control.default), Standing(value=0.123456789, draft=1234.5678)):
                lines.append(control_line(control, standing, columns, selected=False, first=False))
        widest = max(sum(len(part) for part, _ in line) for line in lines)
        assert widest <= width


def test_what_keys_do_is_told_where_they_do_something() -> None:
    doc, keys = details(CYCLE, Standing(value=8.0, draft=10.0), {}, 80, steers=True)
    assert doc == CYCLE.doc
    assert keys == "- 9.5  + 10.5  ( 7.5  ) 12.5  D 10  = 0…1e4"
    for width, seen in ((43, keys), (42, "- 9.5  + 10.5  ( 7.5  ) 12.5  D 10"), (12, "- 9.5"), (4, "- 9…")):
        assert details(CYCLE, Standing(value=8.0, draft=10.0), {}, width, steers=True)[1] == seen
    assert details(BY_NAME["log.every"], Standing(value=20.0), {}, 80, steers=True)[1].endswith("1…1e9 steps")
    assert details(CYCLE, Standing(value=8.0), {}, 80, steers=False)[1] == "a number from 0 to 10000; default 10"
    odd = replace(CYCLE, doc="{value|=}", unit="{value|=}")
    doc, keys = details(odd, Standing(value=8.0), {"value": "V"}, 80, steers=True)
    assert (doc, keys.partition("V ")[2]) == ("{value|=}", "0…1e4 {value|=}")


def test_bounds_are_short() -> None:
    assert [bounds_text(BY_NAME[name]) for name in ("optim.lr_g", "sample.count", "log.every")] == [
        "0…1", "1…64", "1…1e9",
    ]  # fmt: skip
