"""What an action of a screen is, and what those of the dashboard act on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeAlias, TypeVar

from gan_tui.screens.excursions import Excursions
from gan_tui.screens.steering import Steering
from gan_tui.widgets.controls import ControlsPane
from gan_tui.widgets.plot import LossPlot
from gan_tui.widgets.samples import SamplePane

Group: TypeAlias = Literal["Run", "List", "Controls", "Sentinels", "Plot", "Samples", "Display"]

Target = TypeVar("Target")
"""What an action acts on."""


class Deck(Protocol):
    """What actions act on: the dashboard screen."""

    @property
    def plot(self) -> LossPlot: ...
    @property
    def samples(self) -> SamplePane: ...
    @property
    def controls(self) -> ControlsPane: ...
    @property
    def steering(self) -> Steering: ...
    @property
    def excursions(self) -> Excursions: ...

    def detach(self) -> None:
        """Leave; training goes on."""

    def browse(self) -> None:
        """Leave for the list of all runs; training goes on."""

    def toggle_freeze(self) -> None:
        """Hold the display still, or let it go on."""

    def go_to(self, place: int) -> None:
        """Focus a pane by its number, from 0."""

    def go_on(self, by: int) -> None:
        """Focus the next or the previous pane."""

    def export(self) -> None:
        """Write what is on screen to a file."""

    def change_calls(self) -> None:
        """Be called for news in the next way."""

    def next_theme(self) -> None:
        """Have other colours."""

    def explain_interrupt(self) -> None:
        """Say which key leaves and which stops."""


@dataclass(frozen=True, kw_only=True)
class ActionOn(Generic[Target]):
    """Something a key does."""

    id: str
    keys: tuple[str, ...]
    """In Textual's spelling."""
    shown: str
    """The keys as the footer and the help write them."""
    label: str
    """One or two words for the footer."""
    help: str
    """One sentence."""
    group: Group
    run: Callable[[Target], None]
    footer: int | None = None
    """Place among the footer's hints, first to last by importance; None: only in the help."""
    needs_engine: bool = False
    """Whether nothing comes of it on a run that no engine works on."""
    steers: bool = False
    """Whether the footer offers it only where an engine can be steered, though there is something to it elsewhere."""

    @property
    def textual_action(self) -> str:
        """The action string that Textual runs on the screen."""
        return f"screen.perform('{self.id}')"

    def taken(self, key: str) -> str:
        """Nothing on a screen with a table has keys of its own that would come first."""
        return ""


Action: TypeAlias = ActionOn[Deck]
"""One of the dashboard's."""
