"""Each figure against what it is by hand, from the same checkpoint and the same images."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.checkpoint import load_checkpoint
from engine.config.load import read_toml, resolve
from engine.data.held_out import find_held_out
from engine.data.pixels import to_unit_range
from engine.errors import GanTuiError, RequestError
from engine.evaluation.evaluate import evaluate
from engine.evaluation.evaluator import Evaluator
from engine.evaluation.request import EvaluationPlan, request_of
from engine.methods.build import build_method
from engine.methods.method import Method
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.evaluation import EvaluateJob, Evaluation
from engine.protocol.jobs import Progress, Remark
from engine.protocol.rundir import RunDirectory
from tests.engine.train.here import train_here
from tests.runs import make_images, make_run

CPU = torch.device("cpu")


def trained(folder: Path, *settings: str, kind: str = "cyclegan", root: Path | None = None) -> RunDirectory:
    run = make_run(folder, "run.steps=2", *settings, kind=kind, root=root)
    train_here(run)
    return run


def evaluated(run: RunDirectory, **asked: Any) -> Evaluation:
    [found] = evaluate(request_of(EvaluateJob(run=str(run.root), device="cpu", **asked)), lambda said: None).evaluations
    return found


def method_of(run: RunDirectory) -> Method:
    method = build_method(resolve(read_toml(run.config), ""), CPU)
    load_checkpoint(*list_checkpoints(run)[-1], method)
    return method


def unit(images: Tensor) -> Any:
    """On [0, 1], in float64 of NumPy."""
    return (images.double().numpy() + 1) / 2


def held_out(run: RunDirectory, number: int) -> tuple[Tensor, Tensor]:
    """The first images of both domains, in [-1, 1]."""
    held = find_held_out(resolve(read_toml(run.config), ""))
    return tuple(to_unit_range(torch.from_numpy(images.take(range(number)).pixels)) for images in (held.A, held.B))  # type: ignore[return-value]


def ssim_by_hand(first: Any, second: Any) -> float:
    """Wang et al. 2004, with a Gaussian window of 11 px, over all places of a map whose edges are reflected."""
    window = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    window /= window.sum()

    def blurred(image: Any) -> Any:
        padded = np.pad(image, 5, mode="reflect")
        rows = np.apply_along_axis(np.convolve, 1, padded, window, mode="valid")
        return np.apply_along_axis(np.convolve, 0, rows, window, mode="valid")

    means = []
    for x, y in zip(first, second, strict=True):
        mean_x, mean_y = blurred(x), blurred(y)
        variance_x, variance_y = blurred(x * x) - mean_x**2, blurred(y * y) - mean_y**2
        covariance = blurred(x * y) - mean_x * mean_y
        similarity = (2 * mean_x * mean_y + 0.01**2) * (2 * covariance + 0.03**2)
        similarity /= (mean_x**2 + mean_y**2 + 0.01**2) * (variance_x + variance_y + 0.03**2)
        means.append(similarity.mean())
    return float(np.mean(means))


def test_pairs_are_compared_with_their_partners(tmp_path: Path) -> None:
    run = trained(tmp_path, kind="pix2pix")
    real_A, real_B = held_out(run, 5)
    fake, partner = unit(method_of(run).translate(real_A, "AtoB")), unit(real_B)
    squared = ((fake - partner) ** 2).mean((1, 2, 3))

    found = evaluated(run, images=5)
    assert found.figures == {
        "l1": pytest.approx(np.abs(fake - partner).mean(), rel=1e-5),
        "psnr": pytest.approx((-10 * np.log10(squared)).mean(), rel=1e-5),
        "ssim": pytest.approx(np.mean(list(map(ssim_by_hand, fake, partner))), rel=1e-3),
    }
    assert (found.conditions.split, found.conditions.images_A, found.conditions.images_B) == ("test", 5, 0)


@pytest.mark.parametrize("kind", ["cyclegan", "discogan"])
def test_both_ways_give_cycle_and_identity_errors_of_each_domain(kind: str, tmp_path: Path) -> None:
    run = trained(tmp_path, kind=kind)
    method = method_of(run)
    real_A, real_B = held_out(run, 4)
    expected = {}
    for name, real, out, back in (("A", real_A, "AtoB", "BtoA"), ("B", real_B, "BtoA", "AtoB")):
        cycled = method.translate(method.translate(real, out), back)  # type: ignore[arg-type]
        expected[f"cycle_{name}"] = np.abs(unit(cycled) - unit(real)).mean()
        kept = method.translate(real, back)  # type: ignore[arg-type]
        expected[f"identity_{name}"] = np.abs(unit(kept) - unit(real)).mean()
    assert len(set(expected.values())) == 4, "they are told apart"
    found = evaluated(run, images=4)
    assert found.figures == {name: pytest.approx(value, rel=1e-5) for name, value in expected.items()}


def test_the_domains_need_not_be_of_one_size(tmp_path: Path) -> None:
    root = make_images(tmp_path / "images", each=5)
    (root / "testB" / "4.png").unlink()
    run = trained(tmp_path, root=root)
    found = evaluated(run)
    assert (found.conditions.images_A, found.conditions.images_B) == (5, 4)


def test_what_is_asked_for_is_measured_and_nothing_else(tmp_path: Path) -> None:
    run = trained(tmp_path)
    found = evaluated(run, images=3, figures=("identity_B",))
    assert list(found.figures) == ["identity_B"]
    assert (found.conditions.images_A, found.conditions.images_B) == (0, 3)


def test_noise_at_test_time_is_the_same_each_time(tmp_path: Path) -> None:
    """Dropout draws from the run's seed and the images' place, not from whatever was drawn before."""
    settings = ("generator.dropout=true", "method.test_time_noise=true")
    run = trained(tmp_path, *settings, kind="pix2pix")
    first = evaluated(run, images=20)
    torch.rand(7)
    assert evaluated(run, images=20).figures == first.figures
    real, _ = held_out(run, 20)
    method = method_of(run)
    torch.manual_seed(1)
    assert not torch.equal(method.translate(real, "AtoB"), method.translate(real[:1], "AtoB").expand_as(real))


def test_an_evaluation_leaves_the_method_and_the_random_state_as_they_were(tmp_path: Path) -> None:
    run = trained(tmp_path, "method.test_time_noise=true", kind="pix2pix")
    method = method_of(run)
    state = state_of(method)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    config = resolve(read_toml(run.config), "")
    Evaluator(EvaluationPlan(config=config, figures=("l1",), images=3), CPU, lambda said: None).evaluate(method, print)
    assert torch.equal(torch.rand(3), expected)
    after = state_of(method)
    assert all(torch.equal(state[key], after[key]) for key in state)


def state_of(method: Method) -> dict[str, Tensor]:
    """A copy of all that its networks hold."""
    return {
        f"{name}.{key}": value.clone()
        for name, network in method.networks.items()
        for key, value in network.state_dict().items()
    }


def test_trained_weights_and_their_average_are_told_apart(tmp_path: Path) -> None:
    run = trained(tmp_path, "optim.ema=0.9", "optim.lr_g=0.01")
    shown, raw = (evaluated(run, images=2, weights=weights) for weights in ("shown", "raw"))
    assert shown.figures != raw.figures
    assert (shown.conditions.weights, raw.conditions.weights) == ("shown", "raw")


def test_every_checkpoint_in_turn(tmp_path: Path) -> None:
    run = trained(tmp_path, "checkpoint.every=1", "run.steps=3")
    [damaged] = run.checkpoints.glob("step-00000002/G_A.safetensors")
    damaged.write_bytes(damaged.read_bytes()[:-1])
    told: list[Progress | Remark] = []
    job = EvaluateJob(run=str(run.root), device="cpu", checkpoint="all", images=2)
    found = evaluate(request_of(job), told.append)
    assert [evaluation.step for evaluation in found.evaluations] == [1, 3]
    remarks = [said.text for said in told if isinstance(said, Remark)]
    assert any("step-00000002: has a truncated file G_A.safetensors" in text for text in remarks)
    assert Progress(what="translating, step 3", done=4, total=4) in told


def test_a_run_without_held_out_images_is_refused(tmp_path: Path) -> None:
    root = make_images(tmp_path / "images")
    run = trained(tmp_path, root=root)
    for path in root.glob("testA/*"):
        path.unlink()
    with pytest.raises(RequestError, match="has no test or val images"):
        evaluated(run)
    assert evaluated(run, split="train").conditions.split == "train"


def test_a_damaged_image_ends_it(tmp_path: Path) -> None:
    root = make_images(tmp_path / "images")
    run = trained(tmp_path, root=root)
    (root / "testB" / "0.png").write_bytes(b"")
    with pytest.raises(GanTuiError, match=r"testB/0\.png"):
        evaluated(run)


def test_a_damaged_image_is_no_fault_of_any_of_several_checkpoints(tmp_path: Path) -> None:
    root = make_images(tmp_path / "images")
    run = trained(tmp_path, "checkpoint.every=1", "run.steps=2", root=root)
    (root / "testB" / "0.png").write_bytes(b"")
    with pytest.raises(GanTuiError, match=r"testB/0\.png"):
        evaluate(request_of(EvaluateJob(run=str(run.root), device="cpu", checkpoint="all")), lambda said: None)


def test_a_checkpoint_that_is_deleted_meanwhile_is_no_failure(tmp_path: Path) -> None:
    run = trained(tmp_path, "checkpoint.every=1", "run.steps=3")
    request = request_of(EvaluateJob(run=str(run.root), device="cpu", checkpoint="all", images=2))
    shutil.rmtree(run.checkpoints / "step-00000001")
    told: list[Progress | Remark] = []
    found = evaluate(request, told.append)
    assert ([evaluation.step for evaluation in found.evaluations], found.failed) == ([2, 3], ())
    assert Remark(text="Step 1 was deleted meanwhile (left out).") in told


def test_a_figure_that_is_not_finite_is_said_to_be_none(tmp_path: Path) -> None:
    """psnr of an image that is its partner."""
    run = make_run(tmp_path, kind="pix2pix")
    config = resolve(read_toml(run.config), "")
    evaluator = Evaluator(EvaluationPlan(config=config, figures=("l1", "psnr"), images=2), CPU, lambda said: None)
    partners = iter(held_out(run, 2)[1][None])

    class Perfect:
        def translate(self, images: Tensor, direction: str) -> Tensor:
            return next(partners)

    found = evaluator.evaluate(Perfect(), lambda said: None)  # type: ignore[arg-type]
    assert found.figures == {"l1": 0.0, "psnr": None}
