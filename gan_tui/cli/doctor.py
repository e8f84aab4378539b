"""gan-tui doctor: whether this machine is fit to train on, and what to do about what is not."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import typer

from gan_tui.cli.marks import put_marked
from gan_tui.cli.options import AsJson, RunsFolder
from gan_tui.cli.output import put, put_json
from gan_tui.cli.surface import on_terminal
from gan_tui.state.plain_text import printable

if TYPE_CHECKING:
    from gan_tui.doctor.finding import Finding, Section
    from gan_tui.doctor.terminal import Size

WIDEST = 110
"""Columns; longer lines are hard to read."""
SUBJECT_COLUMNS = 14


def doctor(runs_dir: RunsFolder = None, as_json: AsJson = False) -> None:
    """Check this machine for what stands in the way of training.

    Looked at are the installation, PyTorch and the devices (it computes a little on each), processors, memory, the
    terminal, the folder of sockets, what becomes of an engine when you log out, the disk of the runs, limits, and what
    engines have left behind. Nothing is changed; a file is written on the disk of the runs and removed, to see how long
    that takes.

    Each line has a mark: ok; note, for what is worth knowing and harmless in itself; problem, for what will not work or
    be lost, with what to do about it.

    Examples:
        gan-tui doctor
        gan-tui doctor --runs-dir /scratch/runs
        gan-tui doctor --json

    Exit status:
        0  nothing is a problem
        1  something is
        2  the request was wrong

    See also:
        gan-tui train, gan-tui runs
    """
    from gan_tui.cli.job_progress import telling
    from gan_tui.client.locate import runs_folder
    from gan_tui.doctor.examine import examine
    from gan_tui.doctor.site import Site

    found: list[Section] = []
    for section in examine(Site(), runs_folder(runs_dir), _size(), telling):
        found.append(section)
        if not as_json:
            _show(section)
    if as_json:
        put_json(found)
    else:
        put(_in_words(found))
    if any(section.problems for section in found):
        raise typer.Exit(1)


def _size() -> Size | None:
    from gan_tui.doctor.terminal import Size

    return Size(*shutil.get_terminal_size()) if on_terminal() else None


def _show(section: Section) -> None:
    from rich.console import Console

    console = Console(width=min(WIDEST, shutil.get_terminal_size().columns), highlight=False, soft_wrap=False)
    console.print(section.title, style="bold", markup=False)
    for finding in section.findings:
        put_marked(_lines(finding, console.width), finding.mark)
    console.print()


def _lines(finding: Finding, width: int) -> list[str]:
    """Mark, subject, fact and what to do; where the subject's column is left, lines are filled."""
    from functools import partial
    from textwrap import wrap

    filled = partial(wrap, width=width, break_long_words=False, break_on_hyphens=False)
    head = f"  {finding.mark:8} {printable(finding.subject):{SUBJECT_COLUMNS}} "
    rest = " " * len(head)
    fact = filled(printable(finding.fact), initial_indent=head, subsequent_indent=rest)
    return fact + filled(printable(finding.fix), initial_indent=f"{rest}-> ", subsequent_indent=f"{rest}   ")


def _in_words(found: list[Section]) -> str:
    problems = sum(section.problems for section in found)
    notes = sum(finding.mark == "note" for section in found for finding in section.findings)
    counted = f"{problems} problem{'' if problems == 1 else 's'}" if problems else "No problem"
    return f"{counted}, {notes} note{'' if notes == 1 else 's'}."
