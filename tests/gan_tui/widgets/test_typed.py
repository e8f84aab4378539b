"""Typing in bursts, as keys come over a slow link."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.events import Key
from textual.widgets import Input

from gan_tui.widgets.typed import TypedLine


class Host(App[None]):
    """Holds one line to type, and keeps what was submitted."""

    submitted = ""

    def compose(self) -> ComposeResult:
        yield TypedLine(value="10", select_on_focus=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.submitted = event.value


async def test_keys_in_one_burst_keep_their_order() -> None:
    app = Host()
    async with app.run_test() as pilot:
        app.query_one(TypedLine).focus()
        await pilot.pause()
        for key, character in (
            ("ctrl+u", None),
            ("1", "1"),
            ("5", "5"),
            ("backspace", "\b"),
            ("2", "2"),
            ("enter", "\r"),
        ):
            app.post_message(Key(key, character))
        await pilot.pause()
        assert app.submitted == "12"
