"""A part of a set in numbers: how many images, of which sizes and modes, and of which digits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from engine.config.digit_files import DigitFolders, IdxFiles, idx_sizes, read_labels
from gan_tui.datasets.check.schema import PartReport, Sizes
from gan_tui.datasets.folders.layouts import Part
from gan_tui.datasets.folders.reading import Look, Picture


def report_of(part: Part, looks: Sequence[Look]) -> PartReport:
    """A part in numbers.

    Args:
        part: whose IDX files, if it has any, are sound.
        looks: at its image files.
    """
    seen = [look for look in looks if isinstance(look, Picture)]
    images, sizes = len(looks), _sizes([(look.width, look.height) for look in seen])
    modes = dict(Counter(look.mode for look in seen).most_common())
    labels: Sequence[int] = ()
    if isinstance(part.files, DigitFolders):
        labels = part.files.labels
    if isinstance(part.files, IdxFiles):
        images, height, width = idx_sizes(part.files)
        sizes, modes, labels = _sizes([(width, height)] * images), {"L": images}, read_labels(part.files)
    return PartReport(
        name=part.name,
        split=part.split,
        domain=part.domain,
        images=images,
        unreadable=len(looks) - len(seen),
        sizes=sizes,
        modes=modes,
        classes={str(digit): count for digit, count in sorted(Counter(labels).items())},
    )


def _sizes(seen: Sequence[tuple[int, int]]) -> Sizes | None:
    if not seen:
        return None
    counts = Counter(seen)
    ((common, images),) = counts.most_common(1)
    by_area = sorted(counts, key=lambda size: (size[0] * size[1], size))
    return Sizes(distinct=len(counts), common=common, common_images=images, smallest=by_area[0], largest=by_area[-1])
