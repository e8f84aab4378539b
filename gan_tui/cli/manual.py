"""--help as a manual page: what a command does, its arguments, its options by group, and the sections of its docstring.

A command's docstring is its page. The first sentence, of at most 62 characters, is its line in `gan-tui --help`.
Paragraphs up to the first heading follow, filled to the terminal's width. A heading is a line of its own that begins
with a capital and ends with a colon; what is indented below it is printed as it stands::

    Examples:
        gan-tui log horse2zebra -f

Options are grouped by their ``rich_help_panel``, commands by that of their registration: Typer's own word for it, of
which its plain help makes nothing.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from textwrap import dedent
from typing import Any, NamedTuple

from typer.core import TyperCommand, TyperGroup

TERM_COLUMNS = 22
"""Of an option or a command; behind a longer one the text begins on the next line."""
_HEADING = re.compile(r"[A-Z][a-z][A-Za-z ]*:")


class Page(NamedTuple):
    """A docstring's parts."""

    text: str
    """Paragraphs, parted by empty lines."""
    sections: dict[str, list[str]]
    """Heading to lines, indented relative to one another alone."""


def page(docstring: str) -> Page:
    """A docstring as a page has it."""
    text: list[str] = []
    sections: dict[str, list[str]] = {}
    lines = text
    for line in inspect.cleandoc(docstring).splitlines():
        if _HEADING.fullmatch(line):
            lines = sections.setdefault(line.removesuffix(":"), [])
        else:
            lines.append(line)
    bodies = {heading: dedent("\n".join(lines)).strip("\n").splitlines() for heading, lines in sections.items()}
    return Page("\n".join(text).strip(), bodies)


class _Paged:
    """How a page is written, for commands and for groups of them."""

    help: str | None

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What stands behind the command's name: options, arguments, and of a group its commands."""
        pieces = ["[OPTIONS]"]
        for each in self.get_params(ctx):  # type: ignore[attr-defined]
            if each.param_type_name == "argument":
                pieces.append(_name_of(each) if each.required else f"[{_name_of(each)}]")
        return [*pieces, "COMMAND ..."] if isinstance(self, TyperGroup) else pieces

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """The first sentences and paragraphs."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(page(self.help or "").text)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments, then options by group, those of none first; then the commands of a group."""
        parameters = self.get_params(ctx)  # type: ignore[attr-defined]
        _write_groups(formatter, [row for each in parameters if (row := _row(each, ctx)) is not None])
        if isinstance(self, TyperGroup):
            self.format_commands(ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The sections."""
        for heading, lines in page(self.help or "").sections.items():
            with formatter.section(heading):
                for line in lines:
                    formatter.write(f"{'':{formatter.current_indent}}{line}".rstrip() + "\n")


class Manual(_Paged, TyperCommand):
    """A command whose help is a manual page."""


class ManualGroup(_Paged, TyperGroup):
    """A group of commands whose help is one, with its commands by group."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """A line for each command."""
        shown = {name: each for name in self.list_commands(ctx) if not (each := self.commands[name]).hidden}
        widest = max(map(len, shown), default=0)  # the same in every group
        limit = formatter.width - widest - 4
        rows = [
            (_panel_of(each) or "Commands", (name.ljust(widest), each.get_short_help_str(limit)))
            for name, each in shown.items()
        ]
        _write_groups(formatter, rows)


def _row(parameter: Any, ctx: Any) -> tuple[str, tuple[str, str]] | None:
    """The group of an argument or option, and its two columns; None of one that is hidden."""
    if parameter.param_type_name == "argument":
        return _panel_of(parameter) or "Arguments", (_name_of(parameter), parameter.help or "")
    record = parameter.get_help_record(ctx)
    return record and (_panel_of(parameter) or "Options", record)


def _name_of(argument: Any) -> str:
    """As it is written in the usage line: RUN, or INPUT... where several can be given."""
    name = argument.metavar or argument.name.upper()
    return name if argument.nargs == 1 or name.endswith("...") else f"{name}..."


def _panel_of(each: Any) -> str:
    """The group that it was given; Typer has a placeholder for none in some versions."""
    panel = getattr(each, "rich_help_panel", None)
    return panel if isinstance(panel, str) else ""


def _write_groups(formatter: Any, rows: Iterable[tuple[str, tuple[str, str]]]) -> None:
    """Definition lists under their headings, in the order in which those appear first."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for group, row in rows:
        groups.setdefault(group, []).append(row)
    for group in sorted(groups, key=lambda name: name not in ("Arguments", "Options")):
        with formatter.section(group):
            formatter.write_dl(groups[group], col_max=TERM_COLUMNS)
