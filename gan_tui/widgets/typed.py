"""A line of text to type, in which keys that arrive in one burst keep their order."""

from __future__ import annotations

from textual.events import Key
from textual.widgets import Input

from gan_tui.state.plain_text import printable


class TypedLine(Input):
    """Textual's Input, with its editing keys obeyed when they come.

    Input inserts a letter at once, but Backspace and Enter reach it only after they have bubbled up and come back as
    bindings. Over a slow link keys come in bursts, and a letter typed after Backspace would overtake it.
    """

    def validate_value(self, value: str) -> str:
        """Whatever is pasted or offered, nothing that a terminal would obey."""
        return printable(value)

    async def _on_key(self, event: Key) -> None:
        own = type(self)._merged_bindings
        binding = own.key_to_bindings.get(event.key) if own is not None else None
        if binding is None:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()
        await self.run_action(binding[0].action)
