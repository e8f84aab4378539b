"""The journal pane: it shows the newest entries unless the user has gone back."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from gan_tui.state.journal import JournalEntry
from gan_tui.themes import DARK
from gan_tui.widgets.journal import JournalPane


class Host(App[None]):
    """Holds the pane alone."""

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        yield JournalPane()


def entries(number: int) -> tuple[JournalEntry, ...]:
    return tuple(JournalEntry(seq=n, time=float(n), step=n, kind="note", text=f"remark {n}") for n in range(number))


def shown(pane: JournalPane) -> str:
    return "\n".join(pane.render_line(y).text for y in range(pane.size.height))


async def test_the_newest_entry_is_shown_from_the_first_that_does_not_fit() -> None:
    app = Host()
    async with app.run_test(size=(60, 6)) as pilot:
        pane = app.query_one(JournalPane)
        for number in range(1, 20):
            pane.show(entries(number))
            await pilot.pause()
            assert f"remark {number - 1}" in shown(pane)


@pytest.mark.parametrize("before", [0, 3], ids=["at first", "beyond a few"])
async def test_the_scroll_bar_is_at_the_end_too_where_many_come_at_once(before: int) -> None:
    app = Host()
    async with app.run_test(size=(60, 6)) as pilot:
        pane = app.query_one(JournalPane)
        pane.show(entries(before))
        await pilot.pause()
        pane.show(entries(30))
        await pilot.pause()
        assert pane.vertical_scrollbar.position == pane.max_scroll_y > 0


async def test_a_user_who_has_gone_back_is_left_there() -> None:
    app = Host()
    async with app.run_test(size=(60, 6)) as pilot:
        pane = app.query_one(JournalPane)
        pane.show(entries(30))
        await pilot.pause()
        pane.scroll_to(y=3, animate=False, immediate=True)
        await pilot.pause()
        pane.show(entries(31))
        await pilot.pause()
        assert pane.scroll_offset.y == 3
