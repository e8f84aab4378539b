"""Where a run computes: chosen, or refused by name; never another device than was asked for."""

from __future__ import annotations

import os

import pytest
import torch

from engine.config.schema import RunConfig
from engine.device import choose_device, describe, set_determinism, widest_float
from engine.errors import RequestError
from engine.ranks.seat import Seat

without_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
with_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA")


def test_the_cpu_is_always_there() -> None:
    assert choose_device(RunConfig(device="cpu")) == torch.device("cpu")
    assert describe(torch.device("cpu"), RunConfig(precision="bf16")) == "cpu bf16"
    assert describe(torch.device("cuda:0"), RunConfig(precision="bf16"), 4) == "cuda bf16 on 4 ranks"


@pytest.mark.parametrize("name", ["banana", "xpu", "cuda:", "cpu:x"])
def test_what_is_no_device_is_refused(name: str) -> None:
    """A preset with it is refused by its type; a command may ask for any."""
    with pytest.raises(RequestError, match="is not known"):
        choose_device(RunConfig(device=name))


@without_cuda
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:7"])
def test_cuda_that_is_absent_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match="asks for CUDA, and PyTorch sees no CUDA device") as caught:
        choose_device(RunConfig(device=name))
    assert "--device cpu" in caught.value.fix


@without_cuda
def test_auto_takes_the_cpu_where_there_is_nothing_else() -> None:
    assert choose_device(RunConfig(device="auto")) == torch.device("cpu")


@without_cuda
def test_ranks_do_not_fall_back_to_the_cpu_unasked() -> None:
    seat = Seat(rank=1, size=2, local_rank=1, local_size=2)
    with pytest.raises(RequestError, match=r"finds no CUDA device on .*, and 2 processes") as caught:
        choose_device(RunConfig(device="auto"), seat)
    assert "--device cpu" in caught.value.fix
    assert choose_device(RunConfig(device="cpu"), seat) == torch.device("cpu")


@with_cuda
def test_each_rank_has_a_gpu_of_its_own() -> None:
    number = torch.cuda.device_count()
    for local_rank in range(number):
        seat = Seat(rank=local_rank, size=number, local_rank=local_rank, local_size=number)
        assert choose_device(RunConfig(device="auto"), seat) == torch.device("cuda", local_rank)
    too_many = Seat(size=number + 1, local_size=number + 1)
    with pytest.raises(RequestError, match=f"run.gpus = {number + 1}"):
        choose_device(RunConfig(device="cuda"), too_many)


@with_cuda
def test_auto_takes_the_first_gpu() -> None:
    assert choose_device(RunConfig(device="auto")) == torch.device("cuda", 0)
    assert choose_device(RunConfig(device="cuda")) == torch.device("cuda", 0)


@with_cuda
def test_a_gpu_beyond_those_there_are_is_refused() -> None:
    with pytest.raises(RequestError, match="beyond the"):
        choose_device(RunConfig(device="cuda:63"))


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="this machine has Metal")
def test_metal_that_is_absent_is_refused() -> None:
    with pytest.raises(RequestError, match="is not available on this machine"):
        choose_device(RunConfig(device="mps"))


def test_determinism_is_what_the_preset_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    try:
        set_determinism(RunConfig(deterministic=True))
        assert torch.are_deterministic_algorithms_enabled()
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    finally:
        set_determinism(RunConfig())
    assert not torch.are_deterministic_algorithms_enabled()


def test_sums_and_counts_have_as_many_digits_as_the_device_knows() -> None:
    assert [widest_float(torch.device(name)) for name in ("cpu", "cuda:1", "mps")] == [
        torch.float64, torch.float64, torch.float32,
    ]  # fmt: skip
