"""What every application here has in common: its themes, its keys, and the characters that it may draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from textual import events
from textual.driver import Driver
from textual.filter import LineFilter
from textual.timer import Timer

from gan_tui.in_turn import InTurn
from gan_tui.state.appearance import LEAST_HEIGHT, LEAST_WIDTH, THEME_NAMES, Appearance
from gan_tui.state.key_names import shown_keys
from gan_tui.themes import THEMES

Returned = TypeVar("Returned")

SETTLE_SECONDS = 0.3
"""After the newest change of size it is looked whether the screen has followed."""


class DressedApp(InTurn[Returned]):
    """Looks as the user wishes; an application derives from it and is given its ``Appearance``.

    Its bindings and its screens' have ids, by which the user's file gives them other keys. The class ``-plain`` is
    on it while colours cannot carry anything: stylesheets then tell by shape what else a colour would help to see. The
    class ``-too-small`` is on it while the terminal is: then a screen's TooSmall is seen alone, and no dialog.
    """

    CSS = """
    CommandPalette { background: transparent; }
    CommandPalette > Vertical { width: 80; max-width: 100%; }
    CommandPalette SearchIcon { display: none; }
    CommandPalette CommandList { scrollbar-gutter: stable; }
    Screen { layers: base over; }
    .-too-small TooSmall { display: block; }
    .-too-small ModalScreen { background: transparent; }
    .-too-small ModalScreen > * { offset: 0 1000; }
    """
    # A dialog that dims what is behind it would have the whole screen written again. Textual's icon is an emoji, which
    # few fonts have; and it measures commands before it knows of a scroll bar, so that there is to be room for one.

    def __init__(self, appearance: Appearance, *, driver_class: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver_class)
        self.appearance = appearance
        self._settling: Timer | None = None
        self._only_ascii: LineFilter | None = None
        if appearance.ascii:
            from gan_tui.terminal.ascii_filter import AsciiFilter

            self._only_ascii = AsciiFilter()
        foreign = list(self.available_themes)
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = appearance.theme
        for name in foreign:  # Textual's own have no tokens of ours
            self.unregister_theme(name)
        self.keys_given = {name: shown_keys(keys, ascii=appearance.ascii) for name, keys in appearance.keys.items()}
        """See screens.worded."""
        self.set_keymap({action: ",".join(keys) for action, keys in appearance.keys.items()})

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's, and what leaves nothing but ASCII."""
        filters = super().get_line_filters()
        return filters if self._only_ascii is None else [*filters, self._only_ascii]

    def on_resize(self, event: events.Resize) -> None:
        """Know whether there is room, and see to it that it is used."""
        self.set_class(event.size.width < LEAST_WIDTH or event.size.height < LEAST_HEIGHT, "-too-small")
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLE_SECONDS, self._settle)

    def _settle(self) -> None:
        """Have the screen laid out for the size that there is, where it is for an older one.

        A Textual screen that has been laid out sends itself a Resize, too. Of several sizes in a row the echo of one
        may come after the next one, and then takes its place.
        """
        for screen in self.screen_stack[-1:]:
            if screen.outer_size != self.size:
                screen.post_message(events.Resize(self.size, self.size))

    def next_theme(self) -> str:
        """Take the next theme; returns its name."""
        names: list[str] = list(THEME_NAMES)
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
        return self.theme

    def way_to_keep(self, key: str, value: str) -> str:
        """Words that say how a choice is made for good, as the end of a sentence."""
        return f'{key} = "{value}" under [display] in {self.appearance.file or "config.toml"}'

    def watch_theme(self) -> None:
        """Tell stylesheets whether colours carry anything."""
        self.set_class(self.no_color or self.appearance.ascii or self.theme == "monochrome", "-plain")
