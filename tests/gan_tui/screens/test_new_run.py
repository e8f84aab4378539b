"""The dialog of a new run: what it refuses, what it keeps, and what comes out of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from gan_tui.client.new_run import NewRun
from gan_tui.departures import Begin, RunsDeparture
from gan_tui.runs_app import RunsApp
from gan_tui.screens.new_run import NewRunDialog
from gan_tui.screens.runs import RunsScreen
from tests.dtn_runs import make_digits
from tests.gan_tui.fake_runs import AROUND, FakeRuns, shelf
from tests.gan_tui.hostile import HOSTILE, obeyed
from tests.gan_tui.screens.settled import settle
from tests.runs import make_images


class Asking:
    """A dialog that is open over the browser."""

    def __init__(self, pilot: Pilot[RunsDeparture | None]) -> None:
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await settle(self.pilot)

    @property
    def dialog(self) -> NewRunDialog:
        screen = self.pilot.app.screen
        assert isinstance(screen, NewRunDialog)
        return screen

    @property
    def said(self) -> str:
        return str(self.dialog.query_one("#said", Static).content)

    @property
    def told(self) -> str:
        return str(self.dialog.query_one("#told", Static).content)

    @property
    def typed(self) -> dict[str | None, str]:
        return {field.id: field.value for field in self.dialog.query(Input)}

    def hint(self, line: str) -> str:
        return self.dialog.query_one(f"#{line}", Input).placeholder

    @property
    def marked(self) -> list[str]:
        """The presets in the list with the mark of the chosen one."""
        options = self.dialog.query_one(OptionList).options
        return [line[1:].split()[0] for line in (str(each.prompt) for each in options) if line.startswith("▌")]

    @property
    def begun(self) -> NewRun:
        departure = self.pilot.app.return_value
        assert isinstance(departure, Begin)
        return departure.new


@asynccontextmanager
async def asking(folder: Path, *, any_run: bool = True, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Asking]:
    feed = FakeRuns(shelf() if any_run else (), folder=str(folder))
    async with RunsApp(feed, AROUND, rest=0).run_test(size=size) as pilot:
        asked = Asking(pilot)
        await settle(pilot)
        await asked.press("n")
        yield asked


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of the runs; there is none yet."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs"


async def test_the_preset_of_the_selected_run_is_chosen_at_first_and_keys_go_on_from_it(folder: Path) -> None:
    async with asking(folder) as asked:
        assert asked.marked == ["horse2zebra"]
        assert "with trainA and trainB: 200 epochs" in asked.told
        assert asked.hint("name") == "horse2zebra, numbered if that is taken"
        assert asked.hint("data") == "datasets/horse2zebra, with trainA and trainB"
        await asked.press("down")
        assert asked.marked == ["maps-aerial2map"]
        assert "pix2pix" in asked.told
        await asked.press("up", "up")
        assert asked.marked == ["facades-photo2labels"]
        await asked.press("pagedown", "pagedown", "pagedown")
        assert asked.marked == ["summer2winter"]
        await asked.press("pageup", "pageup", "pageup")
        assert asked.marked == ["aegan-mnistm2mnist"]
        await asked.press("escape")
        assert isinstance(asked.pilot.app.screen, RunsScreen)
        assert asked.pilot.app.return_value is None


async def test_where_there_is_no_run_one_can_be_begun(folder: Path) -> None:
    async with asking(folder, any_run=False) as asked:
        assert asked.marked == ["quickstart"]
        assert asked.hint("data") == "none: images are drawn"
        await asked.press("enter")
        assert asked.begun.folder == folder
        assert asked.begun.name is None
        assert asked.begun.prepared.preset == "quickstart"
        assert not folder.exists(), "it is made by who shows it"


async def test_a_refusal_is_told_and_what_was_typed_is_there_to_be_corrected(folder: Path) -> None:
    (folder / "taken").mkdir(parents=True)
    async with asking(folder) as asked:
        await asked.press(*"quick", "tab", *"taken", "tab", *"run.sed=3", "enter")
        assert asked.said.startswith("quickstart: run.sed: ")
        assert "seed" in asked.said, "the nearest key is named"
        assert asked.typed == {"preset": "quick", "name": "taken", "set": "run.sed=3", "data": ""}
        await asked.press("backspace", "backspace", "backspace")
        assert asked.said == "", "it was of something else"
        await asked.press(*"ed=3", "enter")
        assert asked.said.startswith("run taken: exists already")
        await asked.press("shift+tab", *"-2", "enter")
        assert asked.begun.name == "taken-2"
        assert asked.begun.prepared.config.run.seed == 3


async def test_a_folder_of_images_is_asked_for_where_the_preset_needs_one(folder: Path) -> None:
    images = make_images(folder.parent / "my images")
    async with asking(folder) as asked:
        await asked.press("enter")
        fix = "Fetch what is missing: gan-tui data fetch horse2zebra; or set data to a folder"
        assert asked.said.startswith(f"datasets/horse2zebra: does not exist. {fix}")
        await asked.press("tab", "tab", "tab", *"my images", "enter")
        assert asked.begun.prepared.config.data.root == str(images)  # type: ignore[union-attr]


async def test_own_presets_come_first_and_a_path_may_be_typed(folder: Path) -> None:
    Path("mine.toml").write_text('# Mine.\n[data]\nkind = "synthetic"\nimages = 7\n')
    Path("wrong.toml").write_text('[method]\nkind = "cyclegn"\n')
    Path("far/away").mkdir(parents=True)
    Path("far/away/other.toml").write_text('[data]\nkind = "synthetic"\nimages = 8\n')
    async with asking(folder, any_run=False) as asked:
        await asked.press(*"wrong")
        assert asked.told == "wrong.toml: method.kind: 'cyclegn' is not a method. Choose from " + (
            "cyclegan, pix2pix, discogan, dtn, aegan."
        )
        await asked.press("enter")
        assert asked.said == asked.told
        await asked.press(*["backspace"] * 5, *"mine")
        assert asked.marked == ["mine.toml"]
        await asked.press(*["backspace"] * 4, *"far/away/othr.toml")
        assert asked.marked == []
        assert asked.told.endswith("taken for a file, far/away/othr.toml")
        await asked.press("enter")
        assert asked.said.startswith("far/away/othr.toml: is neither a file nor the name of a shipped preset")
        await asked.press(*["backspace"] * 6, *"er.toml", "enter")
        assert asked.begun.prepared.path == str(Path("far/away/other.toml").resolve())
        assert asked.begun.prepared.config.data.images == 8  # type: ignore[union-attr]


async def test_what_is_worth_knowing_is_told_before_it_begins(folder: Path) -> None:
    digits = make_digits(folder.parent / "digits")
    for path in (digits / "boxes").glob("t10k-*"):
        path.unlink()
    async with asking(folder) as asked:
        line = f"run.batch=8 data.A=bars data.B=boxes data.root={digits}"
        await asked.press(*"usps2mnist", "tab", "tab", *line, "enter")
        first, last = asked.said.split("\n")
        assert "has no test digits" in first
        assert last == "Enter once more starts it."
        await asked.press("space")
        assert asked.said.endswith("starts it."), "blanks change nothing"
        await asked.press("enter")
        assert asked.begun.prepared.preset == "dtn-usps2mnist"


async def test_a_line_that_is_emptied_while_nothing_is_chosen_is_asked_for(folder: Path) -> None:
    async with asking(folder) as asked:
        dialog = asked.dialog
        dialog.post_message(dialog.Listed([]))
        await settle(asked.pilot)
        await asked.press("enter")
        assert asked.said == "Choose a preset, or type the path of one."
        await asked.press(*"quickstart", "enter")
        assert asked.begun.prepared.preset == "quickstart", "a name is found though no list is there"


async def test_an_answer_that_comes_late_is_of_what_was_asked(folder: Path) -> None:
    async with asking(folder) as asked:
        dialog = asked.dialog
        before = dialog._asked()
        await asked.press("down")
        dialog.post_message(dialog.Refused(before, "no"))
        await settle(asked.pilot)
        assert asked.said == ""


async def test_the_list_has_summaries_where_there_is_room(folder: Path) -> None:
    async with asking(folder, size=(80, 24)) as asked:
        await asked.press("down")
        options = asked.dialog.query_one(OptionList)
        assert "maps: 256 px" not in str(options.options[options.highlighted or 0].prompt)
        await asked.pilot.resize_terminal(140, 40)
        await settle(asked.pilot)
        assert asked.marked == ["maps-aerial2map"]
        assert "maps: 256 px" in str(options.options[options.highlighted or 0].prompt)


async def test_hostile_presets_are_text(folder: Path) -> None:
    Path("evil\x1b[31m\u202e.toml").write_text(f"# {HOSTILE.splitlines()[0]} [b]bold[/b]\n[data]\nkind = 'synthetic'\n")
    Path("worse.toml").write_text("[method]\nkind = 'evil\\u001b[31m[bold]'\n")
    async with asking(folder) as asked:
        for keys in ("home", "evil", "enter"):
            await asked.press(*([keys] if keys in ("home", "enter") else keys))
            lines = asked.pilot.app.screen._compositor.render_strips()
            assert obeyed("".join(strip.text for strip in lines)) == []
            assert {strip.cell_length for strip in lines} == {120}
