"""A rank that follows: it does the steps that the leader orders, each on its own share of the batch, and nothing else.

It has no panel, no schedule, no record and no files: learning rates and loss weights come with the orders, the state
with which it begins comes from the leader, and what it computes reaches the others within the step.
"""

from __future__ import annotations

import logging

import numpy as np
import torch

from engine.config.methods import Pix2PixConfig, TrainConfig
from engine.config.techniques import needs_whole_batches
from engine.data.build import Source, build_source, with_cache
from engine.data.stream import Batch, BatchStream
from engine.device import choose_device, make_current, set_determinism, set_precision
from engine.errors import WorkError
from engine.methods.arrangement import arrange
from engine.methods.build import build_method
from engine.methods.method import Method
from engine.networks.synced_batch_norm import synchronise
from engine.ranks.connection import Connection
from engine.ranks.division import divided
from engine.ranks.group import join, leave, reach_store, settle
from engine.ranks.messages import Built, Join, PassedOver, Ready, Step, Stop, encode
from engine.ranks.orders import NoImagesError, Orders
from engine.ranks.seat import Seat
from engine.train.handover import take_up_state
from engine.train.rates import set_rates

log = logging.getLogger(__name__)


def follow(leader: Connection, orders: Orders, config: TrainConfig, seat: Seat) -> None:
    """Train under a leader until it says that the last step is done.

    Raises:
        LeaderLostError: it ended without a word.
        GanTuiError: what this rank needs is not there; the leader is to be told.
    """
    device = choose_device(config.run, seat)
    make_current(device)
    set_precision(config.run, device)
    set_determinism(config.run)
    source = build_source(
        config.data,
        config.run.seed,
        aligned=isinstance(config, Pix2PixConfig),
        whole_batches=needs_whole_batches(config),
    )
    method = build_method(config, device)
    synchronise(method.networks.values())
    arrange(method, config, device, lambda fact: log.info('run.compile = "on" %s', fact))
    source, _ = with_cache(source, config.data, device, seat.local_size)
    leader.send(encode(Built()))

    meeting, state = orders.next_join()
    join(reach_store(meeting.host, meeting.port), seat.shard, device)
    take_up_state(method, state)
    with _open_stream(source, config, meeting, device, seat) as stream:
        _take_steps(leader, orders, _Trainee(method, config.run.seed, device, seat), stream)
    leave(device)


def _open_stream(source: Source, config: TrainConfig, begin: Join, device: torch.device, seat: Seat) -> BatchStream:
    return BatchStream(
        source,
        config.run.batch,
        begin.epoch,
        begin.index,
        workers=source.workers,
        pin=device.type == "cuda",
        shard=seat.shard,
    )


def _take_steps(leader: Connection, orders: Orders, trainee: _Trainee, stream: BatchStream) -> None:
    """Until the leader stops it. Each batch is there before its step is ordered, so that none fails for want of it.

    Raises:
        NoImagesError: one cannot be read; the step before is done.
    """
    while True:
        try:
            batch = next(stream)
        except WorkError as error:
            trainee.settle()  # a leader that saves now waits for the end of a step that it does together with this rank
            raise NoImagesError(error.subject, error.fact, error.fix) from error
        problems = tuple(PassedOver(problem.path, problem.reason) for problem in batch.problems)
        leader.send(encode(Ready(problems=problems)))
        match orders.next():
            case Step() as order:
                trainee.take(order, batch)
            case Stop():
                return
            case other:
                raise RuntimeError(f"{other} comes out of turn")


class _Trainee:
    """The method on this rank, which changes as it does on the others."""

    def __init__(self, method: Method, seed: int, device: torch.device, seat: Seat) -> None:
        self._method = method
        self._seed = seed
        self._device = device
        self._rank = seat.rank

    def take(self, order: Step, batch: Batch) -> None:
        assert (order.epoch, order.index) == (batch.epoch, batch.index), "the ranks are at different batches"
        for name, value in order.weights.items():
            self._method.set_control(name, value)
        set_rates(self._method, order.rates)
        torch.manual_seed(noise_seed(self._seed, self._rank, order.step))
        with divided(batch.division):
            self._method.step(batch.on(self._device))

    def settle(self) -> None:
        """Wait until all steps are done."""
        settle(self._device)


def noise_seed(seed: int, rank: int, step: int) -> int:
    """What a follower draws dropout and noise from in a step: a function of these three, so that none of it is saved.

    A run that goes on with as many ranks draws what it would have drawn; the leader's own random state is in its
    checkpoints, as that of a process that trains by itself.
    """
    return int(np.random.SeedSequence([seed, rank, step]).generate_state(1, np.uint64)[0])
