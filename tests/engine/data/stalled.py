"""An image that never comes, as from a disk that is far away; free of torch, as workers import this."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from engine.data.domains import DrawnDomain


@dataclass(frozen=True)
class StalledDomain(DrawnDomain):
    """Drawings, of which one is not there before something has been written into a named pipe."""

    stalled: int
    pipe: Path

    def read(self, index: int) -> Image.Image:
        """One drawing, RGB."""
        if index == self.stalled:
            self.pipe.read_bytes()
        return super().read(index)
