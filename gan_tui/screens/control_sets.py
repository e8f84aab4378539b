"""The dialog of control sets: load one, save the values in force as one, delete one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.config.controls import Control
from engine.errors import GanTuiError
from gan_tui.client.control_sets import delete_set, read_sets, save_set
from gan_tui.screens.dialog import Dialog
from gan_tui.screens.worded import worded
from gan_tui.state.control_sets import Fit, Values, fitted, in_words, said_of
from gan_tui.state.plain_text import printable
from gan_tui.widgets.frames import entitle
from gan_tui.widgets.typed import TypedLine

EMPTY = "No set has been saved yet. {control-sets-save|s} saves the values that are in force now."


class Loaded:
    """A set that was chosen, as far as the run can take it."""

    def __init__(self, name: str, fit: Fit) -> None:
        self.changes = fit.changes
        self.said = said_of(name, fit)


class ControlSetsDialog(Dialog[Loaded | None]):
    """Returns the set that was chosen; saving and deleting are done in it.

    Args:
        path: the user's file.
        controls: the run's.
        in_force: their values.
        steers: whether a set can be loaded into this run.
    """

    CSS_PATH = "control_sets.tcss"
    FOCUSED = OptionList
    WHILE_TYPING = frozenset({"control-sets-leave"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", id="control-sets-leave", show=False),
        Binding("q,p", "dismiss(None)", "close", id="control-sets-close", show=False),
        Binding("s", "save", "save", id="control-sets-save", show=False),
        Binding("d", "delete", "delete", id="control-sets-delete", show=False),
    ]

    def __init__(self, path: Path, controls: Sequence[Control], in_force: Values, *, steers: bool) -> None:
        super().__init__()
        self._path = path
        self._controls = controls
        self._in_force = in_force
        self._steers = steers
        self._sets: Mapping[str, Values] = {}
        self._doomed = ""
        """The set that goes if d is pressed again."""
        self._described: str | None = None
        """The set of which it is told what it would do."""

    def compose(self) -> ComposeResult:
        """The sets, what the highlighted one would do, and a field for a new one's name."""
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "control sets"
            yield OptionList()
            yield Static(id="fit")
            yield TypedLine(placeholder="a name for the values in force", max_length=60)
            yield Static(id="said")

    def on_mount(self) -> None:
        """List what the file has."""
        self._say("")
        self._list()
        self._leave_field()

    # ------------------------------------------------------------------------------------------------ what happens

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Return the set, if there is a run to take it."""
        name = self._chosen()
        if name is None or not self._steers:
            return
        self.dismiss(Loaded(printable(name), fitted(self._sets[name], self._controls, self._in_force)))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say what the set would do."""
        if self._chosen() != self._described:  # else it was listed anew, and what was said of that stands
            self._doomed = ""
            self._say("")
            self._show_fit()

    def action_save(self) -> None:
        """Have a name typed for the values in force."""
        self._doomed = ""
        self._say("")
        field = self.query_one(Input)
        field.display = True
        field.value = ""
        field.focus()
        self._name_keys()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Save them under it."""
        name = event.value.strip()
        try:
            save_set(self._path, name, dict(self._in_force))
        except GanTuiError as error:
            self._say(error.one_line())
            return
        self._leave_field()
        self._list(name)
        self._say(f"{name} is saved, with {len(self._in_force)} values, in {self._path}.")

    def action_delete(self) -> None:
        """Delete the highlighted set, when asked twice."""
        name = self._chosen()
        if name is None:
            return
        if self._doomed != name:
            self._doomed = name
            self._say(f"{worded(self, '{control-sets-delete|d}')} again deletes {name}.")
            return
        self._doomed = ""
        try:
            delete_set(self._path, name)
        except GanTuiError as error:
            self._say(error.one_line())
            return
        self._list()
        self._say(f"{name} is deleted.")

    def action_back(self) -> None:
        """Leave the field, or the dialog."""
        if self.query_one(Input).display:
            self._leave_field()
        else:
            self.dismiss(None)

    # ------------------------------------------------------------------------------------------------ inside

    def _list(self, name: str = "") -> None:
        """Read the file, and highlight a set."""
        try:
            self._sets = read_sets(self._path)
        except GanTuiError as error:
            self._sets = {}
            self._say(error.one_line())
        options = self.query_one(OptionList)
        options.clear_options()
        width = max((len(each) for each in self._sets), default=0)
        for each, values in self._sets.items():
            label = printable(each).ljust(width)
            options.add_option(
                Option(
                    Text.assemble(
                        (label, "bold"), f"  {printable(in_words(values))}", overflow="ellipsis", no_wrap=True
                    )
                )
            )
        options.display = bool(self._sets)
        if self._sets:
            names = list(self._sets)
            options.highlighted = names.index(name) if name in names else 0
            options.focus()
        else:
            self.set_focus(None)
        self._show_fit()
        self._name_keys()

    def _show_fit(self) -> None:
        name = self._described = self._chosen()
        if name is None:
            told = worded(self, EMPTY)
        else:
            fit = fitted(self._sets[name], self._controls, self._in_force)
            changes = f": {in_words(fit.changes)}" if fit.changes else ""
            told = "\n".join((f"{fit.words}{changes}", *fit.left_out))
        lines = (printable(line) for line in told.split("\n"))
        self.query_one("#fit", Static).update(Text("\n".join(lines)))

    def _chosen(self) -> str | None:
        place = self.query_one(OptionList).highlighted
        return list(self._sets)[place] if place is not None and place < len(self._sets) else None

    def _leave_field(self) -> None:
        self.query_one(Input).display = False
        if self._sets:
            self.query_one(OptionList).focus()
        self._name_keys()

    def _name_keys(self) -> None:
        """Those that do something now, in the frame."""
        if self.query_one(Input).display:
            told = "Enter save · {control-sets-leave|Esc} back"
        else:
            load = "Enter prepare · " if self._steers and self._sets else ""
            delete = " · {control-sets-delete|d} delete" if self._sets else ""
            told = f"{load}{{control-sets-save|s}} save{delete} · {{control-sets-leave|Esc}} close"
        entitle(self.query_one("#dialog"), subtitle=worded(self, told))

    def _say(self, text: str) -> None:
        said = self.query_one("#said", Static)
        said.display = bool(text)
        said.update(Text(printable(text)))
