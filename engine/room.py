"""Which of several presets fits into the memory of a device, by what their steps are estimated to take."""

from __future__ import annotations

import tomllib

from engine.config.load import resolve
from engine.config.methods import TrainConfig
from engine.config.schema import RunConfig
from engine.data.free_memory import free_memory
from engine.device import choose_device
from engine.memory import estimate
from engine.protocol.jobs import Progress, Tell
from engine.protocol.room import Room, RoomJob

SHARE = 0.8
"""Of the free memory; the rest is for the libraries below PyTorch, and for what an allocator cannot give back."""


def find_room(job: RoomJob, tell: Tell) -> Room:
    """The first candidate that fits, or of all the one that takes least.

    Raises:
        RequestError: the device is not there, or a candidate is no preset.
    """
    device = choose_device(RunConfig(device=job.device))
    free = free_memory(device)
    answers: list[Room] = []
    for index, candidate in enumerate(job.candidates):
        tell(Progress(what="estimating memory", done=index, total=len(job.candidates)))
        if candidate.only_on_gpu and device.type == "cpu":
            continue
        need = estimate(_config(candidate.config)).peak
        answers.append(Room(device=str(device), free=free, index=index, need=need, fits=need <= SHARE * free))
        if answers[-1].fits:
            return answers[-1]
    return min(answers, key=lambda answer: answer.need)


def _config(text: str) -> TrainConfig:
    return resolve(tomllib.loads(text), "the candidate")
