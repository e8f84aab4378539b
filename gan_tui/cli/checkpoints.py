"""gan-tui checkpoints: what a run can be resumed from, and the stars that keep some of it from being deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gan_tui.cli import completion
from gan_tui.cli.options import AsJson, RunArgument, RunsFolder
from gan_tui.cli.output import age_of, losses_in_words, put, put_json, say

if TYPE_CHECKING:
    from engine.protocol.rundir import RunDirectory
    from gan_tui.client.inventory import Inventory, Kept


def checkpoints(
    run: RunArgument,
    star: Annotated[
        str | None,
        typer.Option(
            metavar="STEP",
            help="Give this one a star first: it is kept for good.",
            show_default=False,
            autocompletion=completion.checkpoints,
        ),
    ] = None,
    unstar: Annotated[
        str | None,
        typer.Option(
            metavar="STEP", help="Take its star away first.", show_default=False, autocompletion=completion.checkpoints
        ),
    ] = None,
    runs_dir: RunsFolder = None,
    as_json: AsJson = False,
) -> None:
    """List a run's checkpoints; give one a star to keep it.

    The list is oldest first: step, epoch, size, age, why it was saved, marks, losses, measured figures, note. A
    checkpoint with a star (*) is never deleted to make room. best is the lowest generator objective under the newest
    one's loss weights, or the best of the figure that the run's checkpoint.best_by names. What is called damaged lacks
    a file or a part of one; gan-tui verify reads them whole.

    Examples:
        gan-tui checkpoints horse2zebra
        gan-tui checkpoints horse2zebra --star 12000
        gan-tui checkpoints horse2zebra --json

    Exit status:
        0  done
        1  a star could not be written
        2  there is no such run or checkpoint

    See also:
        gan-tui resume, gan-tui verify, gan-tui eval
    """
    from gan_tui.client.inventory import take_inventory
    from gan_tui.client.locate import find_run, runs_folder

    found = find_run(run, runs_folder(runs_dir))
    for step, starred in ((star, True), (unstar, False)):
        if step is not None:
            _mark(found, step, starred=starred)
    inventory = take_inventory(found)
    if as_json:
        put_json(_as_json(inventory))
        return
    if not inventory.checkpoints and not inventory.unreadable:
        say("No checkpoint yet.")
    for kept in inventory.checkpoints:
        put(_line(kept))
    for other in inventory.unreadable:
        say(f"{other.folder.name} {other.damage}")


def _mark(run: RunDirectory, step: str, *, starred: bool) -> None:
    from engine.errors import WorkError
    from engine.protocol.checkpoints import set_star
    from engine.protocol.choice import choose_checkpoint

    folder, _ = choose_checkpoint(run, step)
    try:
        set_star(folder, starred)
    except OSError as error:
        fact = f"cannot be marked ({error.strerror})"
        raise WorkError(f"checkpoint {folder.name} of run {run.name}", fact, "Make its folder writable.") from error


def _as_json(inventory: Inventory) -> list[dict[str, Any]]:
    """Every checkpoint, and then the folders of which nothing but their damage is known."""
    import msgspec

    whole = [
        {
            "path": str(kept.folder),
            "size": kept.manifest.size,
            "starred": kept.starred,
            "note": kept.note,
            "best": kept.best,
            "figures": kept.figures,
            "damage": kept.damage,
            **msgspec.to_builtins(kept.manifest),
        }
        for kept in inventory.checkpoints
    ]
    return [*whole, *({"path": str(other.folder), "damage": other.damage} for other in inventory.unreadable)]


def _line(kept: Kept) -> str:
    from engine.sizes import size_text
    from gan_tui.state.figures import figures_in_words

    item = kept.manifest
    when = f"{age_of(item.time)} ago"
    marks = " ".join(word for word, has in (("*", kept.starred), ("best", kept.best), ("damaged", kept.damage)) if has)
    what = f"{item.step:>9,}  epoch {item.epoch:<4} {size_text(item.size):>8}  {when:>10}  {item.reason:8} {marks:9}"
    note = f"  ({kept.note})" if kept.note else ""
    figures = f"  | {figures_in_words(kept.figures)}" if kept.figures else ""
    return f"{what}  {kept.damage or losses_in_words(item.losses)}{figures}{note}"
