"""The pace of drawings: at once after quiet, once for many requests, and never lost."""

from __future__ import annotations

import asyncio

from textual.app import App

from gan_tui.screens.pacer import Pacer


class Clock:
    """Stands still unless a test moves it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_drawing_that_is_due_in_no_time_is_not_lost() -> None:
    clock, drawn, twice = Clock(), list[float](), asyncio.Event()

    def draw() -> None:
        drawn.append(clock.now)
        if len(drawn) == 2:
            twice.set()

    async with App[None]().run_test() as pilot:
        pacer = Pacer(pilot.app, lambda: 0.5, draw, clock)
        pacer.request()
        clock.now += 0.5 - 1e-9
        pacer.request()
        pacer.request()
        await asyncio.wait_for(twice.wait(), 30)
    assert drawn == [100.0, clock.now]


async def test_the_interval_is_asked_for_each_time() -> None:
    clock, drawn, interval = Clock(), list[float](), 5.0
    async with App[None]().run_test() as pilot:
        pacer = Pacer(pilot.app, lambda: interval, lambda: drawn.append(clock.now), clock)
        pacer.request()
        clock.now += 6
        pacer.request()
        assert drawn == [100, 106]
        clock.now += 6
        interval = 60.0
        pacer.request()
        pacer.request()
    assert drawn == [100, 106]


async def test_a_drawing_at_once_takes_the_place_of_what_was_waited_for() -> None:
    clock, drawn = Clock(), list[float]()
    async with App[None]().run_test() as pilot:
        pacer = Pacer(pilot.app, lambda: 60.0, lambda: drawn.append(clock.now), clock)
        pacer.request()
        pacer.request()
        pacer.request(at_once=True)
        assert drawn == [100, 100]
        clock.now += 61
        pacer.request()
    assert drawn == [100, 100, 161]
