"""The log panel on a log that is not there, comes, and grows."""

from __future__ import annotations

from pathlib import Path

from engine.protocol.rundir import RunDirectory
from gan_tui.dressed import DressedApp
from gan_tui.screens.log import LogScreen
from gan_tui.state.appearance import Appearance


class OnlyTheLog(DressedApp[None]):
    """Nothing beneath it."""

    def __init__(self, run: RunDirectory) -> None:
        super().__init__(Appearance())
        self.panel = LogScreen(run)

    def on_mount(self) -> None:
        """Open it."""
        self.push_screen(self.panel)


async def test_what_there_is_to_say_of_a_log_that_is_not_there_empty_or_hostile(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path / "runs" / "[red]zebra")
    run.root.mkdir(parents=True)
    app = OnlyTheLog(run)
    async with app.run_test(size=(100, 20)) as pilot:

        def text() -> str:
            return " ".join(app.panel.view.render_line(y).text for y in range(app.panel.view.size.height))

        async def until_it_says(words: str) -> None:
            while words not in text():
                await pilot.pause(0.05)

        await until_it_says("engine.log cannot be read: No such file or directory")
        run.log.touch()
        await until_it_says("engine.log is empty")
        run.log.write_bytes(b"\x1b[2J\x1b]0;gotcha\x07[bold]one[/bold]\xff\n" + b"more\n" * 30)
        await until_it_says("more")
        await pilot.press("g")
        assert "[bold]one[/bold]\ufffd" in text()
        assert "\x1b" not in text()
        assert "gotcha" not in text()
        assert "[red]zebra" in str(app.panel.query_one("#log").border_title)
        assert "scrolled back" in str(app.panel.query_one("#log").border_subtitle)
        with run.log.open("ab") as file:
            file.write(b"the newest\n")
        await pilot.press("G")
        await until_it_says("the newest")
        await pilot.press("q")
        assert app.screen is not app.panel
