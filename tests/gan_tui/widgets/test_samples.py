"""The samples pane: follows the newest sheet, redraws only what differs, and says what it cannot read."""

from __future__ import annotations

from pathlib import Path

from msgspec import structs
from textual.app import App, ComposeResult
from textual.geometry import Region

from engine.protocol.events import Sampled
from gan_tui.widgets.samples import SamplePane
from tests.gan_tui.drawings import TILE, damage, write_sheet


class WatchedPane(SamplePane):
    """Remembers what it asked to have drawn again."""

    def __init__(self, run_dir: Path) -> None:
        super().__init__(run_dir)
        self.asked: list[Region] = []

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> WatchedPane:
        """Note the regions; none means everything."""
        self.asked.extend(regions or [self.size.region])
        super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return self


class PaneApp(App[None]):
    def __init__(self, run_dir: Path) -> None:
        super().__init__()
        self.pane = WatchedPane(run_dir)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"faint": "#888888"}

    def compose(self) -> ComposeResult:
        yield self.pane


def sheet(run_dir: Path, step: int, progress: float) -> Sampled:
    path = f"samples/step-{step:08d}.png"
    rows = write_sheet(run_dir / path, progress, count=1)
    return Sampled(seq=step, step=step, time=0.0, path=path, tile=TILE, rows=rows)


async def test_a_new_sheet_redraws_the_pictures_that_differ(tmp_path: Path) -> None:
    app = PaneApp(tmp_path)
    first, second = sheet(tmp_path, 1, 0.2), sheet(tmp_path, 2, 0.9)
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.show((first,))
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "real A" in "".join(app.pane.render_line(y).text for y in range(24))
        app.pane.asked.clear()
        app.pane.show((first, second))
        await app.workers.wait_for_complete()
        await pilot.pause()
        parts = [region for region in app.pane.asked if region != app.pane.size.region]  # a new title asks for it all
        assert 0 < sum(region.area for region in parts) < app.pane.size.area / 4
        columns = {region.x for region in parts}
        assert len(columns) == 1, "only the translations differ between these sheets"


async def test_a_sheet_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    app = PaneApp(tmp_path)
    broken = sheet(tmp_path, 1, 0.5)
    (tmp_path / broken.path).write_bytes(b"no picture")
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.show((broken,))
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert f"cannot read {broken.path}" in app.pane.render_line(12).text
        damaged = sheet(tmp_path, 2, 0.5)
        damage(tmp_path / damaged.path)
        app.pane.show((broken, damaged))
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert f"cannot read {damaged.path} (broken PNG file" in app.pane.render_line(12).text


async def test_an_older_sheet_stays_while_newer_ones_arrive(tmp_path: Path) -> None:
    app = PaneApp(tmp_path)
    sheets = [sheet(tmp_path, step, 0.1 * step) for step in (1, 2, 3)]
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.show(tuple(sheets[:2]))
        await app.workers.wait_for_complete()
        app.pane.older()
        await app.workers.wait_for_complete()
        app.pane.show(tuple(sheets))
        assert str(app.pane.border_subtitle).startswith("step 1 · 1/3")
        app.pane.newer()
        await app.workers.wait_for_complete()
        app.pane.newer()
        await app.workers.wait_for_complete()
        assert app.pane.border_subtitle == "step 3 · 3/3 · , . older/newer · o large"
        for columns, told in ((43, "step 3 · 3/3 · , . older/newer"), (20, "step 3 · 3/3")):
            await pilot.resize_terminal(columns, 24)
            await app.workers.wait_for_complete()
            assert app.pane.border_subtitle == told, "what matters least goes first, and as a whole"


async def test_two_sheets_of_one_step_are_two(tmp_path: Path) -> None:
    app = PaneApp(tmp_path)
    first = sheet(tmp_path, 7, 0.2)
    path = "samples/step-00000007-2.png"
    second = structs.replace(first, seq=8, path=path, rows=write_sheet(tmp_path / path, 0.9, count=1))
    async with app.run_test(size=(80, 24)) as pilot:

        async def pictures() -> str:
            await app.workers.wait_for_complete()
            await pilot.pause()
            return "".join(str(segment.style) for y in range(24) for segment in app.pane.render_line(y))

        app.pane.show((first,))
        of_first = await pictures()
        app.pane.show((first, second))
        of_second = await pictures()
        assert of_second != of_first
        assert str(app.pane.border_subtitle).startswith("step 7 · 2/2")
        app.pane.older()
        assert await pictures() == of_first
        assert str(app.pane.border_subtitle).startswith("step 7 · 1/2")
        app.pane.newer()
        assert await pictures() == of_second


async def test_sheets_that_a_resume_has_taken_back_are_not_shown_any_more(tmp_path: Path) -> None:
    app = PaneApp(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.show((sheet(tmp_path, 1, 0.2),))
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.pane.border_subtitle
        app.pane.show(())
        await pilot.pause()
        assert "".join(app.pane.render_line(y).text for y in range(24)).strip() == "no sample sheet yet"
        assert not app.pane.border_subtitle


async def test_pictures_come_back_after_the_pane_was_too_small_for_them(tmp_path: Path) -> None:
    app = PaneApp(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.show((sheet(tmp_path, 1, 0.2),))
        for size in ((80, 24), (3, 3), (80, 24)):
            await pilot.resize_terminal(*size)
            await app.workers.wait_for_complete()
            await pilot.pause()
        assert "real A" in "".join(app.pane.render_line(y).text for y in range(24))
