"""Groups of series: none empty, none twice, and what a filter leaves."""

from __future__ import annotations

from gan_tui.state.groups import SeriesGroup, colour_of, groups_of, matching
from gan_tui.state.plot_choice import PlotChoice
from gan_tui.state.series import SeriesKey

LOSSES = ("G_A", "G_B", "cycle_A", "cycle_B", "D_A", "D_B")
OBJECTIVE = LOSSES[:4]


def keys(*names: str, group: str = "loss") -> tuple[SeriesKey, ...]:
    return tuple(SeriesKey(group, name) for name in names)  # type: ignore[arg-type]


def test_losses_come_as_a_whole_and_in_parts_and_what_is_no_loss_by_itself() -> None:
    others = (*keys("G", "D", group="lr"), *keys("cycle_a", group="weight"), *keys("throughput", group="pace"))
    others += keys("psnr", "l1", group="figure")
    found = groups_of((*keys(*LOSSES), *others), OBJECTIVE)
    assert {group.name: [key.name for key in group.keys] for group in found} == {
        "losses": list(LOSSES),
        "generators": list(OBJECTIVE),
        "G": ["G_A", "G_B"],
        "cycle": ["cycle_A", "cycle_B"],
        "D": ["D_A", "D_B"],
        "learning rates": ["G", "D"],
        "weights": ["cycle_a"],
        "evaluation": ["psnr", "l1"],
        "steps a second": ["throughput"],
    }, "the others are D's, and are not there twice"
    assert [group.log for group in found] == [True] * 8 + [False]


def test_what_the_generators_do_not_minimise_is_a_group_where_its_names_are_not() -> None:
    found = groups_of(keys("const", "tid", "D_s", "D_t", "f"), ("const", "tid"))
    assert {group.name: [key.name for key in group.keys] for group in found} == {
        "losses": ["const", "tid", "D_s", "D_t", "f"],
        "generators": ["const", "tid"],
        "D": ["D_s", "D_t"],
        "others": ["D_s", "D_t", "f"],
    }


def test_an_engine_that_does_not_say_what_is_minimised_has_neither_group() -> None:
    assert [group.name for group in groups_of(keys(*LOSSES), ())] == ["losses", "G", "cycle", "D"]
    assert groups_of((), ()) == ()


def test_a_series_has_one_colour_in_every_group() -> None:
    rates = keys("G", "D", group="lr")
    groups = groups_of((*keys(*LOSSES), *rates), OBJECTIVE)
    assert [colour_of(key, groups) for key in keys("G_A", "cycle_A", "cycle_B", "D_B")] == [0, 2, 3, 5]
    assert [colour_of(key, groups) for key in (*rates, *keys("gone"))] == [0, 1, 0]


def test_a_filter_takes_any_of_its_words_in_any_case() -> None:
    names = keys(*LOSSES)
    assert [key.name for key in matching(names, "CYC d_b")] == ["cycle_A", "cycle_B", "D_B"]
    assert matching(names, "  ") == names
    assert matching(names, "zebra") == ()


def test_a_choice_outlives_groups_that_come_and_go() -> None:
    groups = groups_of(keys(*LOSSES), OBJECTIVE)
    chosen = PlotChoice().next_group(groups, -1)
    assert chosen.group == "D"
    assert chosen.among(groups).keys == keys("D_A", "D_B")
    assert chosen.among(groups[:2]).name == "losses", "while there is none of that name"
    assert chosen.next_group(groups, +1).group == "losses"
    assert PlotChoice(typed="b").among(groups).keys == keys("G_B", "cycle_B", "D_B")
    assert PlotChoice().next_group((), +1) == PlotChoice()


def test_each_group_has_a_y_axis_of_its_own() -> None:
    groups = (SeriesGroup("a", keys("x")), SeriesGroup("b", keys("y"), log=False))
    linear = PlotChoice().toggled_scale(groups)
    assert not linear.among(groups).log
    assert linear.toggled_scale(groups).among(groups).log
    other = linear.next_group(groups, +1)
    assert not other.among(groups).log
    assert other.toggled_scale(groups).among(groups).log
