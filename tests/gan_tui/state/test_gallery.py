"""Which picture is selected: all of them in the order in which they are shown, round at the ends."""

from __future__ import annotations

from gan_tui.state.gallery import Spot, first_made, in_turn, kept, moved

AB = (("real_A", "fake_B"), ("real_B", "fake_A"))
GROUPED = (AB[0], AB[0], AB[1], AB[1])


def test_rows_come_one_of_each_kind_then_the_next_of_each() -> None:
    assert in_turn(AB * 2) == [0, 1, 2, 3]
    assert in_turn(GROUPED) == [0, 2, 1, 3]


def test_the_first_selected_is_what_a_network_made() -> None:
    assert moved(AB, None, +1) == first_made(AB) == Spot(0, 1)
    assert moved(AB, None, -1) == Spot(1, 1)
    assert first_made((("real_A",),)) == Spot(0, 0)
    assert first_made(()) is None
    assert moved((), None, -1) is None


def test_all_pictures_are_gone_through_and_round() -> None:
    spot = Spot(0, 0)
    seen = [spot]
    while (following := moved(GROUPED, seen[-1], +1)) != spot:
        assert following is not None
        seen.append(following)
    assert [row for row, column in seen if column == 0] == [0, 2, 1, 3]
    assert len(seen) == 8
    assert moved(GROUPED, spot, -1) == seen[-1]


def test_a_selection_stays_on_another_sheet_where_there_is_such_a_picture() -> None:
    wide = (("real_A", "fake_B", "idt_B"),)
    assert kept(wide, Spot(0, 2)) == Spot(0, 2)
    assert kept(AB, Spot(0, 2)) is None
    assert kept(AB, Spot(5, 0)) is None
