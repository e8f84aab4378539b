"""Readings of machines as records hold them; the same every time."""

from __future__ import annotations

import random
from math import sin

from msgspec.structs import replace

from engine.protocol.machine import Gpu, Machine, StepTimes


def h200(moment: float, noise: random.Random, *, index: int = 0, slowed: tuple[str, ...] = ()) -> Gpu:
    """A GPU at work: warm, busy, and now and then waiting."""
    busy = 0.97 if noise.random() > 0.06 else 0.71
    return Gpu(
        index=index,
        name="NVIDIA H200",
        busy=busy,
        memory=int(41.3e9),
        memory_total=int(150.8e9),
        celsius=round(61 + 4 * sin(moment / 90) + noise.random(), 0),
        watts=round(520 * busy + 20 * sin(moment / 35) + noise.gauss(0, 6), 1),
        watts_most=700.0,
        clock=1410 if slowed else 1965,
        clock_most=1980,
        slowed=slowed,
    )


def step_times(noise: random.Random, *, starved: bool = False) -> StepTimes:
    """A hundred steps of some 16 ms; one of them drew samples."""
    steps, median = 122, 0.0162 * noise.lognormvariate(0, 0.02)
    data = 0.38 if starved else 0.012
    shares = {
        "data": data, "prepare": 0.021, "compute": 0.142, "device": 0.79 - data, "record": 0.009, "sample": 0.018,
        "checkpoint": 0.006, "other": 0.002,
    }  # fmt: skip
    total = steps * median
    return StepTimes(
        steps=steps,
        fastest=median * 0.97,
        median=median,
        slowest=median * noise.choice([1.3, 1.4, 1.5, 5.0]),
        phases={phase: share * total for phase, share in shares.items()},
    )


def reading(moment: float, noise: random.Random, gpus: int = 1) -> Machine:
    """The machine at a moment of the run."""
    return Machine(
        cpu=round(min(1.0, 0.07 + 0.05 * abs(sin(moment / 40)) + 0.02 * noise.random()), 3),
        cores=64,
        engine_cpu=1.42,
        memory=int(61.4e9 + 2e9 * sin(moment / 300)),
        memory_total=int(540e9),
        rss=int(3.14e9),
        disk_free=int(412e9 - 3e7 * moment),
        disk_total=int(1.92e12),
        disk_read=1.2e6,
        disk_written=round(4.1e6 + 1e6 * noise.random()),
        gpus=tuple(h200(moment + 7 * place, noise, index=place) for place in range(gpus)),
        steps=step_times(noise),
    )


def several(moment: float, noise: random.Random) -> Machine:
    """Eight GPUs, the fourth of which is too hot."""
    made = reading(moment, noise, gpus=8)
    hot = replace(made.gpus[3], celsius=88.0, clock=1230, slowed=("heat",))
    return replace(made, gpus=(*made.gpus[:3], hot, *made.gpus[4:]))


def cpu_reading(moment: float, noise: random.Random) -> Machine:
    """A machine without a GPU."""
    return Machine(
        cpu=round(0.96 + 0.03 * noise.random(), 3),
        cores=8,
        engine_cpu=7.6,
        memory=int(9.2e9),
        memory_total=int(16.8e9),
        rss=int(1.9e9),
        disk_free=int(700e6),
        disk_total=int(250e9),
        steps=StepTimes(
            steps=6,
            fastest=0.31,
            median=0.332,
            slowest=0.41,
            phases={"data": 0.52, "prepare": 0.01, "compute": 1.47, "record": 0.01, "other": 0.01},
        ),
    )
