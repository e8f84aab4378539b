"""Whether a run can measure what its [evaluation] asks for, and choose its best checkpoint by it. Torch-free."""

from __future__ import annotations

from engine.config.figure_names import OBJECTIVE
from engine.config.figures import chosen_figures, needs_inception
from engine.config.inception_weights import require_fidelity, require_weights
from engine.config.methods import TrainConfig
from engine.errors import RequestError


def check_evaluation(config: TrainConfig) -> None:
    """Refuse figures that the data or the method cannot give, and settings that would do nothing.

    Raises:
        RequestError: one of these; or the Inception network or its weights are not there.
    """
    asked = config.evaluation
    if not asked.every:
        _refuse_what_is_idle(config)
        return
    figures = chosen_figures(config, asked.figures, "evaluation.figures")
    if needs_inception(figures):
        require_fidelity()
        require_weights(asked.fid_weights)
    elif asked.fid_weights:
        raise RequestError("evaluation.fid_weights", "is for fid and kid, which evaluation.figures lacks", "Add one.")
    best_by = config.checkpoint.best_by
    if best_by not in (OBJECTIVE, *figures):
        fix = f"Choose from {', '.join((OBJECTIVE, *figures))}, or add it to evaluation.figures."
        raise RequestError(f'checkpoint.best_by = "{best_by}"', "is not measured in this run", fix)


def _refuse_what_is_idle(config: TrainConfig) -> None:
    asked = config.evaluation
    given = {"images": asked.images, "figures": asked.figures, "fid_weights": asked.fid_weights}
    idle = [f"evaluation.{name}" for name, value in given.items() if value]
    if config.checkpoint.best_by != OBJECTIVE:
        idle.append("checkpoint.best_by")
    if idle:
        fact = "does nothing without evaluations" if len(idle) == 1 else "do nothing without evaluations"
        raise RequestError(", ".join(idle), fact, "Set evaluation.every to a number of steps.")
