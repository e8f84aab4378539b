"""The process group in which the ranks of a run exchange tensors: NCCL's between GPUs, Gloo's between CPUs."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist

from engine.ranks.connection import listen_at
from engine.ranks.division import Shard
from engine.ranks.followers import PATIENCE_SECONDS

if TYPE_CHECKING:
    from torch._C._distributed_c10d import Store

_TIMEOUT = timedelta(seconds=PATIENCE_SECONDS)


def world_size() -> int:
    """Processes that train together; 1 for one that trains by itself."""
    return dist.get_world_size() if _is_formed() else 1


def _is_formed() -> bool:
    """Whether this process is in a group; never where PyTorch was built without torch.distributed."""
    return dist.is_available() and dist.is_initialized()


def open_store(host: str) -> tuple[Store, int]:
    """The leader's store, through which the others meet it, and its port on this host.

    It listens on a socket that is made here: one of its own would be open to every network of the machine.
    """
    listener = listen_at(host)
    port: int = listener.getsockname()[1]
    store = dist.TCPStore(  # type: ignore[attr-defined]  # documented there
        host, port, is_master=True, wait_for_workers=False, timeout=_TIMEOUT, master_listen_fd=listener.detach()
    )
    return store, port


def reach_store(host: str, port: int) -> Store:
    """The same as a follower has it."""
    return dist.TCPStore(host, port, is_master=False, wait_for_workers=False, timeout=_TIMEOUT)  # type: ignore[attr-defined]


def join(store: Store, shard: Shard, device: torch.device) -> None:
    """Form the process group; returns once all ranks have joined.

    NCCL's watchdog is told not to act. At the news of a lost rank, as at the end of its timeout, it would abort the
    process from a thread, before the leader has journalled which rank it was; the connections between the ranks tell
    that, and Followers and Orders end a process that waits on its GPU in vain.
    """
    os.environ["TORCH_NCCL_ASYNC_ERROR_HANDLING"] = "0"
    on_gpu = device.type == "cuda"
    dist.init_process_group(
        "nccl" if on_gpu else "gloo",
        store=store,
        rank=shard.rank,
        world_size=shard.ranks,
        timeout=_TIMEOUT,
        device_id=device if on_gpu else None,
    )


def settle(device: torch.device) -> None:
    """Wait until what this rank has begun on its device is done, where it is in a group: the others wait for that."""
    if device.type == "cuda" and _is_formed():
        torch.cuda.synchronize(device)


def leave(device: torch.device) -> None:
    """Let go of the group, if there is one, once what this rank has begun on its device is done."""
    if _is_formed():
        settle(device)
        dist.destroy_process_group()
