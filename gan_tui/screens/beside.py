"""The dialog that asks which run's curves are to be drawn behind this one's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from engine.protocol.rundir import RunDirectory
from gan_tui.client.neighbours import Neighbour, neighbours_of
from gan_tui.screens.dialog import Dialog
from gan_tui.screens.worded import worded
from gan_tui.state.plain_text import printable
from gan_tui.widgets.frames import entitle
from gan_tui.worker_edge import failure_told


@dataclass(frozen=True)
class Chosen:
    """A run, or none at all."""

    run: RunDirectory | None


class BesideDialog(Dialog[Chosen | None]):
    """Returns what was chosen; None where everything is to stay as it is."""

    CSS_PATH = "beside.tcss"
    FOCUSED = OptionList
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,c", "dismiss(None)", "close", id="beside-close", show=False)
    ]

    @dataclass
    class Listed(Message):
        """A worker has found the other runs."""

        neighbours: list[Neighbour]
        problem: str = ""
        """Why they could not be found."""

    def __init__(self, run: RunDirectory) -> None:
        super().__init__()
        self._run = run
        self._neighbours: list[Neighbour] = []

    def compose(self) -> ComposeResult:
        """A list, with nothing at its head."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "draw another run behind"
            entitle(dialog, subtitle=worded(self, "Enter choose · {beside-close|Esc} close"))
            yield OptionList(Option(Text("nothing")))
            yield Static(Text("looking for runs…"), id="said")

    def on_mount(self) -> None:
        """Have the runs listed."""
        self._list()

    @work(thread=True, name="list the other runs")
    def _list(self) -> None:
        with failure_told("The runs cannot be listed", lambda problem: self.post_message(self.Listed([], problem))):
            found = neighbours_of(self._run)
            if not get_current_worker().is_cancelled:
                self.post_message(self.Listed(found))

    def on_beside_dialog_listed(self, message: Listed) -> None:
        """Show them, the first one highlighted."""
        message.stop()
        self._neighbours = message.neighbours
        options = self.query_one(OptionList)
        names = max((len(each.run.name) for each in self._neighbours), default=0)
        for each in self._neighbours:
            name = printable(each.run.name).ljust(names)
            options.add_option(Option(Text.assemble((name, "bold"), f"  {printable(each.method):<9} {each.relation}")))
        said = self.query_one("#said", Static)
        said.display = not self._neighbours
        said.update(Text(printable(message.problem or f"There is no other run in {self._run.root.parent}.")))
        options.highlighted = min(1, len(self._neighbours))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Return it."""
        place = event.option_index
        self.dismiss(Chosen(self._neighbours[place - 1].run if place else None))
