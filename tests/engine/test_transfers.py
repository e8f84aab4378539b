"""Values on their way to the host: as they were when they were sent, and not waited for unless asked."""

from __future__ import annotations

import pytest
import torch

from engine.transfers import copying_to_host, sender_from

DEVICES = [
    torch.device("cpu"),
    pytest.param(
        torch.device("cuda", 0),
        marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA"),
    ),
]
CUDA_ONLY = DEVICES[1:]
LONG = 200
"""Products of large matrices: some milliseconds of a GPU's time at least, and microseconds of the host's."""


def keep_busy(device: torch.device) -> torch.Tensor:
    """Give a GPU work that takes far longer than to give it; what it comes to."""
    matrix = torch.eye(4096, device=device)
    for _ in range(LONG):
        matrix = matrix @ matrix
    return matrix


@pytest.mark.parametrize("device", DEVICES)
def test_what_arrives_is_what_was_sent_whatever_becomes_of_it_afterwards(device: torch.device) -> None:
    values = torch.arange(12.0, device=device).reshape(3, 4).t()
    transfer = sender_from(device)(values)
    values.zero_()
    arrived = transfer.wait()
    assert transfer.done
    assert arrived.device.type == "cpu"
    assert arrived.is_contiguous()
    assert torch.equal(arrived, torch.arange(12.0).reshape(3, 4).t())


@pytest.mark.parametrize("device", DEVICES)
def test_copies_are_whole_and_contiguous_once_the_block_is_left(device: torch.device) -> None:
    image = torch.arange(96.0, device=device).reshape(2, 3, 4, 4).contiguous(memory_format=torch.channels_last)
    count = torch.tensor(7, device=device)
    weight = torch.ones(2, device=device, requires_grad=True)
    with copying_to_host() as copied:
        copies = [copied(tensor) for tensor in (image, count, weight)]
    image.zero_()
    assert all(copy.device.type == "cpu" and copy.is_contiguous() and not copy.requires_grad for copy in copies)
    assert torch.equal(copies[0], torch.arange(96.0).reshape(2, 3, 4, 4))
    assert (copies[1].item(), copies[2].tolist()) == (7, [1.0, 1.0])


def test_from_a_cpu_they_arrive_within_the_call() -> None:
    assert sender_from(torch.device("cpu"))(torch.ones(2)).done


@pytest.mark.parametrize("device", CUDA_ONLY)
def test_a_gpu_is_not_waited_for(device: torch.device) -> None:
    send = sender_from(device)
    send(torch.ones(1, device=device)).wait()  # which page-locks memory, once
    transfer = send(keep_busy(device)[0, :1])
    assert not transfer.done
    assert transfer.wait().tolist() == [1.0]
    assert transfer.done


@pytest.mark.parametrize("device", CUDA_ONLY)
def test_a_gpu_is_waited_for_when_all_copies_are_under_way(device: torch.device) -> None:
    with copying_to_host() as copied:
        copied(torch.ones(1, device=device))  # which page-locks memory, once
    result = keep_busy(device)
    with copying_to_host() as copied:
        copy = copied(result[:1, :1])
        assert not torch.cuda.current_stream(device).query()
    assert torch.cuda.current_stream(device).query()
    assert copy.tolist() == [[1.0]]
