"""Every help is a page that a user can follow: it fits 80 columns, options are told, examples are command lines."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from gan_tui.cli.app import COMMANDS as COMMANDS_BY_HEADING
from gan_tui.cli.app import app
from gan_tui.cli.manual import Manual, ManualGroup, page
from tests.gan_tui.cli.command import gan_tui_here, succeeded


def commands_of(group: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every command below a group, and the group itself, by what is typed."""
    yield name, group
    for each, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands_of(command, f"{name} {each}")
        else:
            yield f"{name} {each}", command


PROGRAM: Any = get_command(app)
COMMANDS = dict(commands_of(PROGRAM, "gan-tui"))
EXAMPLES = [
    (name, line) for name, each in COMMANDS.items() for line in page(each.help).sections.get("Examples", []) if line
]


def words_of(example: str) -> list[str]:
    """What the shell would hand to gan-tui; what follows a pipe or redirection is the shell's."""
    words = shlex.split(example, comments=True)
    assert words[0] == "gan-tui", example
    ends = [words.index(sign) for sign in ("|", ">", "&&") if sign in words]
    return words[1 : min(ends, default=len(words))]


def parse(words: list[str]) -> None:
    """As the program takes them apart, up to where it would begin to work."""
    group, context = PROGRAM, None
    while isinstance(group, TyperGroup):
        context = group.make_context(words[0], list(words), parent=context)
        at = next(place for place, word in enumerate(words) if word in group.commands)
        group, words = group.commands[words[at]], words[at + 1 :]
    group.make_context("last", words, parent=context)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_a_page(name: str) -> None:
    command = COMMANDS[name]
    assert isinstance(command, Manual | ManualGroup)
    sections = page(command.help).sections
    assert sections["Examples"]
    if not name.startswith("gan-tui ctl "):  # the requests to an engine all have the same
        assert sections["Exit status"]
    assert {"Examples", "Exit status", "Files", "Environment", "See also"} >= set(sections)
    assert name == "gan-tui" or not command.get_short_help_str(62).endswith("...")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_and_argument_is_told(name: str) -> None:
    assert [each.name for each in COMMANDS[name].params if not each.help] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_page_fits_eighty_columns(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    words = name.replace("ctl ", "ctl RUN ").split()[1:]
    shown = succeeded(gan_tui_here(*words, "--help", folder=tmp_path))
    assert [line for line in shown.splitlines() if len(line) > 80] == []
    for kind in ("str", "int", "float", "path", "int range", "float range"):
        assert f"<{kind}>" not in shown, "a value is named by what it is: N, DIR, STEP"


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_example_is_a_command_line_of_its_command(name: str, example: str) -> None:
    words = words_of(example)
    assert name in ("gan-tui", " ".join(["gan-tui", *(word for word in words if word in name.split())]))
    parse(words)


def test_an_example_that_is_wrong_would_be_noticed() -> None:
    for wrong in ("gan-tui train", "gan-tui log RUN --lnies 3", "gan-tui ctl RUN set", "gan-tui plot RUN --x hour"):
        with pytest.raises(Exception, match=r"(?i)missing|no such option|invalid|not one of"):
            parse(words_of(wrong))
    with pytest.raises(AssertionError):
        words_of("gantui train quickstart")


HEADINGS = [f"{heading}:" for heading in COMMANDS_BY_HEADING]


def test_commands_are_listed_by_what_they_are_for(tmp_path: Path) -> None:
    shown = succeeded(gan_tui_here("--help", folder=tmp_path)).splitlines()
    order = [shown.index(heading) for heading in HEADINGS]
    assert order == sorted(order)
    for command in PROGRAM.commands:
        [line] = [line for line in shown if line.startswith(f"  {command} ") and not line.endswith("...")]
        assert order[0] < shown.index(line)


def test_a_page_is_made_of_a_docstring() -> None:
    text, sections = page(
        """Do it.

        More of it,
        and more.

        Examples:
            gan-tui do   # it
              --well

        Exit status:
            0  done
        """
    )
    assert text == "Do it.\n\nMore of it,\nand more."
    assert sections == {"Examples": ["gan-tui do   # it", "  --well"], "Exit status": ["0  done"]}
