"""How many CPU threads a run takes."""

from __future__ import annotations

import pytest

from engine.config.threads import threads_to_take, usable_cores, wait_briefly

CORES = usable_cores()


@pytest.mark.parametrize(
    ("before", "environ", "taken"),
    [
        (CORES, {}, CORES),
        (1, {"OMP_NUM_THREADS": ""}, 1),
        (1, {"OMP_NUM_THREADS": "1"}, 0),
        (CORES + 1, {}, 0),
        (0, {}, 0),
    ],
)
def test_as_many_as_before_unless_told_otherwise_or_there_are_fewer_cores(
    before: int, environ: dict[str, str], taken: int
) -> None:
    assert threads_to_take(before, environ) == taken


def test_threads_spin_for_a_moment_and_then_sleep() -> None:
    environ = {"PATH": "/bin"}
    wait_briefly(environ)
    assert environ == {"PATH": "/bin", "OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"}


@pytest.mark.parametrize("said", [{"OMP_WAIT_POLICY": "ACTIVE"}, {"GOMP_SPINCOUNT": "0"}])
def test_threads_wait_as_the_user_says(said: dict[str, str]) -> None:
    environ = dict(said)
    wait_briefly(environ)
    assert environ == said
