"""Averages over the past of a network's weights, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.config.losses import CycleGanLoss
from engine.config.methods import CycleGanConfig
from engine.methods.averages import Averages, HistoricalAverage, MovingAverage
from engine.methods.weights import LossWeights


def network(value: float = 0.0) -> nn.Linear:
    linear = nn.Linear(2, 1, dtype=torch.float64)
    fill(linear, value)
    return linear


@torch.no_grad()
def fill(linear: nn.Linear, value: float) -> None:
    """Three weights, all alike."""
    for parameter in linear.parameters():
        parameter.fill_(value)


def loss_weights(**loss: Any) -> LossWeights:
    return LossWeights(CycleGanConfig(loss=CycleGanLoss(**loss)), torch.device("cpu"), torch.float64)


def value_of(module: nn.Module) -> float:
    [value] = {value for parameter in module.parameters() for value in parameter.flatten().tolist()}
    return float(value)


# ------------------------------------------------------------------------------------------------ moving average


@pytest.mark.parametrize("decay", [0.5, 0.15, 0.999])
def test_a_moving_average_forgets_faster_while_training_is_young(decay: float) -> None:
    """After t steps it keeps (1 + t) / (10 + t) of itself, at most its decay: 0.1, 0.18, 0.25, 0.31, ..."""
    G = network(0.0)
    moving = MovingAverage({"G": G}, decay)
    wanted = 0.0
    for step, keep in enumerate([1 / 10, 2 / 11, 3 / 12, 4 / 13, 5 / 14]):
        fill(G, 1.0 + step)
        moving.update()
        kept = min(decay, keep)
        wanted = kept * wanted + (1 - kept) * (1.0 + step)
        assert value_of(moving.of("G")) == pytest.approx(wanted)
    assert value_of(G) == 5


def test_a_moving_average_is_saved_by_a_name_of_its_own_and_is_not_trained() -> None:
    G = network()
    moving = MovingAverage({"G": G}, 0.9)
    assert list(moving.networks) == ["G_ema"]
    assert moving.networks["G_ema"] is moving.of("G") is not G
    assert not any(parameter.requires_grad for parameter in moving.of("G").parameters())
    assert all(parameter.requires_grad for parameter in G.parameters())


def test_statistics_of_batch_normalisation_are_taken_over_as_they_are() -> None:
    G = nn.BatchNorm2d(2)
    moving = MovingAverage({"G": G}, 0.9)
    G(torch.rand(4, 2, 3, 3))
    moving.update()
    average = moving.of("G")
    for key, buffer in G.named_buffers():
        assert torch.equal(average.get_buffer(key), buffer)
        assert average.get_buffer(key) is not buffer
    assert average.get_buffer("num_batches_tracked") == 1


def test_a_resumed_moving_average_goes_on_with_its_steps() -> None:
    G = network()
    first = MovingAverage({"G": G}, 0.9)
    for step in range(3):
        fill(G, step)
        first.update()
    second = MovingAverage({"G": G}, 0.9)
    second.of("G").load_state_dict(first.of("G").state_dict())
    second.load_state_dict(first.state_dict())
    fill(G, 7)
    first.update()
    second.update()
    assert value_of(first.of("G")) == value_of(second.of("G"))
    assert first.state_dict() == second.state_dict() == {"ema.steps": torch.tensor(4)}


def test_without_a_saved_state_a_moving_average_begins_anew_at_the_weights() -> None:
    G = network()
    moving = MovingAverage({"G": G}, 0.9)
    fill(G, 3.0)
    moving.update()
    fill(G, 5.0)
    moving.load_state_dict({})
    assert value_of(moving.of("G")) == 5
    assert moving.state_dict() == {"ema.steps": torch.tensor(0)}


# -------------------------------------------------------------------------------------------- historical average


def test_the_mean_is_of_every_weight_that_there_was_the_first_included() -> None:
    """The distance is the squared one, over all three weights."""
    D = network(2.0)
    past = HistoricalAverage({"D": D})
    seen = [2.0]
    assert past.distance().item() == 0
    for value in (3.0, 7.0, -4.0):
        fill(D, value)
        assert past.distance().item() == pytest.approx(3 * (value - sum(seen) / len(seen)) ** 2)
        past.update()
        seen.append(value)
        assert past.distance().item() == pytest.approx(3 * (value - sum(seen) / len(seen)) ** 2)
    assert int(past.state_dict("hist")["hist.count"]) == len(seen)


def test_its_gradient_pulls_weights_back_to_the_mean() -> None:
    D = network(2.0)
    past = HistoricalAverage({"D": D})
    fill(D, 5.0)
    slopes = torch.autograd.grad(past.distance(), list(D.parameters()))
    assert all((slope == 2 * (5 - 2)).all() for slope in slopes)


def test_it_is_over_all_the_networks_of_a_player() -> None:
    A, B = network(), network()
    past = HistoricalAverage({"D_A": A, "D_B": B})
    fill(A, 1.0)
    fill(B, 2.0)
    assert past.distance().item() == pytest.approx(3 * (1 + 4))


def test_a_resumed_past_goes_on_and_a_forgotten_one_begins_at_the_weights() -> None:
    D = network(0.0)
    first, second = HistoricalAverage({"D": D}), HistoricalAverage({"D": D})
    fill(D, 6.0)
    first.update()
    saved = first.state_dict("hist_D")
    fill(D, 9.0)
    second.load_state_dict(saved, "hist_D")
    for past in (first, second):
        past.update()
        assert past.distance().item() == pytest.approx(3 * (9 - 5) ** 2)
    second.load_state_dict({}, "hist_D")
    assert second.distance().item() == 0
    assert int(second.state_dict("hist_D")["hist_D.count"]) == 1


def test_what_it_saves_is_a_copy() -> None:
    D = network(0.0)
    past = HistoricalAverage({"D": D})
    saved = past.state_dict("hist_D")
    fill(D, 4.0)
    past.update()
    assert saved["hist_D.D.weight"].abs().max() == 0


# ----------------------------------------------------------------------------------------------- those of a run


def test_a_run_keeps_none_that_it_was_not_asked_for() -> None:
    G, D = network(), network()
    averages = Averages(0.0, loss_weights(), {"G": G}, {"D": D})
    averages.moved("G")
    assert averages.networks == {}
    assert averages.shown("G") is G
    assert averages.distance("G") == averages.distance("D") == {}
    assert averages.state_dict() == {}


def test_the_moving_average_is_shown_and_follows_the_generators_steps_alone() -> None:
    G, D = network(0.0), network(0.0)
    averages = Averages(0.05, loss_weights(), {"G": G}, {"D": D})
    fill(G, 1.0)
    averages.moved("D")
    assert value_of(averages.shown("G")) == 0
    averages.moved("G")
    assert value_of(averages.shown("G")) == pytest.approx(0.95)
    assert averages.shown("G") is averages.networks["G_ema"]


def test_each_player_has_a_past_of_its_own_with_the_weight_that_is_set() -> None:
    G, D = network(0.0), network(0.0)
    weights = loss_weights(historical=0.5)
    averages = Averages(0.0, weights, {"G": G}, {"D": D})
    fill(G, 1.0)
    fill(D, 2.0)
    assert value(averages.distance("G")) == {"hist_G": pytest.approx(0.5 * 3)}
    assert value(averages.distance("D")) == {"hist_D": pytest.approx(0.5 * 12)}
    averages.moved("G")
    assert value(averages.distance("G")) == {"hist_G": pytest.approx(0.5 * 3 / 4)}
    assert value(averages.distance("D")) == {"hist_D": pytest.approx(0.5 * 12)}
    weights.set("loss.historical", 4.0)
    assert value(averages.distance("D")) == {"hist_D": pytest.approx(4 * 12)}


def value(losses: dict[str, Tensor]) -> dict[str, float]:
    return {name: loss.item() for name, loss in losses.items()}


def test_a_resumed_run_has_its_averages_again() -> None:
    G, D = network(0.0), network(0.0)
    first, second = (Averages(0.9, loss_weights(historical=1.0), {"G": G}, {"D": D}) for _ in range(2))
    fill(G, 1.0)
    fill(D, 2.0)
    first.moved("G")
    first.moved("D")
    second.networks["G_ema"].load_state_dict(first.networks["G_ema"].state_dict())
    second.load_state_dict(first.state_dict())
    for averages in (first, second):
        averages.moved("G")
        averages.moved("D")
    assert value_of(second.shown("G")) == value_of(first.shown("G"))
    for player in ("G", "D"):
        assert value(first.distance(player)) == value(second.distance(player))
