"""The control panel: values in force, a chain of undos, staged changes, and what a checkpoint keeps."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config.controls import controls_of
from engine.errors import RequestError
from engine.protocol.events import Change, StagedChange
from engine.train.panel import ControlPanel, PanelState
from tests.runs import tiny_config


def panel() -> ControlPanel:
    return ControlPanel(controls_of(tiny_config()))


def nudge(panel: ControlPanel, seq: int, **values: float) -> None:
    panel.make(panel.changes_to({f"loss.{name}": value for name, value in values.items()}), seq)


def undo(panel: ControlPanel) -> int:
    seq, changes = panel.reversal()
    panel.unmake(changes)
    return seq


def test_values_are_checked_together() -> None:
    whole = panel()
    assert whole.check({"loss.cycle_a": 3, "log.every": 4.0}) == {"loss.cycle_a": 3.0, "log.every": 4.0}
    for values, fact in (
        ({}, "names no control"),
        ({"loss.cycle_a": 3, "loss.cycle": 3}, "is not a control"),
        ({"loss.cycle_a": 3, "log.every": 0}, "out of range"),
    ):
        with pytest.raises(RequestError, match=fact):
            whole.check(values)


def test_only_what_differs_is_a_change() -> None:
    assert panel().changes_to({"loss.cycle_a": 10.0, "loss.cycle_b": 4.0}) == (
        Change(name="loss.cycle_b", old=10.0, new=4.0),
    )


def test_undo_takes_back_one_nudge_after_another() -> None:
    whole = panel()
    before = dict(whole.values)
    nudge(whole, 7, cycle_a=1, cycle_b=2)
    nudge(whole, 9, cycle_a=5)
    assert undo(whole) == 9
    assert (whole.values["loss.cycle_a"], whole.values["loss.cycle_b"]) == (1, 2)
    assert undo(whole) == 7
    assert whole.values == before
    with pytest.raises(RequestError, match="no nudge to take back"):
        whole.reversal()


def test_a_nudge_after_an_undo_is_the_next_to_be_undone() -> None:
    whole = panel()
    nudge(whole, 1, cycle_a=1)
    undo(whole)
    nudge(whole, 3, cycle_a=2)
    assert undo(whole) == 3
    assert whole.values["loss.cycle_a"] == 10


@given(st.lists(st.tuples(st.sampled_from(["cycle_a", "cycle_b", "identity"]), st.integers(0, 5)), max_size=20))
def test_as_many_undos_as_nudges_restore_the_beginning(moves: list[tuple[str, int]]) -> None:
    whole = panel()
    values = [dict(whole.values)]
    for seq, (name, value) in enumerate(moves):
        nudge(whole, seq, **{name: value})
        values.append(dict(whole.values))
    for expected in reversed(values[:-1]):
        undo(whole)
        assert whole.values == expected


def staged(at_step: int, value: float) -> StagedChange:
    return StagedChange(at_step=at_step, values={"loss.cycle_a": value}, by="me")


def test_staged_changes_are_made_in_the_order_of_their_steps_and_then_of_their_coming() -> None:
    whole = panel()
    for change in (staged(30, 1), staged(10, 2), staged(20, 3), staged(10, 4)):
        whole.stage(change)
    assert whole.take_due(9) == ()
    assert whole.take_due(10) == (staged(10, 2), staged(10, 4))
    assert whole.take_due(10) == ()
    assert whole.take_due(99) == (staged(20, 3), staged(30, 1))


def test_a_checkpoint_keeps_all_of_it() -> None:
    whole, other = panel(), panel()
    nudge(whole, 3, cycle_a=1)
    whole.stage(staged(10, 2))
    kept = msgspec.json.decode(msgspec.json.encode(whole.state), type=PanelState)
    nudge(other, 1, cycle_b=9)
    other.restore(kept, of_parent=False)
    assert other.state == whole.state
    assert undo(other) == 3


def test_what_a_checkpoint_does_not_know_keeps_its_value() -> None:
    whole = panel()
    whole.restore(PanelState(values={"loss.cycle_a": 1.0, "loss.gone": 2.0}, staged=(), history=()), of_parent=False)
    assert whole.values == {**panel().values, "loss.cycle_a": 1.0}


def test_a_nudge_of_the_parents_can_be_undone_though_its_number_means_nothing_here() -> None:
    parent, branch = panel(), panel()
    nudge(parent, 3, cycle_a=1)
    branch.restore(parent.state, of_parent=True)
    assert branch.values == parent.values
    assert undo(branch) == 0
    assert branch.values == panel().values
