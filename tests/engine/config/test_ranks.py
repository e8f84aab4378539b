"""What several processes cannot do together is refused, by its key."""

from __future__ import annotations

import pytest

from engine.config.ranks import check_ranks
from engine.config.schema import RunConfig
from engine.config.techniques import check_techniques
from engine.errors import RequestError
from tests.runs import tiny_config


@pytest.mark.parametrize(
    ("run", "subject"),
    [
        (RunConfig(batch=3), "run.batch = 3"),
        (RunConfig(batch=4, device="mps"), "run.device = mps"),
        (RunConfig(batch=4, device="cuda:1"), "run.device = cuda:1"),
    ],
)
def test_what_four_ranks_cannot_share_is_refused(run: RunConfig, subject: str) -> None:
    with pytest.raises(RequestError) as refused:
        check_ranks(run, 4)
    assert refused.value.subject == subject
    assert refused.value.fix
    check_ranks(run, 1)


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda"])
def test_a_batch_with_an_image_for_each_is_shared(device: str) -> None:
    check_ranks(RunConfig(batch=4, device=device), 4)


def test_a_preset_that_asks_for_too_many_is_refused() -> None:
    with pytest.raises(RequestError, match=r"run\.batch = 1"):
        check_techniques(tiny_config("run.gpus=2"))
