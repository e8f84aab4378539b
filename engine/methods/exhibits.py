"""What the discriminators of two domains are shown: real images and generated ones, some of them older."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor

from engine.batch import ImageBatch
from engine.image_pool import ImagePool
from engine.methods.random_state import random_from_tensor, random_to_tensor


@dataclass(frozen=True, kw_only=True)
class Exhibits:
    """As many real and generated images of each domain."""

    real_A: Tensor
    fake_A: Tensor
    real_B: Tensor
    fake_B: Tensor

    def __len__(self) -> int:
        """Images of each kind."""
        return len(self.real_A)


class Histories:
    """A history of generated images for each domain; one stream decides for both.

    Args:
        size: optim.pool.
        seed: of the decisions (random.Random(seed)).
        device: where the images are.
    """

    def __init__(self, size: int, seed: int, device: torch.device) -> None:
        self._rng = Random(seed)
        self._of_fake_A, self._of_fake_B = (ImagePool(size, self._rng, device) for _ in "AB")

    def decide(self, number: int) -> None:
        """Draw what the next exhibits, of so many images of each domain, will be; they follow once."""
        # The order is part of the result, as in the reference implementation of CycleGAN: fake_B first.
        self._of_fake_B.decide(number)
        self._of_fake_A.decide(number)

    def exhibits(
        self, parts: Sequence[ImageBatch], fakes_A: Sequence[Tensor], fakes_B: Sequence[Tensor]
    ) -> list[Exhibits]:
        """The real images of each part of a batch, with the generated ones of the domain or older ones, detached."""
        sizes = [len(part) for part in parts]
        older_B = torch.split(self._of_fake_B.query(torch.cat(list(fakes_B))), sizes)
        older_A = torch.split(self._of_fake_A.query(torch.cat(list(fakes_A))), sizes)
        return [
            Exhibits(real_A=part.real_A, fake_A=fake_A, real_B=part.real_B, fake_B=fake_B)
            for part, fake_A, fake_B in zip(parts, older_A, older_B, strict=True)
        ]

    def state_dict(self) -> dict[str, Tensor]:
        """The images kept, as copies, and the stream that decisions come from."""
        return {
            "pool_of_fake_A.images": self._of_fake_A.state_dict()["images"],
            "pool_of_fake_B.images": self._of_fake_B.state_dict()["images"],
            "pool_rng": random_to_tensor(self._rng),
        }

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a saved state."""
        self._of_fake_A.load_state_dict({"images": state["pool_of_fake_A.images"]})
        self._of_fake_B.load_state_dict({"images": state["pool_of_fake_B.images"]})
        random_from_tensor(self._rng, state["pool_rng"])
