"""The options of every command that opens a screen, and what comes of them, the environment and the user's file."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, MutableMapping
from functools import wraps
from typing import Annotated, Any, TypeVar

import typer

from engine.errors import RequestError
from gan_tui.cli import completion
from gan_tui.cli.surface import on_terminal
from gan_tui.state.appearance import THEME_NAMES, Appearance, Means
from gan_tui.state.imaging import Images, imaging

PANEL = "How screens look"
Theme = Annotated[
    str | None,
    typer.Option(
        metavar="THEME",
        help=f"Colours: {', '.join(THEME_NAMES)} [default: dark].",
        envvar="GAN_TUI_THEME",
        show_default=False,
        rich_help_panel=PANEL,
        autocompletion=completion.themes,
    ),
]
Ascii = Annotated[
    bool | None,
    typer.Option(
        "--ascii/--no-ascii",
        help="Draw nothing but ASCII [default: where the locale is not UTF-8].",
        envvar="GAN_TUI_ASCII",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]
Mouse = Annotated[
    bool | None,
    typer.Option(
        "--mouse/--no-mouse",
        help="Take the mouse [default], or leave it to the terminal.",
        envvar="GAN_TUI_MOUSE",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]
ImagesOption = Annotated[
    Images | None,
    typer.Option(
        "--images",
        help="How pictures are drawn: half-blocks, pixels by kitty's protocol or as sixels, or not at all; auto: "
        "half-blocks, or shades where there are too few colours [default: auto].",
        envvar="GAN_TUI_IMAGES",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]
Notify = Annotated[
    Means | None,
    typer.Option(
        help="What alerts and a run's end do [default: bell].",
        envvar="GAN_TUI_NOTIFY",
        show_default=False,
        rich_help_panel=PANEL,
    ),
]
OPTIONS: dict[str, Any] = {
    "theme": Theme,
    "ascii": Ascii,
    "images": ImagesOption,
    "mouse": Mouse,
    "notify": Notify,
}
"""Parameters of every such command, by the names that ``appearance_from`` takes."""

Command = TypeVar("Command", bound=Callable[..., None])


def opens_a_screen(command: Command) -> Command:
    """Give a command these options; they come to it as one keyword argument, ``appearance``.

    Where there is no terminal, no screen can be opened: then the user's file is not looked at, so that nothing in it
    stops a script.
    """
    own = inspect.signature(command, eval_str=True)
    parameters = [each for each in own.parameters.values() if each.name != "appearance"]
    for name, annotation in OPTIONS.items():
        parameters.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation))

    @wraps(command)
    def with_options(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in OPTIONS}
        _require_known(chosen["theme"])
        appearance = appearance_from(os.environ, **chosen) if on_terminal() else Appearance()
        command(**given, appearance=appearance)

    del with_options.__wrapped__  # else Typer would see through to the command's own
    with_options.__signature__ = own.replace(  # type: ignore[attr-defined]
        parameters=[each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    )
    with_options.__annotations__ = {each.name: each.annotation for each in parameters}
    return with_options  # type: ignore[return-value]


def appearance_from(
    environ: MutableMapping[str, str],
    *,
    theme: str | None = None,
    ascii: bool | None = None,  # noqa: A002
    images: Images | None = None,
    mouse: bool | None = None,
    notify: Means | None = None,
) -> Appearance:
    """What the user wishes: an option or its variable, else the user's file, else what is built in.

    Textual looks for the terminal's colours in the environment, once, when it is imported; what it would not find there
    is put there.

    Raises:
        RequestError: an option or the file says what cannot be.
    """
    from gan_tui.client.locales import is_ascii_locale
    from gan_tui.client.preferences import VARIABLE, preferences_file, read_preferences

    file = preferences_file(environ)
    said = read_preferences(file, required=bool(environ.get(VARIABLE)))
    only_ascii = _first(ascii, said.display.ascii, is_ascii_locale(environ))
    asked: Images = _first(images, said.display.images, "auto")
    found = imaging(asked, environ, ascii_only=only_ascii)
    if found.color_system:
        environ["TEXTUAL_COLOR_SYSTEM"] = found.color_system
    if said.keys:
        from gan_tui.actions.every_table import tables_for
        from gan_tui.actions.remapping import require_sound

        require_sound(said.keys, str(file), tables_for(said.keys))
    return Appearance(
        theme=_first(theme, said.display.theme, "dark"),
        ascii=only_ascii,
        images=asked,
        imaging=found,
        mouse=_first(mouse, said.display.mouse, True),
        notify=_first(notify, said.display.notify, "bell"),
        keys=said.keys,
        file=str(file),
    )


def _require_known(theme: str | None) -> None:
    if theme is not None and theme not in THEME_NAMES:
        from difflib import get_close_matches

        near = get_close_matches(theme, THEME_NAMES, n=1, cutoff=0.4)
        fix = f"Did you mean {near[0]}?" if near else f"Choose from {', '.join(THEME_NAMES)}."
        raise RequestError(f"--theme {theme}", "is not a theme", fix)


def _first(*given: Any) -> Any:
    """The first that is something."""
    return next(each for each in given if each is not None)
