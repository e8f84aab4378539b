"""What an export is asked for, settled without PyTorch."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from engine.config.geometry import Sides
from engine.errors import RequestError
from engine.exchange.exporting.request import ExportRequest, request_of
from engine.protocol.exchange import ExportJob
from engine.protocol.rundir import RunDirectory
from tests.engine.exchange.saved import saved_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs with a checkpoint each; only to be read."""
    folder = tmp_path_factory.mktemp("runs")
    for kind in ("cyclegan", "pix2pix", "dtn"):
        saved_run(folder, kind)
    return folder


def asked(run: RunDirectory, out: str, **how: Any) -> ExportRequest:
    return request_of(ExportJob(run=str(run.root), out=bytes(run.root / out), **how))


@pytest.mark.parametrize(
    ("kind", "wanted", "size", "sides"),
    [
        ("cyclegan", "onnx", None, Sides(4, 8, 2048)),
        ("cyclegan", "onnx", 64, Sides(4, 64, 64)),
        ("pix2pix", "onnx", None, Sides(32, 32, 16384)),
        ("pix2pix", "pt2", None, Sides(32, 32, 32)),
        ("pix2pix", "pt2", 0, Sides(32, 64, 16384)),
        ("dtn", "onnx", None, Sides(32, 32, 32)),
    ],
)
def test_sides_are_open_where_they_can_be(folder: Path, kind: str, wanted: str, size: int | None, sides: Sides) -> None:
    """A .pt2 of a U-Net that comes down to one pixel has the size of training, or begins at twice the least."""
    assert asked(RunDirectory(folder / kind), "x", format=wanted, size=size).sides == sides


@pytest.mark.parametrize(
    ("kind", "wanted", "directions"),
    [
        ("cyclegan", "onnx", ("AtoB",)),
        ("cyclegan", "safetensors", ("AtoB", "BtoA")),
        ("pix2pix", "safetensors", ("AtoB",)),
    ],
)
def test_directions_that_nobody_named(folder: Path, kind: str, wanted: str, directions: tuple[str, ...]) -> None:
    assert asked(RunDirectory(folder / kind), "x", format=wanted).directions == directions


def test_each_of_both_directions_has_a_file(folder: Path) -> None:
    request = asked(RunDirectory(folder / "cyclegan"), "x.onnx", format="onnx", direction="both")
    assert [request.file_of(direction).name for direction in request.directions] == ["x-AtoB.onnx", "x-BtoA.onnx"]


def test_onnx_that_is_not_installed_is_told_with_what_installs_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(RequestError, match=r"needs onnxscript, not installed here. pip install 'gan-tui\[onnx\]'"):
        asked(RunDirectory(folder / "cyclegan"), "x.onnx", format="onnx")
