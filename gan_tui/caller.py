"""Calls the user of a dashboard when there is news, as they have it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from gan_tui.state.appearance import Means
from gan_tui.state.notifying import Watch, following, judged
from gan_tui.state.outlet import Outlet
from gan_tui.state.run_view import RunView
from gan_tui.terminal.calling import Way, call, in_words


class Caller:
    """Looks at every view for news.

    Args:
        means: how the user is to be called at first.
        way: how the terminal takes messages for the desktop.
        outlet: the terminal; what is sent there is never in the middle of a frame.
        later: calls something after so many seconds.
        clock: seconds that only rise.
    """

    def __init__(
        self,
        means: Means,
        way: Way,
        *,
        outlet: Outlet,
        later: Callable[[float, Callable[[], None]], object],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._means = means
        self._way = way
        self._outlet = outlet
        self._later = later
        self._clock = clock
        self._watch = Watch()
        self._view: RunView | None = None
        self._returns = False
        """Whether it will look again by itself."""

    def take(self, view: RunView) -> None:
        """See whether there is news in a view, and call."""
        self._view = view
        self._watch, notice, again_in = judged(self._watch, view, self._clock())
        if notice is not None and (sent := call(notice, self._means, self._way)):
            self._outlet.after_frame("call", sent.encode())
        if again_in is not None and not self._returns:
            self._returns = True
            self._later(again_in, self._look_again)

    def change(self) -> tuple[Means, str]:
        """Call otherwise from now on; how, and that in words."""
        self._means = following(self._means)
        return self._means, in_words(self._means, self._way)

    def _look_again(self) -> None:
        self._returns = False
        if self._view is not None:
            self.take(self._view)
