"""Compiling a run's networks, and going on without where that fails."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import GraphModule

log = logging.getLogger(__name__)

VARIANTS = 64
"""Of a network's program at most, by shape, gradients wanted or not, and network; PyTorch's own 8 are for one model."""


class Compiler:
    """What torch.compile hands the graphs to that it finds: PyTorch's own compiler, unless that fails.

    Then the graph is run operation by operation, as it would have been, and no other is compiled: the machine has no
    C++ compiler, say, and would try in vain for each of them.

    Args:
        tell: called once with a clause on a failure, from within the step in which a network was first to run so.
        backend: the name of PyTorch's compiler, as of torch.compile.
    """

    def __init__(self, tell: Callable[[str], None], backend: str = "inductor") -> None:
        self._tell = tell
        self._backend = backend
        self._given_up = False
        self.compiled = 0
        """Graphs so far; a step that brings no new shapes adds none."""

    def compile(self, networks: Iterable[nn.Module]) -> None:
        """Have networks compiled when they are first run, and again for each shape of images; keys stay the same."""
        torch._dynamo.config.recompile_limit = VARIANTS
        for network in networks:
            network.compile(backend=self, dynamic=False)

    def __call__(self, graph: GraphModule, inputs: list[Tensor]) -> Callable[..., Any]:
        """A graph as a program."""
        self.compiled += 1
        if self._given_up:
            return graph.forward
        try:
            # The way back as well, at once: by itself it would be left until the gradient is wanted, and fail there.
            with torch._functorch.config.patch(force_non_lazy_backward_lowering=True):
                program: Callable[..., Any] = torch._dynamo.lookup_backend(self._backend)(graph, inputs)
        except Exception as error:  # whatever a compiler raises: nothing has been computed yet
            log.warning("a network could not be compiled", exc_info=error)
            self._given_up = True
            self._tell(f"has failed: {_in_one_line(error)}")
            return graph.forward
        return program


def _in_one_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
