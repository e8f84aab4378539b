"""Which of the processes of a run this one is, and how many there are. Torch-free.

The environment says so, by the names that torchrun uses (torch.distributed.run).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.errors import RequestError
from engine.ranks.division import Shard


@dataclass(frozen=True, kw_only=True)
class Seat:
    """A process's place among those that train a run together."""

    rank: int = 0
    """0 leads: it alone takes commands and writes the record."""
    size: int = 1
    """Processes in all."""
    local_rank: int = 0
    """Among those of its machine; it computes on the GPU of that number."""
    local_size: int = 1

    @property
    def shard(self) -> Shard:
        """Its part of every batch."""
        return Shard(self.rank, self.size)


ALONE = Seat()


def seat_of(environ: Mapping[str, str]) -> Seat | None:
    """The seat that whoever started this process has given it; None where it was started by itself.

    Raises:
        RequestError: the variables are there and contradict one another.
    """
    if "RANK" not in environ or "WORLD_SIZE" not in environ:
        return None
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    defaults = ("", "", environ["RANK"], environ["WORLD_SIZE"])
    given = [environ.get(name, default) for name, default in zip(names, defaults, strict=True)]
    told = ", ".join(f"{name}={value}" for name, value in zip(names, given, strict=True))
    fix = "Start it by torchrun, or without these variables."
    try:
        rank, size, local_rank, local_size = map(int, given)
    except ValueError as error:
        raise RequestError(told, "are not all numbers", fix) from error
    if not (0 <= rank < size and 0 <= local_rank < local_size <= size):
        raise RequestError(told, "name no place among the processes of a run", fix)
    return Seat(rank=rank, size=size, local_rank=local_rank, local_size=local_size)
