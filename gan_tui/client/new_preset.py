"""A preset for a folder of images: proposed, tried against the machine's memory, checked as `train` would, written."""

from __future__ import annotations

import os
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from engine.config.beginning import check_beginning
from engine.config.image_files import is_folder, path_text
from engine.config.load import dump
from engine.errors import RequestError, WorkError
from engine.protocol.jobs import Tell
from engine.protocol.room import Candidate, Room, RoomJob
from engine.sizes import size_text
from gan_tui.client.jobs import run_job
from gan_tui.client.prepare import checked
from gan_tui.datasets.folders.layouts import digit_sets, recognise
from gan_tui.datasets.proposal.material import Material, material_of
from gan_tui.datasets.proposal.proposals import Proposal, explained, proposals
from gan_tui.datasets.proposal.text import preset_text
from gan_tui.datasets.proposal.values import Wish


@dataclass(frozen=True, kw_only=True)
class NewPreset:
    """What is proposed for a folder."""

    text: str
    """The file's."""
    material: Material
    proposal: Proposal
    room: Room
    """What its steps take of the memory there is."""


def material_in(root: Path, tell: Tell, digits: tuple[str, str] | None = None) -> Material:
    """What a folder is to be trained with.

    Args:
        root: the folder, or one that holds it.
        tell: hears how many images of how many have been looked at.
        digits: two sets of digits in it, where the user said which.

    Raises:
        RequestError: there is none, it cannot be trained on as it is, or a set is not there.
    """
    if not is_folder(root):
        fact = "is not a folder" if root.exists() else "does not exist"
        raise RequestError(path_text(root), fact, "Name a folder of images, or make one of links with --A and --B.")
    layout = digit_sets(root, digits) if digits else recognise(root)
    return material_of(layout, tell, digits)


def propose(material: Material, wish: Wish, name: str, tell: Tell) -> NewPreset:
    """The preset, by the memory that is free here.

    Args:
        material: what is to be trained on.
        wish: what the user said.
        name: the preset's.
        tell: takes what is said while memory is estimated.

    Raises:
        RequestError: the wish cannot be met, or `train` would refuse the outcome.
        WorkError: memory could not be estimated.
    """
    offered = proposals(material, wish)
    candidates = tuple(
        Candidate(config=dump(proposal.config()), only_on_gpu=proposal.only_on_gpu) for proposal in offered
    )
    room = run_job(RoomJob(candidates=candidates, device=wish.device), Room, tell)
    chosen = explained(offered[room.index], offered, room.device)
    text = preset_text(chosen, material, name, memory_in_words(room))
    check_beginning(checked(name, tomllib.loads(text), {}, origin=name).config)
    return NewPreset(text=text, material=material, proposal=chosen, room=room)


def memory_in_words(room: Room) -> str:
    """What the steps take of what there is, in a sentence."""
    where = "the host's memory" if room.device == "cpu" else f"the memory of {room.device}"
    fact = f"Memory: its steps take about {size_text(room.need)}, and {size_text(room.free)} of {where} were free"
    return f"{fact}." if room.fits else f"{fact}: they may not fit. Take a smaller --size, or a larger device."


def write_preset(target: Path, text: str, *, replace: bool) -> None:
    """Write a file whole or not at all, and over another only where that is said.

    Raises:
        RequestError: it is there.
        WorkError: it cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, prefix=".", delete=False) as file:
            draft = Path(file.name)
            file.write(text)
        try:
            draft.chmod(0o666 & ~_umask())
            if replace:
                draft.replace(target)
            else:
                os.link(draft, target)
        finally:
            draft.unlink(missing_ok=True)
    except FileExistsError as error:
        raise RequestError(path_text(target), "is there already", "Name another with -o.") from error
    except OSError as error:
        raise WorkError(path_text(target), f"cannot be written: {error.strerror}", "Name another with -o.") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
