"""Which of a run's checkpoints are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.config.figure_names import OBJECTIVE
from engine.protocol.checkpoints import Manifest, is_starred
from engine.protocol.choice import by_objective
from engine.protocol.evaluation import Evaluation
from engine.protocol.measured import by_figure

SETTINGS = 3
"""Settings of the loss weights, newest first, of each of which the best checkpoints are kept."""


@dataclass(frozen=True, kw_only=True)
class Retention:
    """The rules of a preset's [checkpoint]; a checkpoint is kept if any of them keeps it."""

    keep: int
    """The newest so many."""
    keep_every: int = 0
    """The first in each span of so many steps; 0 for none."""
    keep_best: int = 0
    """So many of the best; by the objective, under each of the newest few settings of the loss weights: only under
    equal weights do two objectives compare, and whoever turns a weight up may well turn it back."""
    best_by: str = OBJECTIVE
    """The objective, or a figure, which compares under whatever weights."""

    def surplus(
        self, checkpoints: Sequence[tuple[Path, Manifest]], newest: Path, evaluations: Sequence[Evaluation] = ()
    ) -> list[tuple[Path, Manifest]]:
        """The checkpoints that may be deleted.

        Never ``newest``, which is known to be good; never one with a star; never the one that a branch began with.

        Args:
            checkpoints: a run's, oldest first.
            newest: the one that was written last; not always that of the highest step.
            evaluations: the run's, where a figure says which are best.
        """
        own = next(manifest.run for folder, manifest in checkpoints if folder == newest)
        kept = {newest, *(folder for folder, _ in checkpoints[-self.keep :])}
        kept.update(self._first_in_spans(checkpoints))
        kept.update(self._best(checkpoints, evaluations))
        kept.update(folder for folder, manifest in checkpoints if is_starred(folder) or manifest.run != own)
        return [pair for pair in checkpoints if pair[0] not in kept]

    def _first_in_spans(self, checkpoints: Sequence[tuple[Path, Manifest]]) -> list[Path]:
        if not self.keep_every:
            return []
        first: dict[int, Path] = {}
        for folder, manifest in checkpoints:
            span = manifest.step // self.keep_every
            if span:
                first.setdefault(span, folder)
        return list(first.values())

    def _best(self, checkpoints: Sequence[tuple[Path, Manifest]], evaluations: Sequence[Evaluation]) -> list[Path]:
        if self.best_by != OBJECTIVE:
            best = by_figure(evaluations, checkpoints, self.best_by)
            return [folder for folder, _ in best[: self.keep_best]]
        groups: dict[frozenset[tuple[str, float]], list[tuple[Path, Manifest]]] = {}
        for folder, manifest in reversed(checkpoints):
            weights = {item for item in manifest.controls.items() if item[0].startswith("loss.")}
            groups.setdefault(frozenset(weights), []).append((folder, manifest))
        newest = list(groups.values())[:SETTINGS]
        return [folder for group in newest for folder, _ in by_objective(group)[: self.keep_best]]
