"""An export for which there is no room: told as that, whichever library writes it, and nothing is left of it."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from engine.errors import WorkError
from engine.exchange.exporting.export import export
from engine.exchange.exporting.request import request_of
from engine.protocol.exchange import OF_ONE_DIRECTION, ExportedFile, ExportFormat, ExportJob
from engine.protocol.rundir import RunDirectory
from tests.disks import fill, small_disk
from tests.engine.exchange.saved import saved_run

REFERENCES = ("generator.blocks=6", "data.crop=32", "data.resize=0")
"""A network that the reference implementation has as well."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """Only to be read."""
    return saved_run(tmp_path_factory.mktemp("runs"), "cyclegan", *REFERENCES)


@pytest.mark.parametrize("wanted", get_args(ExportFormat))
def test_a_full_disk_is_called_so_and_leaves_nothing(wanted: ExportFormat, run: RunDirectory, tmp_path: Path) -> None:
    if wanted == "onnx":
        pytest.importorskip("onnxruntime", reason="gan-tui[onnx] is not installed")
        pytest.importorskip("onnxscript", reason="gan-tui[onnx] is not installed")
    size = sum(file.size for file in exported(run, tmp_path / "whole", wanted))
    with small_disk(tmp_path / "disk", kilobytes=8000) as disk:
        for room in (20_000, size // 2):
            ballast = fill(disk, leave_bytes=room)
            with pytest.raises(WorkError, match=r"cannot be written \(No space left on device\). Make room"):
                exported(run, disk / "out", wanted)
            assert list(disk.iterdir()) == [ballast]
            ballast.unlink()
        exported(run, disk / "out", wanted)


def exported(run: RunDirectory, out: Path, wanted: ExportFormat) -> tuple[ExportedFile, ...]:
    job = ExportJob(run=str(run.root), out=bytes(out), format=wanted, size=32 if wanted in OF_ONE_DIRECTION else None)
    return export(request_of(job), lambda said: None).files
