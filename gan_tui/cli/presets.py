"""gan-tui presets: the shipped presets, or one of them with every default filled in."""

from __future__ import annotations

from typing import Annotated

import typer

from gan_tui.cli.options import AsJson, Settings
from gan_tui.cli.output import put, put_json


def presets(
    name: Annotated[str | None, typer.Argument(help="A shipped preset or a file.", show_default=False)] = None,
    settings: Settings = None,
    as_json: AsJson = False,
) -> None:
    """List the shipped presets with what they need, or print one with every default filled in."""
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
