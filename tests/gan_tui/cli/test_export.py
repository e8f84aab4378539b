"""gan-tui export as a user runs it: every format and method, held against PyTorch, and refusals that leave nothing."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from torch import Tensor

from engine.config.load import read_toml, resolve
from engine.config.methods import CONFIGS
from engine.exchange.exporting.agreement import TOLERANCE
from engine.exchange.exporting.export import export
from engine.exchange.exporting.request import request_of
from engine.loaded_method import take_up
from engine.protocol.exchange import Exported, ExportFormat, ExportJob
from engine.protocol.jobs import Progress, Remark, decode_message
from engine.protocol.rundir import RunDirectory
from engine.saved import find_saved
from tests.engine.exchange.saved import saved_run
from tests.gan_tui.cli.command import interrupted
from tests.runs import TINY_OF, gan_tui

ONE_WAY = tuple(kind for kind, config in CONFIGS.items() if not config.both_ways)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], RunDirectory]:
    """A run of each method with a checkpoint, made when it is first asked for; only to be read."""
    folder = tmp_path_factory.mktemp("runs")
    made: dict[str, RunDirectory] = {}

    def of(kind: str) -> RunDirectory:
        if kind not in made:
            made[kind] = saved_run(folder, kind)
        return made[kind]

    return of


def exported(run: RunDirectory, *arguments: str | Path) -> Exported:
    done = gan_tui(run.root.parent, "export", run.name, *map(str, arguments), "--json")
    assert done.returncode == 0, done.stderr
    found = decode_message(done.stdout.encode())
    assert isinstance(found, Exported)
    return found


def exported_here(run: RunDirectory, out: Path, wanted: ExportFormat, **how: Any) -> Exported:
    """The same within this process, where what is told of it on the way is of no interest."""
    job = ExportJob(run=str(run.root), out=bytes(out), format=wanted, **how)
    return export(request_of(job), lambda said: None)


def refusal(run: RunDirectory, *arguments: str | Path) -> str:
    done = gan_tui(run.root.parent, "export", run.name, *map(str, arguments))
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    return done.stderr.splitlines()[-1].removeprefix("gan-tui: ")


def translations(run: RunDirectory, direction: str, images: Tensor) -> Tensor:
    """What the run itself makes of images."""
    method, _ = take_up(find_saved(run), "cpu")
    return method.translate(images, "AtoB" if direction == "AtoB" else "BtoA")


def pictures(batch: int, height: int, width: int) -> Tensor:
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(5)) * 2 - 1


@pytest.mark.parametrize("kind", TINY_OF)
def test_onnx_translates_as_the_run_does(
    kind: str, runs: Callable[[str], RunDirectory], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "1")
    onnxruntime = pytest.importorskip("onnxruntime", reason="gan-tui[onnx] is not installed")
    pytest.importorskip("onnxscript", reason="gan-tui[onnx] is not installed")
    run = runs(kind)
    found = exported(run, "-o", tmp_path / "out.onnx", "--direction", "AtoB" if kind in ONE_WAY else "BtoA")
    [file] = found.files
    assert file.difference is not None
    assert file.difference <= TOLERANCE
    assert len(file.trials) > 1
    assert [path.name for path in tmp_path.iterdir()] == ["out.onnx"]

    session = onnxruntime.InferenceSession(file.path, providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    assert (facts["run"], facts["method"], facts["step"]) == (kind, kind, str(found.step))
    assert facts["direction"] == file.direction
    step, least = int(facts["side_multiple_of"]), int(facts["side_least"])
    [image], [translation] = session.get_inputs(), session.get_outputs()
    is_open = facts["side_most"] != facts["side_least"]
    assert image.shape == (["batch", 3, "height", "width"] if is_open else ["batch", 3, least, least])
    sizes = [(2, least + step, least + 2 * step), (1, 32, 32)] if is_open else [(2, least, least)]
    for batch, height, width in sizes:
        images = pictures(batch, height, width)
        [made] = session.run([translation.name], {image.name: images.numpy()})
        expected = translations(run, str(file.direction), images)
        assert expected.std() > 10 * TOLERANCE, "else anything would agree"
        assert np.abs(made - expected.numpy()).max() <= TOLERANCE


def test_the_trial_of_an_onnx_leaves_nothing_at_home(
    runs: Callable[[str], RunDirectory], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """onnxruntime keeps an id of the device and a file of events there, unless it is told not to."""
    pytest.importorskip("onnxruntime", reason="gan-tui[onnx] is not installed")
    pytest.importorskip("onnxscript", reason="gan-tui[onnx] is not installed")
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    exported(runs("cyclegan"), "-o", tmp_path / "out.onnx", "--size", "16")
    assert [str(path.relative_to(home)) for path in home.rglob("*")] == []


@pytest.mark.parametrize("kind", TINY_OF)
def test_pt2_translates_as_the_run_does(kind: str, runs: Callable[[str], RunDirectory], tmp_path: Path) -> None:
    run = runs(kind)
    both = kind not in ONE_WAY
    found = exported_here(run, tmp_path / "out.pt2", "pt2", direction="both" if both else None)
    names = ["out-AtoB.pt2", "out-BtoA.pt2"] if both else ["out.pt2"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    for file in found.files:
        described = {"gan-tui.json": ""}
        program = torch.export.load(file.path, extra_files=described)
        facts = json.loads(described["gan-tui.json"])
        assert facts["direction"] == file.direction
        least = int(facts["side_least"])
        images = pictures(2, least, least)
        made = program.module()(images)  # of a whole batch; a run translates it in parts, which may round otherwise
        assert (made - translations(run, str(file.direction), images)).abs().max() < TOLERANCE / 10


def test_a_size_may_be_fixed_and_operators_chosen(runs: Callable[[str], RunDirectory], tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="gan-tui[onnx] is not installed")
    pytest.importorskip("onnxscript", reason="gan-tui[onnx] is not installed")
    exported(runs("cyclegan"), "-o", tmp_path / "out.onnx", "--size", "24", "--opset", "18")
    model = onnx.load(tmp_path / "out.onnx")
    assert [entry.version for entry in model.opset_import if not entry.domain] == [18]
    sides = [dimension.dim_value for dimension in model.graph.input[0].type.tensor_type.shape.dim]
    assert sides[2:] == [24, 24]


@pytest.mark.parametrize("kind", TINY_OF)
def test_the_model_card_loads_the_weights_as_it_says(
    kind: str, runs: Callable[[str], RunDirectory], tmp_path: Path
) -> None:
    """Its lines are run as they stand, in the folder."""
    run = runs(kind)
    folder = tmp_path / "out"
    found = exported_here(run, folder, "safetensors")
    card = (folder / "README.md").read_text()
    assert f"# {kind}, step {found.step:,}" in card
    [code] = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    assert len([line for line in code.splitlines() if line]) <= 15
    side = resolve(read_toml(run.config), "").data.crop
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "input.png")
    with contextlib.chdir(folder):
        exec(code, {})
    images = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 127.5 - 1
    expected = (translations(run, "AtoB", images)[0] + 1) * 127.5
    made = np.asarray(Image.open(folder / "output.png")).transpose(2, 0, 1)
    assert np.abs(made - expected.numpy()).max() <= 1.0


@pytest.mark.parametrize(
    ("kind", "direction", "told"),
    [
        ("cyclegan", None, {"G_A": "AtoB", "G_B": "BtoA"}),
        ("cyclegan", "BtoA", {"G_B": "BtoA"}),
        ("pix2pix", None, {"G": "AtoB"}),
        (
            "aegan",
            None,
            dict.fromkeys(("encoder_A", "decoder_B"), "AtoB")
            | dict.fromkeys(("encoder_B", "decoder_A"), "BtoA")
            | dict.fromkeys(("shared_encoder", "shared_decoder"), "AtoB, BtoA"),
        ),
    ],
)
def test_weights_tell_the_direction_that_is_theirs(
    kind: str, direction: Any, told: dict[str, str], runs: Callable[[str], RunDirectory], tmp_path: Path
) -> None:
    exported_here(runs(kind), tmp_path / "out", "safetensors", direction=direction)
    found = {}
    for file in (tmp_path / "out").glob("*.safetensors"):
        with safe_open(file, "pt") as opened:
            found[file.stem] = opened.metadata()["direction"]
    assert found == told


def test_a_moving_average_is_what_is_exported_unless_the_raw_weights_are_wanted(tmp_path: Path) -> None:
    run = saved_run(tmp_path / "runs", "cyclegan", "optim.ema=0.999")
    shown = exported_here(run, tmp_path / "shown.pt2", "pt2", size=32)
    raw = exported_here(run, tmp_path / "raw.pt2", "pt2", size=32, weights="raw")
    images = pictures(1, 32, 32)
    made = [torch.export.load(found.files[0].path).module()(images) for found in (shown, raw)]
    assert torch.equal(made[0], translations(run, "AtoB", images))
    assert not torch.equal(made[0], made[1])


def test_noise_at_test_time_is_left_out_and_told(tmp_path: Path) -> None:
    """Dropout is off; the statistics are of each image, as training mode has them of a batch of one."""
    settings = ("generator.norm=batch", "generator.downs=6", "generator.dropout=true", "method.test_time_noise=true")
    run = saved_run(tmp_path / "runs", "pix2pix", *settings, "data.crop=64", "data.resize=72")
    done = gan_tui(run.root.parent, "export", run.name, "-o", str(tmp_path / "out.pt2"))
    assert done.returncode == 0, done.stderr
    assert "it has no dropout" in done.stderr
    method, _ = take_up(find_saved(run), "cpu")
    network = method.translator("AtoB").train()
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.eval()
    images = pictures(2, 64, 64)
    with torch.no_grad():
        expected = torch.cat([network(image[None]) for image in images])
    made = torch.export.load(tmp_path / "out.pt2").module()(images)
    assert (made - expected).abs().max() < TOLERANCE


def test_the_folder_of_a_checkpoint_names_it(runs: Callable[[str], RunDirectory], tmp_path: Path) -> None:
    [folder] = runs("cyclegan").checkpoints.iterdir()
    done = gan_tui(tmp_path, "export", str(folder), "-o", str(tmp_path / "out"), "--format", "safetensors")
    assert done.returncode == 0, done.stderr
    assert f"Step {int(folder.name[-8:])} as safetensors" in done.stderr
    assert [Path(line).name for line in done.stdout.splitlines()] == sorted(
        path.name for path in (tmp_path / "out").iterdir()
    )
    again = gan_tui(tmp_path, "export", str(folder), "-o", str(tmp_path / "b.pt2"), "--checkpoint", "latest")
    assert (again.returncode, "is given beside the folder of a checkpoint" in again.stderr) == (2, True)


@pytest.mark.parametrize(
    ("kind", "arguments", "told"),
    [
        ("cyclegan", ("-o", "model"), "does not tell the format by its ending"),
        ("cyclegan", ("-o", "a.onnx", "--opset", "9"), "--opset 9: is none that PyTorch's exporter writes"),
        ("cyclegan", ("-o", "a.pt2", "--opset", "20"), "--opset 20: is of ONNX"),
        ("cyclegan", ("-o", "a.pt2", "--size", "33"), "takes sides that are multiples of 4 px"),
        ("cyclegan", ("-o", "a.pt2", "--size", "-1"), "--size -1: is no side in pixels"),
        ("cyclegan", ("-o", "a.pt2", "--size", "1000000"), "--size 1000000: is no side in pixels from 1 to 65,536"),
        ("cyclegan", ("-o", "a.pt2", "--size", "65536"), "3 images of 65536x65536 px: take "),
        ("cyclegan", ("-o", "a.onnx", "--format", "safetensors"), "a.onnx: ends as onnx does, and the format is safe"),
        ("cyclegan", ("-o", "a.PT2", "--format", "onnx"), "a.PT2: ends as pt2 does, and the format is onnx"),
        ("cyclegan", ("-o", "a.safetensors"), "a.safetensors: does not tell the format by its ending"),
        (
            "cyclegan",
            ("-o", "a.safetensors", "--format", "safetensors"),
            "ends as a file does, and safetensors is a fo",
        ),
        ("cyclegan", ("-o", "a.pth", "--format", "reference"), "ends as a file does, and reference is a folder"),
        ("cyclegan", ("-o", "n" * 300 + ".pt2"), "cannot be looked at (File name too long)"),
        ("cyclegan", ("-o", "a", "--format", "safetensors", "--size", "32"), "is of a program"),
        ("cyclegan", ("-o", "a", "--format", "reference"), "generator.blocks = 1: is nothing that the reference"),
        ("cyclegan", ("-o", "a.pt2", "--checkpoint", "7"), "checkpoint 7 of run cyclegan: does not exist"),
        ("cyclegan", ("-o", "none/a.pt2"), "is no folder"),
        ("pix2pix", ("-o", "a.pt2", "--direction", "BtoA"), "was not trained: pix2pix translates one way"),
        ("pix2pix", ("-o", "a.pt2", "--direction", "both"), "was not trained: pix2pix translates one way"),
        ("dtn", ("-o", "a.onnx", "--size", "dynamic"), "does not go with this generator, which takes 32 px"),
        ("discogan", ("-o", "a", "--format", "reference"), "is of CycleGAN and pix2pix, and this is discogan"),
    ],
)
def test_a_wrong_request_leaves_nothing(
    kind: str, arguments: tuple[str, ...], told: str, runs: Callable[[str], RunDirectory], tmp_path: Path
) -> None:
    place = [
        tmp_path / word if before == "-o" else word for before, word in zip(("", *arguments), arguments, strict=False)
    ]
    assert told in refusal(runs(kind), *place)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(runs: Callable[[str], RunDirectory], tmp_path: Path) -> None:
    (tmp_path / "out-BtoA.pt2").write_text("mine")
    told = refusal(runs("cyclegan"), "-o", tmp_path / "out.pt2", "--direction", "both")
    assert told.startswith(f"{tmp_path / 'out-BtoA.pt2'}: is there already")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("out-BtoA.pt2", "mine")]


def test_a_name_that_is_no_text_is_taken(runs: Callable[[str], RunDirectory], tmp_path: Path) -> None:
    out = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.pt2"))
    done = gan_tui(runs("dtn").root.parent, "export", "dtn", "-o", str(out))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path}/\\xff.pt2\n"
    assert list(tmp_path.iterdir()) == [out]
    again = refusal(runs("dtn"), "-o", out)
    assert "\\udcff.pt2: is there already" in again


@pytest.mark.parametrize("when", ["", "exporting AtoB"])
def test_ctrl_c_leaves_nothing_and_says_so(when: str, runs: Callable[[str], RunDirectory], tmp_path: Path) -> None:
    """Before its work begins, and amidst it."""
    run = runs("cyclegan").root
    done = interrupted("export", run, "-o", "out.pt2", "--direction", "both", folder=tmp_path, when=when)
    assert (done.returncode, done.stdout) == (130, "")
    assert when in done.stderr
    assert done.stderr.endswith("Ended early: nothing was written.\n")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_when_one_of_two_is_written_leaves_neither(
    runs: Callable[[str], RunDirectory], tmp_path: Path
) -> None:
    seen: list[str] = []

    def interrupt(said: Progress | Remark) -> None:
        if isinstance(said, Progress) and said.what == "exporting BtoA":
            [folder] = tmp_path.iterdir()
            seen.extend(path.name for path in folder.iterdir())
            raise KeyboardInterrupt

    job = ExportJob(run=str(runs("cyclegan").root), out=bytes(tmp_path / "out.pt2"), format="pt2", direction="both")
    with pytest.raises(KeyboardInterrupt):
        export(request_of(job), interrupt)
    assert seen == ["0.pt2"]
    assert list(tmp_path.iterdir()) == []
