"""Which preset suits a folder, and the command that trains it or makes the folder one that can be trained on."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.config.data import DataConfig, DigitsData, PairedData, RootedData, UnpairedData
from engine.config.image_files import path_text
from engine.config.methods import TrainConfig
from engine.errors import RequestError
from gan_tui.datasets.folders.layouts import FolderLayout, Kind
from gan_tui.datasets.shipped import sets_of, shipped_configs

_GENERAL: dict[type[DataConfig], str] = {
    UnpairedData: "horse2zebra",
    PairedData: "facades-photo2labels",
    DigitsData: "dtn-usps2mnist",
}
"""The shipped preset that trains any folder of a kind of data as the method's paper does."""
DATA_OF_KIND: dict[Kind, type[RootedData]] = {
    "unpaired": UnpairedData,
    "side-by-side": PairedData,
    "matched": PairedData,
    "digits": DigitsData,
}


@dataclass(frozen=True)
class Choice:
    """A preset for a folder."""

    preset: str
    """A shipped name, or a file."""
    config: TrainConfig
    """Of that preset, with the folder as data.root."""
    why: str
    settings: tuple[str, ...] = ()
    """What has to be set besides."""


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """How to go on."""

    command: str
    why: str


def choose_preset(layout: FolderLayout, digits: tuple[str, str] | None = None) -> Choice | None:
    """The shipped preset for a folder that is laid out for training: the set's own, by its name, or a general one.

    Args:
        layout: the folder's.
        digits: the sets of digits that are to be source and target, where the user said which.
    """
    data = DATA_OF_KIND.get(layout.kind)
    sets = list(dict.fromkeys(part.domain for part in layout.parts if part.split == "train"))
    if data is None or (data is DigitsData and len(sets) < 2):
        return None
    fitting = {name: config for name, config in shipped_configs().items() if isinstance(config.data, data)}
    there = sets if data is DigitsData else [layout.root.name]
    own = [name for name, config in fitting.items() if _is_of(config.data, there, digits)]
    if own:
        name = min(own, key=lambda name: (name != layout.root.name, _is_no_translation_of_digits(fitting[name]), name))
        return Choice(name, with_root(fitting[name], layout.root), "is shipped for this set")
    name = _GENERAL[data]
    config = with_root(fitting[name], layout.root)
    settings: tuple[str, ...] = ()
    if isinstance(config.data, DigitsData):
        source, target = digits or sets[:2]
        config = msgspec.structs.replace(config, data=msgspec.structs.replace(config.data, A=source, B=target))
        settings = (f"data.A={source}", f"data.B={target}")
    method = config.method.__struct_config__.tag
    return Choice(name, config, f"is {method} with the settings of its paper, for any such set", settings)


def with_root(config: TrainConfig, root: Path) -> TrainConfig:
    """A preset that reads its images from another folder.

    Raises:
        RequestError: it draws its own.
    """
    data = config.data
    if not isinstance(data, RootedData):
        fact = f"draws its own images ({data.__struct_config__.tag})"
        raise RequestError("--preset", fact, "Name one that reads a folder: gan-tui presets")
    return msgspec.structs.replace(config, data=msgspec.structs.replace(data, root=str(root)))


def suggestions(layout: FolderLayout, choice: Choice | None) -> tuple[Suggestion, ...]:
    """How to go on with a folder."""
    root = _word(layout.root)
    if choice is not None:
        settings = "".join(f" --set {shlex.quote(setting)}" for setting in choice.settings)
        return (
            Suggestion(
                command=f"gan-tui train {_word(Path(choice.preset))} --data {root}{settings}",
                why=f"{choice.preset} {choice.why}",
            ),
            Suggestion(command=f"gan-tui init {root}", why="writes a preset for these images, with its reasons"),
        )
    match layout.kind:
        case "two-folders":
            return _join(layout)
        case "several" | "digits":
            return tuple(
                Suggestion(command=f"gan-tui data check {_word(folder)}", why=f"holds {IN_WORDS[kind]}")
                for folder, kind in layout.beside
            )
        case _:
            return ()


def _join(layout: FolderLayout) -> tuple[Suggestion, ...]:
    """Two folders as the domains of a set that is made of links."""
    first, second = (part.folder for part in layout.parts)
    target = Path("datasets", f"{first.name}2{second.name}")
    command = f"gan-tui init {_word(target)} --A {_word(first)} --B {_word(second)}"
    return (Suggestion(command=command, why="makes a set of links to both, and a preset"),)


IN_WORDS: dict[Kind, str] = {
    "unpaired": "unpaired images of two domains",
    "side-by-side": "pairs, side by side in each file",
    "matched": "pairs, in two folders with equal names",
    "digits": "sets of labelled digits",
    "digit-set": "one set of labelled digits",
    "two-folders": "two folders of images",
    "images": "images of one kind",
    "several": "several folders of images",
    "nothing": "no image",
}


_LAYOUTS = (
    "Two domains go into trainA and trainB; pairs into train, both halves side by side in each file, or into A/train "
    "and B/train."
)
_HOW_TO_LAY_OUT: dict[Kind, str] = {
    "digit-set": "Translation needs two: put another beside it, and name the folder that holds both.",
    "digits": "Two of them need training images.",
    "two-folders": "Say which is domain A and which B: gan-tui init DIR --A ... --B ... makes a set of links to them.",
    "images": f"Translation needs images of two kinds, or pairs. {_LAYOUTS}",
    "several": f"Name one of those that it holds. {_LAYOUTS}",
}


def what_it_holds(layout: FolderLayout) -> str:
    """Why a folder cannot be trained on as it is, as a clause."""
    return f"is not laid out for training: it holds {IN_WORDS[layout.kind]}"


def how_to_lay_out(layout: FolderLayout) -> str:
    """What to do about that."""
    return _HOW_TO_LAY_OUT.get(layout.kind, _LAYOUTS)


def _is_of(data: DataConfig, there: Sequence[str], digits: tuple[str, str] | None) -> bool:
    """Whether a preset is of sets that are there; where source and target are said, of these in that order."""
    return sets_of(data) == digits if digits else set(sets_of(data)) <= set(there)


def _is_no_translation_of_digits(config: TrainConfig) -> bool:
    """DTN is the system for digits; others can be trained on them."""
    return isinstance(config.data, DigitsData) and config.method.__struct_config__.tag != "dtn"


def _word(path: Path) -> str:
    """A path as a shell takes it."""
    return shlex.quote(path_text(path))
