"""The list of runs: its order, its tree, its filter."""

from __future__ import annotations

import pytest

from gan_tui.state.run_list import SORTS, RunsChoice, arranged, as_tree, descendants, matching, origin_of
from tests.gan_tui.fake_runs import NOW, branch, row, shelf


def names(branches: list) -> list[str]:  # type: ignore[type-arg]
    return [each.lead + each.row.name for each in branches]


def test_branches_are_below_their_parents_and_families_where_their_first_member_is() -> None:
    """A new branch of an old run brings the old run up."""
    rows = [
        row("old", created=NOW - 900),
        row("middle", created=NOW - 500),
        branch("old", "young", 7, created=NOW - 100),
        branch("old", "younger", 5, created=NOW - 50),
        branch("young", "youngest", 9, created=NOW - 10),
    ]
    assert names(as_tree(rows, "newest")) == ["old", "├─ young", "│  └─ youngest", "└─ younger", "middle"]
    assert names(as_tree(rows, "name")) == ["middle", "old", "├─ young", "│  └─ youngest", "└─ younger"]


def test_whatever_the_lineage_says_each_run_is_there_once() -> None:
    """Parents that are gone, a run that is its own parent, two that are each other's."""
    rows = [
        branch("gone", "orphan", 3),
        branch("ouroboros", "ouroboros", 3),
        branch("hen", "egg", 1),
        branch("egg", "hen", 1),
    ]
    assert sorted(each.row.name for each in as_tree(rows, "name")) == ["egg", "hen", "orphan", "ouroboros"]


def test_a_lineage_may_be_longer_than_pythons_stack() -> None:
    rows = [row("r0"), *(branch(f"r{place}", f"r{place + 1}", 1) for place in range(3000))]
    found = as_tree(rows, "newest")
    assert len(found) == 3001
    assert found[-1].row.name == "r3000"


def test_a_branch_that_does_not_name_its_parents_id_is_known_by_its_place() -> None:
    rows = [row("old"), branch("old", "young", 7, parent_id=None)]
    assert names(as_tree(rows, "newest")) == ["old", "└─ young"]
    assert [each.name for each in descendants(rows[0], rows)] == ["young"]


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("newest", "horse2zebra", "cups"),
        ("active", "horse2zebra", "cups"),
        ("state", "horse2zebra", "facades"),
        ("name", "cups", "usps2mnist"),
        ("steps", "edges2shoes", "cups"),
    ],
)
def test_orders(sort: str, first: str, last: str) -> None:
    found = [each.row.name for each in as_tree(shelf(), sort)]  # type: ignore[arg-type]
    assert (found[0], found[-1]) == (first, last)
    assert len(found) == len(shelf())


def test_the_orders_come_in_turn() -> None:
    choice = RunsChoice()
    seen = []
    for _ in SORTS:
        seen.append(choice.sort)
        choice = choice.sorted_otherwise()
    assert seen == list(SORTS)
    assert choice.sort == "newest"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", 7),
        ("horse", 3),
        ("HORSE failed", 1),
        ("pix", 1),
        ("live", 2),
        ("starred", 1),
        ("identity drift", 1),
        ("cuda:1", 1),
        ("nothing of the kind", 0),
    ],
)
def test_every_typed_word_has_to_be_somewhere(typed: str, found: int) -> None:
    assert len(matching(shelf(), typed)) == found


def test_a_branch_whose_parent_is_not_asked_for_is_a_root() -> None:
    assert names(arranged(shelf(), RunsChoice(typed="failed"))) == ["horse2zebra-from-20000-from-30000"]


def test_where_a_run_begins() -> None:
    assert origin_of(row("a"), below_parent=False) == "horse2zebra"
    assert origin_of(branch("a", "b", 12_000), below_parent=True) == "@ 12,000"
    assert origin_of(branch("a", "b", 12_000), below_parent=False) == "a @ 12,000"
    assert origin_of(row("c", replays="a"), below_parent=False) == "replays a"
    assert [each.name for each in descendants(row("a"), [row("a"), row("c", replays="a")])] == ["c"]
