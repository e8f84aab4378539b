"""The evaluation process: ``python -m engine.evaluation RUN_DIR`` judges the translations of one checkpoint.

It writes one JSON object to stdout, an engine.protocol.evaluation.Answer, and how far it has come to stderr.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

import msgspec

from engine.config.threads import wait_briefly
from engine.errors import GanTuiError
from engine.evaluation.request import JudgeSettings, request_of
from engine.imports import nothing_is_garbage
from engine.protocol.checkpoints import LATEST
from engine.protocol.evaluation import Answer, Refused
from engine.protocol.rundir import RunDirectory

INTERRUPTED = 130
"""Exit status after Ctrl-C."""


def main(arguments: list[str]) -> int:
    """Evaluate one checkpoint; returns the exit status: 0 done, 1 failed, 2 the request was wrong."""
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr)
    given = _parser().parse_args(arguments)
    answer: Answer
    try:
        answer = _answer(given)
    except GanTuiError as error:
        answer = Refused(exit_code=error.exit_code, subject=error.subject, fact=error.fact, fix=error.fix)
    except KeyboardInterrupt:
        return INTERRUPTED
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    return answer.exit_code if isinstance(answer, Refused) else 0


def _answer(given: argparse.Namespace) -> Answer:
    run = RunDirectory(Path(given.run).resolve())
    judge = JudgeSettings(steps=given.judge_steps)
    request = request_of(run, given.checkpoint, device=given.device, judge=judge, retrain=given.retrain)
    wait_briefly(os.environ)
    # Here, so that what can be refused without PyTorch does not wait for it.
    with nothing_is_garbage():
        from engine.evaluation.evaluate import evaluate

    return evaluate(request, logging.getLogger("engine.evaluation").info)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine.evaluation", description="Evaluate one checkpoint of a run."
    )
    parser.add_argument("run", help="the run's directory")
    parser.add_argument("--checkpoint", default=LATEST, help="a step, latest or best")
    parser.add_argument("--device", default="auto", help="as run.device")
    parser.add_argument("--judge-steps", type=int, default=JudgeSettings().steps, help="how long the judge is trained")
    parser.add_argument("--retrain", action="store_true", help="train the judge anew")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
