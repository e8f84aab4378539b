"""What is said of PyTorch and the devices, for every way in which they do not fit."""

from __future__ import annotations

from msgspec.structs import replace

from engine.protocol.probe import CudaDevice, Driver, Probe
from gan_tui.doctor.pytorch import examine
from tests.gan_tui.doctor.sites import by_subject

H200 = CudaDevice(name="NVIDIA H200", capability="9.0", free=140 * 10**9, total=141 * 10**9, bf16=True)
DRIVER = Driver(version="570.86.15", cuda="12.8", gpus=("NVIDIA H200",))
GOOD = Probe(
    torch="2.11.0+cu128",
    torchvision="0.26.0+cu128",
    cuda_build="12.8",
    architectures=("sm_90",),
    driver=DRIVER,
    devices=(H200,),
    threads=16,
    capability="AVX512",
)


def test_a_machine_with_a_gpu() -> None:
    found = by_subject(examine(GOOD))
    assert {finding.mark for finding in found.values()} == {"ok"}
    assert found["torch"].fact == "2.11.0+cu128, built for CUDA 12.8"
    assert found["driver"].fact == "570.86.15, serves CUDA up to 12.8; NVIDIA H200"
    assert found["cuda:0"].fact == "NVIDIA H200, compute capability 9.0, 140 GB free of 141 GB"


def test_a_machine_without_one_is_no_fault() -> None:
    found = by_subject(examine(replace(GOOD, devices=(), driver=Driver(error="NVML Shared Library Not Found"))))
    assert {finding.mark for finding in found.values()} == {"ok"}
    assert "--device auto is the CPU" in found["CUDA"].fact


def test_what_cannot_be_imported() -> None:
    found = by_subject(examine(Probe(torch_error="libcudart.so.12: cannot open shared object file", driver=DRIVER)))
    assert (found["torch"].mark, "libcudart" in found["torch"].fact) == ("problem", True)
    assert "driver" in found
    beside = replace(GOOD, torchvision="", torchvision_error="operator torchvision::nms does not exist")
    finding = by_subject(examine(beside))["torchvision"]
    assert (finding.mark, "torchvision::nms" in finding.fact) == ("problem", True)
    assert "both from one index" in finding.fix


def test_two_packages_from_two_sources() -> None:
    """They could be imported together, and what is not marked may be of the same source: no reason for alarm."""
    assert by_subject(examine(replace(GOOD, torchvision="0.26.0+cpu")))["torchvision"].mark == "note"
    assert by_subject(examine(replace(GOOD, torchvision="0.26.0")))["torchvision"].mark == "ok"
    assert by_subject(examine(replace(GOOD, torch="2.11.0a0+gitd990dad")))["torchvision"].mark == "note"


def test_a_gpu_that_this_pytorch_cannot_use() -> None:
    blind = replace(GOOD, devices=())
    without = by_subject(examine(replace(blind, cuda_build="", torch="2.11.0", torchvision="0.26.0")))["CUDA"]
    assert (without.mark, "built without CUDA" in without.fact) == ("problem", True)
    newer = by_subject(examine(replace(blind, cuda_build="13.2")))["CUDA"]
    assert (newer.mark, "up to 12.8, and this PyTorch was built for 13.2" in newer.fact) == ("problem", True)
    hidden = by_subject(examine(blind))["CUDA"]
    assert (hidden.mark, "CUDA_VISIBLE_DEVICES" in hidden.fix) == ("problem", True)


def test_a_gpu_that_fails_when_it_is_to_compute() -> None:
    failing = replace(H200, capability="3.5", bf16=False, error="CUDA error: no kernel image is available")
    finding = by_subject(examine(replace(GOOD, devices=(failing,))))["cuda:0"]
    assert (finding.mark, "no kernel image" in finding.fact) == ("problem", True)


def test_a_gpu_whose_memory_is_taken_and_an_old_one() -> None:
    assert by_subject(examine(replace(GOOD, devices=(replace(H200, free=10**9),))))["cuda:0"].mark == "note"
    marks = [finding.mark for finding in examine(replace(GOOD, devices=(replace(H200, bf16=False),)))]
    assert marks.count("note") == 1
