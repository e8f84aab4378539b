"""The documents' links lead somewhere: each file and each heading that they name, and each picture that they show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_LINK = re.compile(r'\]\(([^)\s]+)[^)]*\)|(?:src|href)="([^"]+)"')
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:")
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
