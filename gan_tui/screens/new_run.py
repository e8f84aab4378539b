"""The dialog of a new run: a preset from a list or by its path, and what the run is to have otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from gan_tui.client.new_run import NewRun, check_new_run, typed_settings
from gan_tui.client.preset_shelf import presets_at_hand
from gan_tui.screens.dialog import Dialog
from gan_tui.screens.worded import worded
from gan_tui.state.option_words import without_options
from gan_tui.state.plain_text import printable
from gan_tui.state.preset_offers import PresetOffer, lines_of, matching, nearest
from gan_tui.widgets.frames import entitle
from gan_tui.widgets.typed import TypedLine
from gan_tui.worker_edge import failure_told

LINES = {
    "preset": "words to look for, or the path of a file",
    "name": "",
    "set": "optim.lr_g=1e-4 run.steps=2000",
    "data": "",
}
"""The lines to type, called as the options of `gan-tui train`, so that its refusals are of them; with what they show if
empty."""
WIDE = 110
"""Columns of a terminal that has room for summaries in the list."""


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What Enter was pressed on."""

    preset: str
    name: str
    settings: str
    data: str


class PresetList(OptionList):
    """Keeps the chosen preset in sight, also where an objection takes some of its rows."""

    def on_resize(self) -> None:
        """Go to it, from the top: where it then stands does not hang on the sizes before."""
        self.scroll_home(animate=False, immediate=True)
        self.scroll_to_highlight()


class NewRunDialog(Dialog[NewRun | None]):
    """Returns a run that can be begun; None where the user thought better of it.

    Args:
        folder: of the runs.
        begin_at: the preset that is chosen at first, where there is one of that name.
    """

    CSS_PATH = "new_run.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-medium")]  # noqa: RUF012  # as Textual declares it
    FOCUSED = TypedLine
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "cancel", id="new-run-close", show=False),
        Binding("up", "choose('up')", "the preset above", id="new-run-up", show=False, priority=True),
        Binding("down", "choose('down')", "the preset below", id="new-run-down", show=False, priority=True),
        Binding("pageup", "choose('pageup')", "a page up", id="new-run-page-up", show=False, priority=True),
        Binding("pagedown", "choose('pagedown')", "a page down", id="new-run-page-down", show=False, priority=True),
    ]

    @dataclass
    class Listed(Message):
        """A worker has read the presets."""

        offers: list[PresetOffer]
        problem: str = ""
        """Why it could not."""

    @dataclass
    class Checked(Message):
        """A worker has found nothing in the way."""

        asked: _Asked
        new: NewRun

    @dataclass
    class Refused(Message):
        """A worker has found something in the way."""

        asked: _Asked
        reason: str

    def __init__(self, folder: Path, *, begin_at: str) -> None:
        super().__init__()
        self._folder = folder
        self._begin_at = begin_at
        self._offers: list[PresetOffer] = []
        self._seen: list[PresetOffer] = []
        """Those of them that have what is typed."""
        self._lines: list[str] = []
        """The line of each of these."""
        self._marked: int | None = None
        """The place of the one that is marked as chosen."""
        self._said_of: _Asked | None = None
        self._agreed: tuple[_Asked, NewRun] | None = None
        """What Enter begins if it is pressed once more on the same."""

    def compose(self) -> ComposeResult:
        """The presets, what the chosen one is, the lines to type, and room for an objection."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "new run"
            choose = "{new-run-up|↑} {new-run-down|↓} preset"
            keys = f"{choose} · Tab line · Enter start · {{new-run-close|Esc}} cancel"
            entitle(dialog, subtitle=worded(self, keys))
            preset, *others = self._fields()
            yield preset
            yield PresetList()
            yield Static(id="told")
            yield from others
            yield Static(id="said")

    @staticmethod
    def _fields() -> Iterator[Widget]:
        for name, example in LINES.items():
            field = TypedLine(placeholder=example, id=name, max_length=4000, select_on_focus=False)
            yield Horizontal(Static(name, classes="label"), field, classes="line")

    def on_mount(self) -> None:
        """Have the presets read."""
        self.query_one(OptionList).can_focus = False  # its keys go on working while a line is typed
        self.query_one("#preset", Input).focus()
        self._read()

    # ------------------------------------------------------------------------------------------- the presets

    @work(thread=True, group="presets", name="read the presets")
    def _read(self) -> None:
        with failure_told("The presets cannot be listed", lambda problem: self.post_message(self.Listed([], problem))):
            self.post_message(self.Listed(presets_at_hand()))

    @on(Listed)
    def take_presets(self, message: Listed) -> None:
        """List them; where something was typed meanwhile, those that it means."""
        message.stop()
        self._offers = message.offers
        typed = self._typed("preset")
        self._list(typed, typed or self._begin_at)
        if message.problem:
            self._say(message.problem, of=self._asked(), bad=True)

    @on(Input.Changed, "#preset")
    def look_for(self, event: Input.Changed) -> None:
        """List the presets that have what is typed, the one that is meant most likely chosen."""
        self._list(event.value, event.value)

    def action_choose(self, way: str) -> None:
        """Go through the list."""
        options = self.query_one(OptionList)
        match way:
            case "up":
                options.action_cursor_up()
            case "down":
                options.action_cursor_down()
            case "pageup":
                options.action_page_up()  # type: ignore[no-untyped-call]
            case _:
                options.action_page_down()  # type: ignore[no-untyped-call]

    @on(OptionList.OptionHighlighted)
    def turn_to(self) -> None:
        """Mark the chosen preset, and tell what it is and needs."""
        self._mark()
        self._describe()
        self.forget()

    def on_resize(self) -> None:
        """Give the list the columns that there is room for."""
        chosen = self._chosen()
        self._list(self._typed("preset"), "" if chosen is None else chosen.given)

    def _list(self, typed: str, wanted: str) -> None:
        self._seen = matching(self._offers, typed)
        self._lines = lines_of(self._seen, self._offers, summaries=self.size.width >= WIDE)
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(_option(line, chosen=False)) for line in self._lines])
        self._marked = None
        options.highlighted = nearest(self._seen, wanted) if self._seen else None
        self._mark()
        self._describe()

    def _mark(self) -> None:
        options = self.query_one(OptionList)
        for place in {self._marked, options.highlighted}:
            if place is not None:
                marked = _option(self._lines[place], chosen=place == options.highlighted)
                options.replace_option_prompt_at_index(place, marked)
        self._marked = options.highlighted

    def _describe(self) -> None:
        offer, typed = self._chosen(), self._typed("preset")
        stem, images = "the preset's", "the preset's"
        if offer is None:
            told = Text(f"No preset at hand has these words: taken for a file, {printable(typed)}" if typed else "")
        elif offer.reason:
            told = Text(printable(offer.reason))
        else:
            told = Text.assemble((printable(offer.given), "bold"), f"  {printable(offer.summary)}\n")
            told.append(printable(offer.told))
            stem, images = printable(Path(offer.given).stem), printable(offer.images)
        self.query_one("#told", Static).update(told)
        self.query_one("#name", Input).placeholder = f"{stem}, numbered if that is taken"
        self.query_one("#data", Input).placeholder = images

    def _chosen(self) -> PresetOffer | None:
        place = self.query_one(OptionList).highlighted
        return self._seen[place] if place is not None and place < len(self._seen) else None

    # ------------------------------------------------------------------------------------------- beginning

    @on(Input.Submitted)
    def check(self) -> None:
        """Have it looked whether a run can be begun, unless that was found a moment ago."""
        asked = self._asked()
        if not asked.preset:
            self._say("Choose a preset, or type the path of one.", of=asked, bad=True)
        elif self._agreed is not None and self._agreed[0] == asked:
            self.dismiss(self._agreed[1])
        else:
            self._say("looking whether all is there…", of=asked)
            self._look(asked)

    @work(thread=True, exclusive=True, group="check", name="check a new run")
    def _look(self, asked: _Asked) -> None:
        with failure_told("It cannot be looked at", lambda reason: self.post_message(self.Refused(asked, reason))):
            flags = {"data.root": asked.data} if asked.data else {}
            settings = typed_settings(asked.settings)
            new = check_new_run(asked.preset, settings, flags, self._folder, asked.name or None)
            self.post_message(self.Checked(asked, new))

    @on(Checked)
    def begin(self, message: Checked) -> None:
        """Return it, unless there is something to be known first, or something else is typed by now."""
        message.stop()
        if message.asked != self._asked():
            return
        if not message.new.notices:
            self.dismiss(message.new)
            return
        self._agreed = (message.asked, message.new)
        told = [notice.in_words() for notice in message.new.notices]
        self._say("\n".join((*told, "Enter once more starts it.")), of=message.asked)

    @on(Refused)
    def refuse(self, message: Refused) -> None:
        """Say why, and stay with all that was typed."""
        message.stop()
        if message.asked == self._asked():
            self._say(message.reason, of=message.asked, bad=True)

    @on(Input.Changed)
    def forget(self) -> None:
        """Take back what was said of something else."""
        asked = self._asked()
        if self._said_of not in (None, asked):
            self._say("", of=asked)

    # ------------------------------------------------------------------------------------------- inside

    def _asked(self) -> _Asked:
        offer = self._chosen()
        return _Asked(
            preset=self._typed("preset") if offer is None else offer.given,
            name=self._typed("name"),
            settings=self._typed("set"),
            data=self._typed("data"),
        )

    def _typed(self, line: str) -> str:
        return self.query_one(f"#{line}", Input).value.strip()

    def _say(self, text: str, *, of: _Asked, bad: bool = False) -> None:
        self._said_of = of
        said = self.query_one("#said", Static)
        said.set_class(bad, "-bad")
        said.update(Text("\n".join(map(printable, without_options(text, LINES).split("\n")))))


def _option(line: str, *, chosen: bool) -> Text:
    """A line, marked if it is the chosen one: the colour alone would not tell everybody."""
    return Text(f"{'▌' if chosen else ' '}{printable(line)}", no_wrap=True, overflow="ellipsis")
