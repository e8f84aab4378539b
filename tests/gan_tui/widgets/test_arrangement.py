"""Which pictures of a sheet fit a pane, where they go and what is written over them."""

from __future__ import annotations

import pytest

from gan_tui.state.gallery import Spot
from gan_tui.widgets.arrangement import LARGEST_AREA, SMALLEST, arrange, caption, row_width
from tests.gan_tui.drawings import ROWS


@pytest.mark.parametrize("size", [(40, 12), (54, 16), (76, 20), (120, 30), (300, 90), (30, 60)])
def test_one_row_of_each_kind_is_shown_and_everything_fits(size: tuple[int, int]) -> None:
    width, height = size
    arrangement = arrange(ROWS * 4, width, height)
    assert arrangement is not None
    side = arrangement.side
    assert {placement.names for placement in arrangement.placements} == set(ROWS)
    boxes = [(p.x, p.y, p.x + row_width(len(p.names), side), p.y + 1 + side // 2) for p in arrangement.placements]
    assert all(x >= 0 and right <= width and bottom <= height for x, _, right, bottom in boxes)
    for index, (x, y, right, bottom) in enumerate(boxes):
        for other in boxes[:index]:
            assert x >= other[2] or other[0] >= right or y >= other[3] or other[1] >= bottom
    assert sum(side * side // 2 * len(p.names) for p in arrangement.placements) <= LARGEST_AREA


def test_a_pane_for_one_row_shows_one() -> None:
    arrangement = arrange(ROWS, 40, 7)
    assert arrangement is not None
    assert [placement.sheet_row for placement in arrangement.placements] == [0]
    assert arrange(ROWS, 10, 2) is None
    assert arrange((), 80, 24) is None
    assert arrange(((),), 80, 24) is None


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("real_A", "fake_B", "rec_A"), "real A      → fake B        rec A        "),
        (("real_A", "fake_B", "real_B"), "real A      → fake B        real B       "),
        (("real_A", "recon_A", "fake_B"), "real A      → recon A       fake B       "),
        (("real_B", "idt_B"), "real B      → idt B        "),
        (("real_A", "real_B"), "real A        real B       "),
    ],
    ids=["CycleGAN", "pix2pix", "AE-GAN", "DTN", "real ones"],
)
def test_an_arrow_leads_from_a_real_image_to_what_is_made_of_it_and_nowhere_else(
    names: tuple[str, ...], expected: str
) -> None:
    assert caption(names, 13) == expected


def test_a_caption_that_is_cut_says_so_and_stays_over_its_picture() -> None:
    assert caption(("real_A", "fake_B"), SMALLEST) == "real A → fake B  "
    assert caption(("real_winter", "fake_summer", "rec_winter"), SMALLEST) == "real … → fake su… rec win…"


@pytest.mark.parametrize(("size", "side", "rows"), [((62, 19), 16, 2), ((76, 17), 24, 1), ((62, 9), 16, 1)])
def test_a_lone_row_makes_room_for_a_second_example(size: tuple[int, int], side: int, rows: int) -> None:
    arrangement = arrange((("real_A", "fake_B", "real_B"),) * 4, *size)
    assert arrangement is not None
    assert (arrangement.side, len(arrangement.placements)) == (side, rows)


def test_two_rows_do_not_make_room_for_more() -> None:
    arrangement = arrange(ROWS * 4, 76, 18)
    assert arrangement is not None
    assert (arrangement.side, len(arrangement.placements)) == (16, 2)


def test_pictures_stand_in_the_middle_of_the_pane() -> None:
    paired = (("real_A", "fake_B", "real_B"),)
    arrangement = arrange(paired, 62, 19)
    assert arrangement is not None
    assert arrangement.side == 20
    assert [(placement.x, placement.y) for placement in arrangement.placements] == [(0, 4)]


WIDE = (("real_A", "fake_B", "rec_A", "idt_B"), ("real_B", "fake_A", "rec_B", "idt_A")) * 4


def test_a_selected_picture_is_among_those_shown_and_its_page_is_full() -> None:
    for row in range(8):
        for column in range(4):
            arrangement = arrange(WIDE, 45, 16, spot=Spot(row, column))
            assert arrangement is not None
            assert len(arrangement.placements) == 2
            shown = {placement.sheet_row: placement for placement in arrangement.placements}
            place = shown[row].columns.index(column)
            assert shown[row].names[place] == WIDE[row][column]
            assert shown[row].names[0].startswith("real_"), "what it was made of is there too"


def test_a_cell_belongs_to_the_picture_that_lies_there_or_under_its_caption() -> None:
    arrangement = arrange(ROWS * 4, 120, 30)
    assert arrangement is not None
    side = arrangement.side
    for placement in arrangement.placements:
        for place, column in enumerate(placement.columns):
            left = placement.x + place * (side + 1)
            spot = Spot(placement.sheet_row, column)
            for x, y in ((left, placement.y), (left + side - 1, placement.y + side // 2)):
                assert arrangement.spot_at(x, y) == spot
            assert arrangement.spot_at(left + side, placement.y + 1) != spot
    assert arrangement.spot_at(0, 0) is None


def test_a_small_pane_shows_fewer_pictures_of_a_row_rather_than_unreadable_ones() -> None:
    rows = (("real_A", "fake_B", "rec_A", "idt_B"), ("real_B", "fake_A", "rec_B", "idt_A"))
    small, large = arrange(rows, 45, 16), arrange(rows, 120, 60)
    assert small is not None
    assert large is not None
    assert [placement.names for placement in small.placements] == [names[:3] for names in rows]
    assert small.side == 14
    assert [placement.names for placement in large.placements] == list(rows)
