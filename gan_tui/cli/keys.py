"""gan-tui keys: every key, and the user's file that changes them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gan_tui.cli.output import put
from gan_tui.state.appearance import Appearance

if TYPE_CHECKING:
    from gan_tui.actions.action import ActionOn
    from gan_tui.actions.remapping import Keyed


def keys(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the built-in keys as a page of documentation.")
    ] = False,
    template: Annotated[
        bool, typer.Option("--template", help="Print a user's file with every key in it, commented out.")
    ] = False,
) -> None:
    """List every key of the screens, with the ids that change them.

    In the user's file an action gets another key by its id, and the screens another look.

    Examples:
        gan-tui keys
        gan-tui keys --template > ~/.config/gan-tui/config.toml

    Exit status:
        0  done
        2  the user's file says what cannot be

    Files:
        $XDG_CONFIG_HOME/gan-tui/config.toml, ~/.config/gan-tui/config.toml

    Environment:
        GAN_TUI_CONFIG  names another file; /dev/null is none

    See also:
        gan-tui attach (? lists the keys)
    """
    from engine.errors import RequestError

    if markdown and template:
        raise RequestError("--markdown and --template", "cannot both be printed", "Leave one of the two out.")
    if markdown:
        _put_lines(as_markdown())
    elif template:
        _put_lines(as_template())
    else:
        _list()


def _groups(appearance: Appearance) -> Iterator[tuple[str, Sequence[ActionOn[Any]]]]:
    """The actions of every screen that has a table of them, by group, with the keys that they have."""
    from gan_tui.actions.every_table import TABLES
    from gan_tui.actions.remapping import dressed
    from gan_tui.actions.table import grouped

    for screen, table in TABLES.items():
        for group, listed in grouped(dressed(table, appearance)):
            yield (f"{screen}: {group.lower()}" if screen else group), listed


def _put_lines(text: str) -> None:
    for line in text.splitlines():
        put(line)


def _list() -> None:
    """The keys in force, as the user's file has them."""
    from gan_tui.actions.every_table import tables_for
    from gan_tui.actions.remapping import require_sound
    from gan_tui.client.preferences import VARIABLE, preferences_file, read_preferences
    from gan_tui.screens.key_lists import keys_of_screens
    from gan_tui.state.key_names import shown_keys

    file = preferences_file(os.environ)
    said = read_preferences(file, required=bool(os.environ.get(VARIABLE)))
    require_sound(said.keys, str(file), tables_for(said.keys))
    for group, listed in _groups(Appearance(keys=said.keys)):
        put(group)
        for action in listed:
            put(f"  {_keys_of(action):<14} {action.id:<17} {action.help}")
    for screen in keys_of_screens():
        put(screen.title)
        for each in screen.keys:
            put(f"  {shown_keys(said.keys.get(each.id, each.keys)):<14} {each.id:<27} {each.label}")


def as_markdown() -> str:
    """The built-in keys as docs/keys.md has them."""
    from gan_tui.screens.key_lists import keys_of_screens

    lines = [
        "# Keys",
        "",
        "<!-- Written by `gan-tui keys --markdown`; a test compares. -->",
        "",
        "`?` lists them in the dashboard, with what a user's file has changed. In that file (`gan-tui keys --template`",
        "prints one) an action gets another key by its id:",
        "",
        "    [keys]",
        '    pause = "space"',
        '    zoom-in = ["z", "ctrl+up"]',
    ]
    for group, listed in _groups(Appearance()):
        lines += ["", f"## {group}", "", "| key | id | what it does |", "|---|---|---|"]
        lines += [f"| {_cell(_keys_of(action))} | {action.id} | {_escaped(action.help)} |" for action in listed]
    lines += ["", "## In dialogs and on other screens", "", "| where | key | id | what it does |", "|---|---|---|---|"]
    for screen in keys_of_screens():
        lines += [f"| {screen.title} | {_cell(_keys_of(each))} | {each.id} | {each.label} |" for each in screen.keys]
    return "\n".join(lines)


def as_template() -> str:
    """A user's file with every choice in it, commented out."""
    from gan_tui.screens.key_lists import keys_of_screens

    lines = [
        "# What gan-tui's screens look like and which keys they take. Options of a command, and the environment",
        "# (GAN_TUI_THEME and others: see gan-tui attach --help), come before this file.",
        "",
        "[display]",
        *_display_lines(),
        "",
        "[data]",
        *_data_lines(),
        "",
        "[keys]                   # a key, or a list of keys: they take the place of the built-in ones",
    ]
    for group, listed in _groups(Appearance()):
        lines += ["", f"# {group}"]
        lines += [_in_template(action, action.help) for action in listed]
    for screen in keys_of_screens():
        lines += ["", f"# {screen.title}"]
        lines += [_in_template(each, each.label) for each in screen.keys]
    return "\n".join(lines)


def _in_template(each: Keyed, told: str) -> str:
    return f"# {each.id} = {_toml_keys(each.keys)}".ljust(40) + f" # {told}"


def _display_lines() -> list[str]:
    """Each key of [display] with its built-in value, what it means, and what can be chosen."""
    from typing import get_args, get_type_hints

    from engine.config.documentation import field_docs
    from gan_tui.client.preferences import Display

    built_in, docs = Appearance(), field_docs(Display)
    lines = []
    for name, hint in get_type_hints(Display).items():
        if name in docs:
            value = getattr(built_in, name)
            written = str(value).lower() if isinstance(value, bool) else f'"{value}"'
            choices = ", ".join(get_args(get_args(hint)[0]))
            lines.append(f"# {name} = {written}".ljust(24) + f" # {docs[name]}" + (f" {choices}" if choices else ""))
    return lines


def _data_lines() -> list[str]:
    """Each key of [data], with an example of what may be said."""
    from engine.config.documentation import field_docs
    from gan_tui.client.preferences import DataWishes

    return [
        f'# {name} = ["https://mirror.example.org/sets"]  # {told}' for name, told in field_docs(DataWishes).items()
    ]


def _keys_of(action: Keyed) -> str:
    """Every key of an action, also those for which the footer has no room."""
    from gan_tui.state.key_names import shown_keys

    return shown_keys(action.keys)


def _toml_keys(keys: Sequence[str]) -> str:
    from gan_tui.state.key_names import written_key

    each = [f'"{written_key(key)}"' for key in keys]
    return each[0] if len(each) == 1 else f"[{', '.join(each)}]"


def _cell(shown: str) -> str:
    return " ".join(f"`{_escaped(each)}`" for each in shown.split())


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
