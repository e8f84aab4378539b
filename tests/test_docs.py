"""The documents' links lead somewhere: each file and each heading that they name, and each picture that they show. What
they list of the program, such as commands, options, fields and layers, is what it has."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from engine.protocol.events import Metrics, Recorded
from gan_tui.cli.app import app
from gan_tui.cli.appearance_options import OPTIONS

ROOT = Path(__file__).parents[1]
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_LINK = re.compile(r'\]\(([^)\s]+)[^)]*\)|(?:src|href)="([^"]+)"')
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:")
_CODE = re.compile(r"`[^`\n]+`|^ {4}.*", re.MULTILINE)
_COMMAND = re.compile(r"gan-tui ([a-z]+)([^#`]*)")
_OPTION = re.compile(r"(?<![\w-])--[a-z-]+")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def links_in(document: Path) -> list[str]:
    """What a document links to or shows, but for what lies elsewhere on the net."""
    found = (link or source for link, source in _LINK.findall(document.read_text(encoding="utf-8")))
    return [target for target in found if not _ELSEWHERE.match(target)]


def anchors_of(document: Path) -> set[str]:
    """Its headings as GitHub links to them."""
    headings = _HEADING.findall(document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def leads_somewhere(document: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    path = document.parent / name if name else document
    return path.exists() and (not anchor or anchor in anchors_of(path))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_relative_link_and_picture_is_there(document: Path) -> None:
    assert [target for target in links_in(document) if not leads_somewhere(document, target)] == []


def test_links_are_found_and_a_false_one_is_told(tmp_path: Path) -> None:
    document = tmp_path / "here.md"
    document.write_text(
        '# What `it` is, in short\n[a](#what-it-is-in-short) ![b](no.png "B") [c](https://x.org) [d](here.md#gone)\n'
        '<img src="none.svg">\n'
    )
    links = links_in(document)
    assert links == ["#what-it-is-in-short", "no.png", "here.md#gone", "none.svg"]
    assert [leads_somewhere(document, link) for link in links] == [True, False, False, False]


def program() -> TyperGroup:
    command = get_command(app)
    assert isinstance(command, TyperGroup)
    return command


def options_of(command: object) -> set[str]:
    """Those of a command, or of a group's commands."""
    assert isinstance(command, TyperGroup | TyperCommand)
    own = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    below = command.commands.values() if isinstance(command, TyperGroup) else ()
    return own.union({"--help"}, *map(options_of, below))


def commands_in(text: str) -> list[tuple[str, set[str]]]:
    """The commands that a document's code shows, each with its options."""
    shown = (found for code in _CODE.findall(text) for found in _COMMAND.findall(code))
    return [(name, set(_OPTION.findall(rest))) for name, rest in shown]


def as_a_chain(layers: list[str]) -> str:
    """Layers as import-linter has them, the highest first, in the words of the architecture's page."""
    rows = [[name.partition(".")[2] for name in layer.split(" | ")] for layer in reversed(layers)]
    return " <- ".join(row[0] if len(row) == 1 else f"{{{', '.join(row)}}}" for row in rows)


def section(document: str, start: str, end: str) -> str:
    """What a document says from one word on, to the next that ends it."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return text[text.index(start) :].partition(end)[0]


def test_the_changelog_lists_every_command() -> None:
    listed = re.findall(r"`(\w+)`", section("CHANGELOG.md", "- Commands:", "."))
    assert sorted(listed) == sorted(program().commands)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_commands_that_are_shown_are_there_with_their_options(document: Path) -> None:
    commands = program().commands
    shown = commands_in(document.read_text(encoding="utf-8"))
    unknown = [
        (name, options) for name, options in shown if name not in commands or options - options_of(commands[name])
    ]
    assert unknown == []


def test_a_command_or_option_that_is_not_there_is_seen() -> None:
    text = "`gan-tui log RUN --follow` and gan-tui is\n\n    gan-tui ctl RUN set --why x  # as --this\n"
    assert commands_in(text) == [("log", {"--follow"}), ("ctl", {"--why"})]
    assert "--why" in options_of(program().commands["ctl"])
    assert "--silent" not in options_of(program().commands["log"])


def test_every_field_of_a_line_of_metrics_is_in_the_table() -> None:
    table = section("docs/run-directory.md", "| field | meaning |", "\n\n")
    named = [name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])]
    assert sorted(named) == sorted(set(Metrics.__struct_fields__) - set(Recorded.__struct_fields__))


def test_the_layers_are_those_that_are_held() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    layered = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    assert len(layered) > 2
    assert [chain for chain in map(as_a_chain, layered) if chain not in text] == []


def test_what_a_user_can_wish_for_is_described_with_its_option_and_its_variable() -> None:
    wishes = section("docs/dashboard.md", "**What a user wishes**", "\n\n")
    missing = [name for name, option in OPTIONS.items() if f"`{option.__metadata__[0].envvar}`" not in wishes]
    assert missing == []
