"""Having PyTorch and the devices tried out: what is asked for, and what was found."""

from __future__ import annotations

import msgspec


class ProbeJob(msgspec.Struct, frozen=True, kw_only=True, tag_field="job", tag="probe"):
    """Import PyTorch, and compute a little on every device (engine.protocol.jobs)."""


class Driver(msgspec.Struct, frozen=True, kw_only=True):
    """NVIDIA's driver, as its library tells of itself."""

    version: str = ""
    """Such as 570.86.15."""
    cuda: str = ""
    """The newest CUDA that it serves, such as 12.8."""
    gpus: tuple[str, ...] = ()
    """The names of all GPUs that it drives, whether or not this process may use them."""
    error: str = ""
    """Why it could not be asked; empty where it could."""


class CudaDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A GPU as PyTorch sees it."""

    name: str
    capability: str
    """Such as 9.0."""
    free: int
    """Bytes."""
    total: int
    bf16: bool
    """Whether it computes in bfloat16 by itself, not by emulation."""
    error: str = ""
    """What a small sum on it ended with; empty where it was right."""


class Probe(msgspec.Struct, frozen=True, kw_only=True, tag_field="message", tag="probe"):
    """What was found."""

    torch: str = ""
    """Its version; empty where it cannot be imported."""
    torch_error: str = ""
    torchvision: str = ""
    torchvision_error: str = ""
    cuda_build: str = ""
    """The CUDA that PyTorch was built for, such as 12.8; empty for a build without."""
    architectures: tuple[str, ...] = ()
    """Those of GPUs that it was built for, such as sm_90."""
    driver: Driver = Driver()
    devices: tuple[CudaDevice, ...] = ()
    cuda_error: str = ""
    """Why a build with CUDA sees no device, in PyTorch's own words."""
    mps: bool = False
    threads: int = 0
    """CPU threads that it computes with."""
    capability: str = ""
    """The instructions that its CPU kernels use, such as AVX512."""
