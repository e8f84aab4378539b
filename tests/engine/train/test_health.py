"""How translations look, measured on pictures of which it is known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor

from engine.config.methods import CONFIGS
from engine.methods.method import SampleRow
from engine.protocol.commands import Stop
from engine.train.health import COMPARED, look_at
from engine.train.loop import train
from engine.transfers import sender_from
from tests.engine.train.here import after_step, differences, last_state, session_of, train_here
from tests.runs import make_run, metrics_of

CPU = torch.device("cpu")


def drawn(seed: int, count: int = 4, side: int = 16) -> Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(seed)) * 2 - 1


A, B = drawn(1), drawn(2)


def looks(*rows: SampleRow) -> Mapping[str, float]:
    measured = look_at(rows, sender_from(CPU))
    return {} if measured is None else measured.read()


def both_ways(fake_B: Tensor, fake_A: Tensor) -> Mapping[str, float]:
    return looks({"real_A": A, "fake_B": fake_B, "rec_A": A}, {"real_B": B, "fake_A": fake_A, "rec_B": B})


def test_an_input_unchanged_and_a_negative() -> None:
    found = both_ways(A, -B)
    assert found["change_fake_B"] == 0
    assert found["correlation_fake_B"] == pytest.approx(1, abs=1e-4)
    assert found["correlation_fake_A"] == pytest.approx(-1, abs=1e-4)
    assert found["change_fake_A"] == pytest.approx(B.abs().mean().item(), rel=1e-5)


def test_pictures_that_are_alike_are_measured_by_how_far_real_ones_of_their_domain_are() -> None:
    found = both_ways(A[:1].expand_as(A), 0.5 * A)
    assert found["diversity_fake_B"] == 0
    assert found["diversity_fake_A"] == pytest.approx(0.5, rel=1e-4)


def test_of_pairs_the_picture_that_it_should_be_is_known() -> None:
    found = looks({"real_A": A, "fake_B": -B, "real_B": B})
    assert found["correlation_fake_B"] == pytest.approx(-1, abs=1e-4)


def test_flat_pictures_single_ones_and_large_ones_are_measured_too() -> None:
    flat = looks({"real_A": A, "fake_B": torch.zeros_like(A)}, {"real_B": torch.zeros_like(B)})
    assert (flat["correlation_fake_B"], flat["diversity_fake_B"]) == (0, 0)
    one = looks({"real_A": A[:1], "fake_B": B[:1]}, {"real_B": B[:1]})
    assert set(one) == {"change_fake_B", "correlation_fake_B"}
    large = drawn(3, COMPARED + 2, side=100)
    assert looks({"real_A": large, "fake_B": large, "real_B": large})["diversity_fake_B"] == pytest.approx(1, abs=1e-4)
    assert looks({"real_B": B, "idt_B": B}) == {}


@pytest.mark.parametrize("kind", CONFIGS)
def test_looking_changes_nothing_of_what_is_trained_and_is_in_the_next_line(tmp_path: Path, kind: str) -> None:
    """Sheets are drawn, and so measured, every second step of one run and never in the other."""
    watched = make_run(tmp_path, "run.steps=6", "sample.every=2", name="watched", kind=kind)
    unwatched = make_run(tmp_path, "run.steps=6", name="unwatched", kind=kind)
    train_here(watched)
    train_here(unwatched)
    states = last_state(watched), last_state(unwatched)
    for state in states:
        for path in [path for path in state if path.startswith(("/looks", "/panel/values/sample.every"))]:
            state.pop(path)
    assert differences(*states) == []
    with_looks = [line.step for line in metrics_of(watched) if "change_fake_B" in line.health]
    assert with_looks == [1, 3, 5]


def test_what_a_run_looked_like_is_not_lost_when_it_is_taken_up_again(tmp_path: Path) -> None:
    run = make_run(tmp_path, "sample.every=2", "run.steps=6")
    with session_of(run, script=after_step(4, Stop())) as session:
        train(session)
    train_here(run)
    whole = make_run(tmp_path, "sample.every=2", "run.steps=6", name="whole")
    train_here(whole)
    in_parts, at_once = ({line.step: line.health for line in metrics_of(each)} for each in (run, whole))
    assert in_parts == at_once
    assert "change_fake_B" in in_parts[5]


def test_beliefs_are_means_over_the_steps_of_a_line(tmp_path: Path) -> None:
    each, pairs = (make_run(tmp_path, f"log.every={every}", "run.steps=4", name=f"every-{every}") for every in (1, 2))
    train_here(each)
    train_here(pairs)
    singly, paired = metrics_of(each), metrics_of(pairs)
    for name in ("D_A_on_real", "D_A_on_fake", "D_B_on_real", "D_B_on_fake"):
        mean = sum(line.health[name] or 0 for line in singly[2:4]) / 2
        assert paired[1].health[name] == pytest.approx(mean, rel=1e-6)
        assert name not in paired[1].losses


def test_a_critic_has_no_beliefs(tmp_path: Path) -> None:
    run = make_run(tmp_path, "loss.gan=wgan-gp", "run.steps=2")
    train_here(run)
    assert all(not line.health for line in metrics_of(run)[1:])
