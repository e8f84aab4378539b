"""Having a checkpoint evaluated, by a process of its own: this one never imports PyTorch."""

from __future__ import annotations

import subprocess
import sys

from engine.errors import RequestError, WorkError
from engine.protocol.codec import DecodeError
from engine.protocol.evaluation import Evaluation, decode_answer
from engine.protocol.rundir import RunDirectory


def evaluate_run(
    run: RunDirectory, checkpoint: str, *, device: str, judge_steps: int | None, retrain: bool
) -> Evaluation:
    """Wait for the figures of a checkpoint; how far they have come goes to stderr.

    Args:
        run: whose.
        checkpoint: a step, latest or best.
        device: as run.device.
        judge_steps: how long the judge is trained; None leaves that to the evaluation.
        retrain: train the judge anew, even if it is kept.

    Raises:
        RequestError: the request was wrong.
        WorkError: the evaluation failed, or its process died.
    """
    command = [sys.executable, "-P", "-m", "engine.evaluation", str(run.root), "--checkpoint", checkpoint]
    command += ["--device", device]
    if judge_steps is not None:
        command += ["--judge-steps", str(judge_steps)]
    if retrain:
        command.append("--retrain")
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=run.root, check=False)
    try:
        answer = decode_answer(done.stdout)
    except DecodeError as error:
        how = f"signal {-done.returncode}" if done.returncode < 0 else f"status {done.returncode}"
        raise WorkError(f"the evaluation of run {run.name}", f"ended with {how} and no figures") from error
    if isinstance(answer, Evaluation):
        return answer
    kind = RequestError if answer.exit_code == RequestError.exit_code else WorkError
    raise kind(answer.subject, answer.fact, answer.fix)
