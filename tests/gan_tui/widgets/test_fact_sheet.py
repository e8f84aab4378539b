"""Labelled facts: wrapped to the room, told by signs as well as by colours, and never markup."""

from __future__ import annotations

from textual.app import App, ComposeResult

from gan_tui.widgets.fact_sheet import Fact, FactSheet


class SheetApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.sheet = FactSheet()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"faint": "#888888"}

    def compose(self) -> ComposeResult:
        yield self.sheet


async def lines_of(*facts: Fact) -> list[str]:
    app = SheetApp()
    async with app.run_test(size=(40, 20)) as pilot:
        app.sheet.show(facts)
        await pilot.pause()
        return [app.sheet.render_line(y).text.rstrip() for y in range(app.sheet.size.height)]


async def test_labels_signs_and_lines() -> None:
    assert await lines_of(
        Fact("plain", ("one", "two")),
        Fact("files", ("whole",), "good"),
        Fact("careful", ("three", "four"), "warning"),
        Fact("problem", ("broken",), "bad"),
        Fact("known", ("as it was",), "faint"),
    ) == [
        "plain       one",
        "            two",
        "files       ✔ whole",
        "careful     ! three",
        "            four",
        "problem     ✖ broken",
        "known       as it was",
    ]


async def test_long_ones_are_wrapped_and_not_cut() -> None:
    words = "it has a name: " + "x" * 60
    lines = await lines_of(Fact("long", (words,)))
    assert "".join("".join(line.split()) for line in lines) == "long" + words.replace(" ", "")
    assert all(len(line) <= 39 for line in lines)


async def test_text_is_text() -> None:
    [line] = await lines_of(Fact("[b]label[/b]"[:10], ("[red]a\x1b[31m",)))
    assert "[red]a" in line
    assert "\x1b" not in line
