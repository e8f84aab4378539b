"""Having a job done elsewhere: the answer, refusals and failures as they are told here, and giving up."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from engine.errors import RequestError, WorkError
from engine.protocol.evaluation import EvaluateJob, Evaluations
from engine.protocol.jobs import Progress, Remark
from gan_tui.client.jobs import run_job
from tests.dtn_runs import make_digits, make_dtn_run
from tests.engine.train.here import train_here
from tests.until import until


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> EvaluateJob:
    """One that can be done."""
    folder = tmp_path_factory.mktemp("runs")
    run = make_dtn_run(folder, "trained", root=make_digits(folder / "digits"))
    train_here(run)
    return EvaluateJob(run=str(run.root), device="cpu", judge_steps=20)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def the_process() -> psutil.Process:
    """The one at work."""
    [process] = [each for each in psutil.Process().children() if "engine.jobs" in each.cmdline()]
    return process


def test_the_answer_after_what_was_said_on_the_way(job: EvaluateJob, tmp_path: Path) -> None:
    """In any folder, also one that has an ``engine`` of its own."""
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "__init__.py").write_text("raise SystemExit('not this one')")
    said: list[Progress | Remark] = []
    found = run_job(job, Evaluations, said.append, folder=tmp_path)
    assert found.evaluations[0].conditions.images_A == 30
    assert said[0] == Remark(text="reading the digits")
    assert said[-1] == Progress(what="translating", done=60, total=60)


def test_a_refusal_is_raised_here(job: EvaluateJob) -> None:
    with pytest.raises(RequestError, match="checkpoint 77 of run trained: does not exist") as raised:
        run_job(EvaluateJob(run=job.run, checkpoint="77"), Evaluations, lambda said: None)
    assert raised.value.fix.startswith("There are 4")


def test_a_process_that_dies_is_told_of(job: EvaluateJob) -> None:
    with pytest.raises(WorkError, match="ended with signal 9, as it is where memory runs out"):
        run_job(job, Evaluations, lambda said: the_process().kill())


def test_giving_up_ends_the_process(job: EvaluateJob) -> None:
    seen: list[psutil.Process] = []

    def interrupt(said: Progress | Remark) -> None:
        seen.append(the_process())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_job(job, Evaluations, interrupt)
    assert not seen[0].is_running()


LARGE = """
import signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('{"message": "progress", "what": "all", "done": 1, "total": 1}', flush=True)
print('{"message": "evaluations", "run": "%s", "method": "dtn", "evaluations": []}' % ("x" * 3_000_000), flush=True)
"""


def test_a_large_answer_that_an_interrupt_meets_on_its_way_is_heard_out(job: EvaluateJob) -> None:
    """Larger than a pipe, so that the process cannot end before it is read; and longer than one read."""

    def interrupt(said: Progress | Remark) -> None:
        raise KeyboardInterrupt

    found = run_job(job, Evaluations, interrupt, command=(sys.executable, "-c", LARGE))
    assert len(found.run) == 3_000_000


def test_an_interrupt_that_comes_when_all_is_done_changes_nothing(job: EvaluateJob) -> None:
    before = psutil.Process().children()
    said: list[Progress | Remark] = []

    def interrupt_once(message: Progress | Remark) -> None:
        said.append(message)
        if len(said) == 1:
            [process] = set(psutil.Process().children()) - set(before)
            until(lambda: process.status() == psutil.STATUS_ZOMBIE, "the end of the work")
            raise KeyboardInterrupt

    assert run_job(job, Evaluations, interrupt_once).evaluations[0].conditions.images_A == 30
