"""The process group in which the ranks of a run exchange tensors: NCCL's between GPUs, Gloo's between CPUs."""

from __future__ import annotations

from datetime import timedelta

import torch
import torch.distributed as dist
from torch._C._distributed_c10d import Store

from engine.ranks.division import Shard
from engine.ranks.followers import PATIENCE_SECONDS

_TIMEOUT = timedelta(seconds=PATIENCE_SECONDS)


def world_size() -> int:
    """Processes that train together; 1 for one that trains by itself."""
    return dist.get_world_size() if dist.is_initialized() else 1


def open_store(host: str) -> tuple[Store, int]:
    """The leader's store, through which the others meet it, and its port on this host."""
    store = dist.TCPStore(host, 0, is_master=True, wait_for_workers=False, timeout=_TIMEOUT)  # type: ignore[attr-defined]  # documented there
    return store, store.port


def reach_store(host: str, port: int) -> Store:
    """The same as a follower has it."""
    return dist.TCPStore(host, port, is_master=False, wait_for_workers=False, timeout=_TIMEOUT)  # type: ignore[attr-defined]


def join(store: Store, shard: Shard, device: torch.device) -> None:
    """Form the process group; returns once all ranks have joined."""
    on_gpu = device.type == "cuda"
    dist.init_process_group(
        "nccl" if on_gpu else "gloo",
        store=store,
        rank=shard.rank,
        world_size=shard.ranks,
        timeout=_TIMEOUT,
        device_id=device if on_gpu else None,
    )


def leave(device: torch.device) -> None:
    """Let go of the group, if there is one, once what this rank has begun on its device is done."""
    if not dist.is_initialized():
        return
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    dist.destroy_process_group()
