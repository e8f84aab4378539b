"""Averages over the past of a network's weights: one to show and keep, one to stay close to."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from engine.device import widest_float
from engine.methods.weights import LossWeights

Named = Mapping[str, nn.Module]


class MovingAverage:
    """Exponential moving averages of networks' weights (EMA; Yaz et al. 2019, section 3.2).

    While training is young they forget faster, at min(decay, (1 + t) / (10 + t)) after t steps, so that the first
    weights do not linger.

    Args:
        networks: those to follow, by name.
        decay: the share of the average that a step keeps, below 1.
    """

    def __init__(self, networks: Named, decay: float) -> None:
        self._followed = dict(networks)
        self._decay = decay
        self._steps = _count_beside(networks, 0)
        self.networks = {f"{name}_ema": _frozen_copy(network) for name, network in networks.items()}
        """The averages, by name; they are saved like any network."""

    def of(self, name: str) -> nn.Module:
        """The average of a network."""
        return self.networks[f"{name}_ema"]

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights as they are after a step; statistics of batch normalisation are taken over."""
        steps = _widened(self._steps)
        forget = 1 - torch.clamp((1 + steps) / (10 + steps), max=self._decay)
        self._steps += 1
        for name, network in self._followed.items():
            average = self.of(name)
            _approach(_values(average), _values(network), forget)
            for mine, buffer in zip(average.buffers(), network.buffers(), strict=True):
                mine.copy_(buffer)

    def state_dict(self) -> dict[str, Tensor]:
        """What a resumed run needs beyond the averages themselves."""
        return {"ema.steps": self._steps.clone()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a saved state, once the networks are loaded; without one, begin at their weights."""
        self._steps.copy_(state.get("ema.steps", torch.tensor(0)))
        if "ema.steps" not in state:
            for name, network in self._followed.items():
                self.of(name).load_state_dict(network.state_dict())


class HistoricalAverage:
    """The distance of weights from the mean of all that they have been (Salimans et al. 2016, section 3.3).

    Args:
        networks: those of one player, by name.
    """

    def __init__(self, networks: Named) -> None:
        self._parameters = {
            f"{name}.{key}": parameter
            for name, network in networks.items()
            for key, parameter in network.named_parameters()
        }
        self._means = {key: parameter.detach().clone() for key, parameter in self._parameters.items()}
        self._count = _count_beside(networks, 1)

    def distance(self) -> Tensor:
        """|theta - mean of the past thetas|^2 over all weights, 0-d; its gradient reaches them."""
        apart = [(self._parameters[key] - mean).square().sum() for key, mean in self._means.items()]
        return torch.stack(apart).sum()

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights as they are after a step."""
        self._count += 1
        now = [parameter.detach() for parameter in self._parameters.values()]
        _approach(list(self._means.values()), now, 1 / _widened(self._count))

    def state_dict(self, prefix: str) -> dict[str, Tensor]:
        """The means and their count, as copies."""
        means = {f"{prefix}.{key}": mean.clone() for key, mean in self._means.items()}
        return {f"{prefix}.count": self._count.clone(), **means}

    def load_state_dict(self, state: Mapping[str, Tensor], prefix: str) -> None:
        """Go on from a saved state, once the networks are loaded; without one, begin at their weights."""
        for key, mean in self._means.items():
            mean.copy_(state.get(f"{prefix}.{key}", self._parameters[key].detach()))
        self._count.copy_(state.get(f"{prefix}.count", torch.tensor(1)))


class Averages:
    """The averages that a run keeps: of its generators' weights, and of what each player's weights have been.

    Args:
        decay: optim.ema; 0 keeps no moving average.
        weights: the run's loss weights; without "historical" nothing is kept for it.
        generators: by name.
        discriminators: by name.
    """

    def __init__(self, decay: float, weights: LossWeights, generators: Named, discriminators: Named) -> None:
        self._weights = weights
        self._generators = generators
        self._moving = MovingAverage(generators, decay) if decay else None
        players = {"G": generators, "D": discriminators} if "historical" in weights else {}
        self._past = {player: HistoricalAverage(networks) for player, networks in players.items()}

    @property
    def networks(self) -> Named:
        """Those to be saved beside the ones that are trained."""
        return self._moving.networks if self._moving else {}

    def shown(self, name: str) -> nn.Module:
        """The generator that users see: its moving average, where one is kept."""
        return self._moving.of(name) if self._moving else self._generators[name]

    def distance(self, player: str) -> dict[str, Tensor]:
        """The historical term hist_G or hist_D of a player, weighted; empty where it is no part of the run."""
        if player not in self._past:
            return {}
        return {f"hist_{player}": self._past[player].distance() * self._weights["historical"]}

    def moved(self, player: str) -> None:
        """Take in the weights of a player that has just made a step."""
        if player in self._past:
            self._past[player].update()
        if player == "G" and self._moving:
            self._moving.update()

    def state_dict(self) -> dict[str, Tensor]:
        """What a resumed run needs beyond the networks."""
        state = self._moving.state_dict() if self._moving else {}
        for player, past in self._past.items():
            state |= past.state_dict(f"hist_{player}")
        return state

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a saved state."""
        if self._moving:
            self._moving.load_state_dict(state)
        for player, past in self._past.items():
            past.load_state_dict(state, f"hist_{player}")


def _count_beside(networks: Named, begin: int) -> Tensor:
    """A count, 0-d int64, on the networks' device: a step that is recorded and replayed counts too."""
    parameters = (parameter for network in networks.values() for parameter in network.parameters())
    return torch.tensor(begin, device=next(parameters).device)


def _widened(count: Tensor) -> Tensor:
    """A count as a number to divide by."""
    return count.to(widest_float(count.device))


def _approach(averages: list[Tensor], values: list[Tensor], share: Tensor) -> None:
    """Bring averages nearer to values by a share of the way, 0-d on their device."""
    way = torch._foreach_sub(values, averages)
    torch._foreach_mul_(way, share.to(way[0].dtype))
    torch._foreach_add_(averages, way)


def _values(network: nn.Module) -> list[Tensor]:
    return [parameter.detach() for parameter in network.parameters()]


def _frozen_copy(network: nn.Module) -> nn.Module:
    average = copy.deepcopy(network)
    return average.requires_grad_(False)
