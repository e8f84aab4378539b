"""PyTorch and the driver are tried out, and what is wrong with them is told."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import torch

from engine.jobs.probe import driver_of
from engine.protocol.jobs import decode_message
from engine.protocol.probe import Driver, Probe, ProbeJob
from tests.engine.machine.driver import DriverError, FakeDriver, FakeGpu

JOB = msgspec.json.encode(ProbeJob())


def answer(program: list[str]) -> Probe:
    done = subprocess.run([sys.executable, *program], input=JOB, capture_output=True, timeout=120, check=True)
    found = decode_message(done.stdout.splitlines()[-1])
    assert isinstance(found, Probe)
    return found


def test_this_machines_pytorch() -> None:
    found = answer(["-m", "engine.jobs"])
    assert found.torch == torch.__version__
    assert found.torchvision
    assert found.torchvision_error == ""
    assert len(found.devices) == torch.cuda.device_count()
    assert [device.error for device in found.devices] == [""] * len(found.devices)
    assert found.threads == 1, "OMP_NUM_THREADS, as tests have it"


def test_what_cannot_be_imported_is_told_in_its_own_words() -> None:
    program = "import sys; from engine.jobs.__main__ import main; sys.modules[{!r}] = None; sys.exit(main())"
    found = answer(["-c", program.format("torchvision")])
    assert (found.torch, found.torchvision) == (torch.__version__, "")
    assert "torchvision" in found.torchvision_error
    found = answer(["-c", program.format("torch")])
    assert (found.torch, "torch" in found.torch_error) == ("", True)


def test_the_driver_is_asked_what_it_serves() -> None:
    found = driver_of(FakeDriver([FakeGpu(uuid="a"), FakeGpu(uuid="b", name="NVIDIA T4")]))
    assert found == Driver(version="570.86.15", cuda="12.8", gpus=("NVIDIA H200", "NVIDIA T4"))


def test_a_driver_that_does_not_answer_says_why() -> None:
    class Mismatched(FakeDriver):
        def nvmlSystemGetCudaDriverVersion(self) -> int:  # noqa: N802
            raise DriverError("Driver/library version mismatch")

    assert driver_of(Mismatched()).error == "Driver/library version mismatch"
