"""What is refused for the GPUs of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.errors import RequestError
from engine.protocol.rundir import RunDirectory
from gan_tui.client.branch import ResumeRequest
from gan_tui.client.gpus import require_device, require_gpus
from gan_tui.client.new_run import check_new_run
from gan_tui.client.preflight import preflight
from tests.runs import tiny_config


@pytest.mark.parametrize(
    ("device", "ranks", "present", "refusal"),
    [
        ("auto", 2, 1, "2: is a GPU for each of 2 processes, and this machine has 1. Lower it, or use"),
        ("cuda", 4, 2, "machine has 2."),
        ("auto", 2, 0, "machine has none."),
        ("auto", 2, 2, ""),
        ("auto", 1, 0, ""),
        ("cpu", 8, 0, ""),
    ],
)
def test_each_process_is_to_have_a_gpu(device: str, ranks: int, present: int, refusal: str) -> None:
    config = tiny_config(f"run.device={device}").run
    if not refusal:
        require_gpus(config, ranks, lambda: present)
        return
    with pytest.raises(RequestError) as refused:
        require_gpus(config, ranks, lambda: present)
    assert refusal in refused.value.one_line()


@pytest.mark.parametrize(("device", "present", "fact"), [("cuda", 0, "no NVIDIA GPU"), ("cuda:2", 2, "beyond the 2")])
def test_a_gpu_that_is_not_there(device: str, present: int, fact: str) -> None:
    with pytest.raises(RequestError, match=fact):
        require_device(tiny_config(f"run.device={device}").run, lambda: present)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_it_is_refused_before_there_is_a_run(horse: RunDirectory, tmp_path: Path) -> None:
    settings = ["run.batch=2", "run.gpus=2", "run.device=auto"]
    with pytest.raises(RequestError, match=r"run\.gpus = 2"):
        check_new_run("quickstart", settings, {}, tmp_path / "new")
    assert check_new_run("quickstart", settings, {}, tmp_path / "new", here=False).prepared.config.run.gpus == 2
    _, seen = preflight(horse, "6", ResumeRequest(settings=("run.batch=2", "run.device=auto"), gpus=2))
    assert [problem.subject for problem in seen.problems] == ["run.gpus = 2"]
