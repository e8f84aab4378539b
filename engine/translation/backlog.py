"""What threads are at for images whose turn has not come: bounded in images and in pixels, and so in memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Generic, TypeVar

R = TypeVar("R")

THREADS = min(4, os.cpu_count() or 1)
"""Those that read and write."""
IMAGES = 2 * THREADS
"""In a backlog at most."""
PIXELS = 32_000_000
"""Likewise, together: some half a gigabyte, as a pixel is held as it was read, as networks take it and as a file."""


class Backlog(Generic[R]):
    """Results to come, taken in the order in which they were asked for.

    Args:
        images: of how many there may be at once.
        pixels: of images of how many together; one alone may have more.
    """

    def __init__(self, images: int = IMAGES, pixels: int = PIXELS) -> None:
        self._images = images
        self._pixels = pixels
        self._held = 0
        self._waiting: deque[tuple[int, Future[R]]] = deque()

    def add(self, pixels: int, result: Future[R]) -> None:
        """Take in a result to come of an image of so many pixels."""
        self._waiting.append((pixels, result))
        self._held += pixels

    def overdue(self, pixels: int) -> Iterator[R]:
        """Wait for the oldest results until there is room for an image of so many pixels."""
        while self._waiting and (len(self._waiting) >= self._images or self._held + pixels > self._pixels):
            yield self._oldest()

    def arrived(self) -> Iterator[R]:
        """The oldest results, as far as they are there."""
        while self._waiting and self._waiting[0][1].done():
            yield self._oldest()

    def rest(self) -> Iterator[R]:
        """Wait for all."""
        while self._waiting:
            yield self._oldest()

    def achieved(self) -> Iterator[R]:
        """Those that came to something, once their threads are at an end."""
        for _, result in self._waiting:
            if not result.cancelled() and result.exception() is None:
                yield result.result()

    def _oldest(self) -> R:
        pixels, result = self._waiting[0]
        found = result.result()  # an interrupt that comes while it is waited for leaves it where it is
        self._waiting.popleft()
        self._held -= pixels
        return found
