"""Networks that can make their activations again for the gradient instead of keeping them (gradient checkpointing).

Chen, Xu, Zhang, Guestrin 2016, "Training deep nets with sublinear memory cost", arXiv:1604.06174. A network is cut into
segments; only what enters a segment is kept, and when its gradient is wanted the segment is computed once more: the
same numbers, bit for bit, for about a third more time. A residual block is a segment by itself, and so is what lies
before and after the blocks; networks without blocks are one segment (docs/speed.md says what that saves).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from engine.networks.blocks import ResnetBlock


class Segmented(nn.Module):
    """A network whose layers are run one after another, in segments where it is to save memory."""

    makes_again: bool = False
    """Whether activations are made again; see make_again."""

    def through(self, layers: nn.Sequential, x: Tensor) -> Tensor:
        """What layers make of x."""
        if not (self.makes_again and torch.is_grad_enabled()):
            out: Tensor = layers(x)
            return out
        for segment in _segments(layers):
            x = _made_again(segment, x)
        return x


def make_again(network: nn.Module) -> None:
    """Have a network that can make its activations again do so from now on."""
    for module in network.modules():
        if isinstance(module, Segmented):
            module.makes_again = True


def _segments(layers: nn.Sequential) -> Iterator[nn.Sequential]:
    begun: list[nn.Module] = []
    for layer in layers:
        if isinstance(layer, ResnetBlock):
            if begun:
                yield nn.Sequential(*begun)
            yield nn.Sequential(layer)
            begun = []
        else:
            begun.append(layer)
    if begun:
        yield nn.Sequential(*begun)


def _made_again(segment: nn.Sequential, x: Tensor) -> Tensor:
    """What a segment makes of x, of which nothing else is kept.

    Random states are brought back for dropout alone: reading a GPU's is not possible in a step that is recorded.
    """
    drops = any(isinstance(module, nn.Dropout) for module in segment.modules())
    out: Tensor = checkpoint(
        segment, x, use_reentrant=False, preserve_rng_state=drops, context_fn=_contexts_of(segment)
    )
    return out


def _contexts_of(
    segment: nn.Sequential,
) -> Callable[[], tuple[AbstractContextManager[None], AbstractContextManager[None]]]:
    """In which a segment is run first, and once more."""
    return lambda: (nullcontext(), _averages_at_rest(segment))


@contextmanager
def _averages_at_rest(segment: nn.Sequential) -> Iterator[None]:
    """Let batch normalisation update copies: it has taken these images into its running statistics already."""
    averages = [
        (module, name, buffer)
        for module in segment.modules()
        if isinstance(module, _BatchNorm)
        for name, buffer in module.named_buffers(recurse=False)
    ]
    try:
        for module, name, buffer in averages:
            module.register_buffer(name, buffer.clone())
        yield
    finally:
        for module, name, buffer in averages:
            module.register_buffer(name, buffer)
