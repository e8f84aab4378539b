"""gan-tui presets: the shipped presets, or one of them with every default filled in."""

from __future__ import annotations

from typing import Annotated

import typer

from gan_tui.cli import completion
from gan_tui.cli.options import AsJson, Settings
from gan_tui.cli.output import put, put_json


def presets(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="PRESET", help="A shipped preset or a file.", show_default=False, autocompletion=completion.presets
        ),
    ] = None,
    settings: Settings = None,
    as_json: AsJson = False,
) -> None:
    """List the presets, or print one with every default filled in.

    The list says what each is for, and what data, networks and memory it takes. With PRESET it is printed as TOML
    with a line of comment on each of its networks: a good start for a file of your own.

    Examples:
        gan-tui presets
        gan-tui presets horse2zebra
        gan-tui presets horse2zebra --set generator.blocks=6 > mine.toml

    Exit status:
        0  done
        2  there is no such preset, or it says what cannot be

    See also:
        gan-tui train
    """
    import msgspec

    from engine.config.architecture import networks_in_words
    from engine.config.load import dump, read_toml, resolve, with_settings
    from engine.config.presets import find_preset, preset_card, shipped_presets

    if name is not None:
        path = find_preset(name)
        config = resolve(with_settings(read_toml(path), settings or []), path.name)
        if as_json:
            put_json(msgspec.to_builtins(config))
            return
        for part, words in networks_in_words(config).items():
            put(f"# {part}: {words}")
        for line in dump(config).rstrip().split("\n"):
            put(line)
        return
    cards = [preset_card(path) for path in shipped_presets().values()]
    if as_json:
        put_json(msgspec.to_builtins(cards))
        return
    width = max((len(card.name) for card in cards), default=0)
    for card in cards:
        put(f"{card.name:{width}}  {card.summary}")
        put(f"{'':{width}}  {card.in_words()}")
