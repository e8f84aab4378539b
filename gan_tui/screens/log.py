"""The log panel: what the engine wrote to engine.log, as it comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from engine.protocol.rundir import RunDirectory
from engine.sizes import size_text
from gan_tui.client.log_tail import LogFollower, LogTail
from gan_tui.screens.dialog import Dialog
from gan_tui.screens.worded import worded
from gan_tui.state.log_lines import Log, News, with_news
from gan_tui.widgets.frames import entitle
from gan_tui.widgets.log_view import LogView
from gan_tui.widgets.typed import TypedLine


class LogScreen(Dialog[None]):
    """Follows the log while it is open."""

    CSS_PATH = "log.tcss"
    WHILE_TYPING = frozenset({"log-leave"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "end the search, or close", id="log-leave", show=False),
        Binding("q,l", "dismiss", "close", id="log-close", show=False),
        Binding("slash", "search", "mark what is typed, and go to it", id="log-search", show=False),
        Binding("n", "next(1)", "go to the next line that has it", id="log-next", show=False),
        Binding("N", "next(-1)", "go to the line before that has it", id="log-previous", show=False),
        Binding("g", "log_home", "go to the oldest line", id="log-oldest", show=False),
        Binding("G", "log_end", "go to the newest line, and follow", id="log-newest", show=False),
    ]

    @dataclass
    class Moved(Message):
        """The log has grown, or is another one."""

        news: News

    def __init__(self, run: RunDirectory) -> None:
        super().__init__()
        self._run = run
        self._log = Log()
        self._follower = LogFollower(LogTail(run.log))
        self.view = LogView()
        self._typed = TypedLine(placeholder="search the log", select_on_focus=True)

    def compose(self) -> ComposeResult:
        """The lines, and below them the field to search in while it is used."""
        with Vertical(id="log"):
            yield self.view
            yield self._typed

    def on_mount(self) -> None:
        """Begin to follow."""
        self._typed.display = False
        self.view.focus()
        self.watch(self.view, "scroll_y", self._entitle, init=False)
        self._entitle()
        self._follower.start(lambda news: self.post_message(self.Moved(news)))

    def on_unmount(self) -> None:
        """Follow no more."""
        self._follower.close()

    def on_log_screen_moved(self, message: Moved) -> None:
        """Show what has come."""
        message.stop()
        self._log = with_news(self._log, message.news)
        self.view.show(self._log)
        self._entitle()

    def on_input_changed(self) -> None:
        """Mark what is typed while it is typed."""
        self.view.search(self._typed.value)
        self._entitle()

    def on_input_submitted(self) -> None:
        """Go back to the lines; what was found stays marked."""
        self._typed.display = False
        self.view.focus()

    def action_search(self) -> None:
        """Have something typed."""
        self._typed.display = True
        self._typed.focus()

    def action_next(self, by: int) -> None:
        """Go to the next line that has it."""
        self.view.go_to_match(by)
        self._entitle()

    def action_log_home(self) -> None:
        """Go to the oldest line."""
        self.view.scroll_home(animate=False)

    def action_log_end(self) -> None:
        """Go to the newest line, and stay there."""
        self.view.go_to_end()

    def action_leave(self) -> None:
        """End the search, or where there is none, go back to the dashboard."""
        if self._typed.display or self._typed.value:
            self._typed.value = ""
            self.on_input_submitted()
        else:
            self.dismiss()

    def _entitle(self) -> None:
        parts = ["engine.log", self._run.name]
        if self._log.skipped:
            parts.append(f"without its first {size_text(self._log.skipped)}")
        search = "{log-search|/} search · {log-next|n} {log-previous|N} next, before"
        keys = worded(self, f"{search} · {{log-newest|G}} newest · {{log-leave|Esc}} close")
        said = self.view.finding or ("follows" if self.view.follows else "scrolled back")
        entitle(self.query_one("#log"), " · ".join(parts), f"{said} · {keys}")
