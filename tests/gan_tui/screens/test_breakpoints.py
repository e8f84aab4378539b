"""What a screen knows of its size when it is laid out first: a frame more is a second and more on a slow link."""

from __future__ import annotations

from typing import ClassVar

import pytest
from textual.app import App
from textual.screen import Screen

from gan_tui.screens.breakpoints import set_classes_by_size


class Sized(Screen[None]):
    """Remembers the classes that it had when it was mounted."""

    HORIZONTAL_BREAKPOINTS: ClassVar = [(110, "-wide"), (0, "-narrow")]
    VERTICAL_BREAKPOINTS: ClassVar = [(20, "-short"), (45, "-tall")]
    first: frozenset[str] = frozenset()

    def on_mount(self) -> None:
        """Set them."""
        set_classes_by_size(self)
        self.first = self.classes


class Shown(App[None]):
    """Has no other screen."""

    def get_default_screen(self) -> Sized:
        """It."""
        return Sized()


@pytest.mark.parametrize(
    ("size", "classes"),
    [((109, 19), {"-narrow"}), ((110, 20), {"-wide", "-short"}), ((300, 90), {"-wide", "-tall"})],
)
async def test_a_screen_has_textuals_classes_before_textual_sets_them(size: tuple[int, int], classes: set[str]) -> None:
    app = Shown()
    async with app.run_test(size=size):
        assert isinstance(app.screen, Sized)
        assert app.screen.first == app.screen.classes == classes
