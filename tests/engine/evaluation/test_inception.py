"""FID and KID of a run with an Inception network of random weights, and where weights come from."""

from __future__ import annotations

import hashlib
import io
import pickle
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from engine.config.inception_weights import (
    URL,
    cached_weights,
    digest_in,
    find_weights,
    require_fidelity,
    require_weights,
)
from engine.data.pixels import to_bytes
from engine.errors import RequestError, WorkError
from engine.evaluation.distances import frechet_distance, kernel_distance
from engine.evaluation.evaluate import evaluate
from engine.evaluation.inception import Inception
from engine.evaluation.request import request_of
from engine.protocol.evaluation import EvaluateJob
from engine.protocol.jobs import Progress, Remark
from tests.engine.evaluation.test_figures import held_out, method_of, trained
from tests.runs import make_run

CPU = torch.device("cpu")


class Unloaded(FeatureExtractorInceptionV3):
    """torch-fidelity's network as it is built, with PyTorch's first weights."""

    def load_state_dict(self, *arguments: object, **others: object) -> object:  # type: ignore[override]
        return None


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as torch-fidelity has it, with random weights."""
    nothing = io.BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Unloaded("random", ["2048"], nothing)
        for module in network.modules():
            if isinstance(module, nn.Conv2d):  # else what two images differ in dies away on the way to the features
                nn.init.kaiming_normal_(module.weight)
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(network.state_dict(), path)
    return path


def silently(said: Progress | Remark) -> None:
    pass


def test_features_are_torch_fidelitys(weights: Path) -> None:
    images = torch.rand(3, 3, 40, 40, generator=torch.Generator().manual_seed(1)) * 2 - 1
    theirs = FeatureExtractorInceptionV3("theirs", ["2048"], str(weights))
    expected: Tensor = theirs(to_bytes(images))[0]
    found = Inception(weights, CPU, silently).features(images)
    assert found.shape == (3, 2048)
    assert torch.equal(found, expected)


def test_fid_and_kid_of_each_way(tmp_path: Path, weights: Path) -> None:
    run = trained(tmp_path)
    told: list[Progress | Remark] = []
    job = EvaluateJob(run=str(run.root), device="cpu", images=3, figures=("fid", "kid"), fid_weights=str(weights))
    [found] = evaluate(request_of(job), told.append).evaluations
    method, inception = method_of(run), Inception(weights, CPU, silently)
    real_A, real_B = held_out(run, 3)
    of_A, of_B = inception.features(real_A), inception.features(real_B)
    of_fake_B = inception.features(method.translate(real_A, "AtoB"))
    of_fake_A = inception.features(method.translate(real_B, "BtoA"))
    assert found.figures == {
        "fid_A": pytest.approx(frechet_distance(of_fake_A, of_A), rel=1e-4),
        "fid_B": pytest.approx(frechet_distance(of_fake_B, of_B), rel=1e-4),
        "kid_A": pytest.approx(kernel_distance(of_fake_A, of_A), rel=1e-4, abs=1e-9),
        "kid_B": pytest.approx(kernel_distance(of_fake_B, of_B), rel=1e-4, abs=1e-9),
    }
    assert found.figures["fid_A"] != found.figures["fid_B"]
    assert min(value for name, value in found.figures.items() if value and name.startswith("fid")) > 1e-3
    assert hashlib.sha256(weights.read_bytes()).hexdigest().startswith(found.conditions.inception)
    assert any(isinstance(said, Remark) and "holds other weights than torch-fidelity's" in said.text for said in told)


def test_pix2pix_has_one_way_and_needs_both_domains(tmp_path: Path, weights: Path) -> None:
    run = trained(tmp_path, kind="pix2pix")
    job = EvaluateJob(run=str(run.root), device="cpu", images=2, figures=("kid",), fid_weights=str(weights))
    [found] = evaluate(request_of(job), silently).evaluations
    assert list(found.figures) == ["kid_B"]
    assert (found.conditions.images_A, found.conditions.images_B) == (2, 2)


def test_one_image_makes_no_set(tmp_path: Path, weights: Path) -> None:
    run = trained(tmp_path)
    job = EvaluateJob(run=str(run.root), device="cpu", images=1, figures=("fid",), fid_weights=str(weights))
    with pytest.raises(RequestError, match="compare sets of images, and there is one image"):
        evaluate(request_of(job), silently)


def test_code_in_a_file_of_weights_is_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "sprung",)  # type: ignore[return-value]

    path = tmp_path / "weights.pth"
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(WorkError, match="is no file of weights, or a damaged one"):
        Inception(path, CPU, silently)
    assert not (tmp_path / "sprung").exists()


def png() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (8, 8)).save(written, "png")
    return written.getvalue()


def saved(content: object) -> bytes:
    written = io.BytesIO()
    torch.save(content, written)
    return written.getvalue()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is no file of weights, or a damaged one"),
        (b"not weights", "is no file of weights, or a damaged one"),
        (png(), "is no file of weights, or a damaged one"),
        (saved({"some": torch.zeros(1)})[:-40], "is no file of weights, or a damaged one"),
        (saved({"some": torch.zeros(1)}), "holds other weights than the Inception network's"),
        (saved({"some": 1}), "holds other things than weights"),
        (saved([torch.zeros(1)]), "holds other things than weights"),
    ],
    ids=["empty", "text", "png", "cut", "other weights", "numbers", "list"],
)
def test_what_is_no_weights_is_refused_in_words_of_our_own(content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    remarks: list[Progress | Remark] = []
    with pytest.raises(WorkError) as refused:
        Inception(path, CPU, remarks.append)
    assert (
        refused.value.one_line() == f"{path}: {told}. Name the file of the Inception network's weights, as from {URL}"
    )
    assert remarks == [], "they are not called other weights as well"


def test_the_file_that_a_preset_names_is_used(tmp_path: Path, weights: Path) -> None:
    settings = ("evaluation.every=1000000", 'evaluation.figures=["kid"]', f"evaluation.fid_weights={weights}")
    job = EvaluateJob(run=str(make_run(tmp_path, *settings).root), figures=("kid",))
    with pytest.raises(RequestError, match="has no checkpoint"):
        request_of(job)


# ---------------------------------------------------------------------------------------------- where they come from


def test_the_file_that_is_named_goes_before_the_environments_and_that_before_a_download(tmp_path: Path) -> None:
    named, other = tmp_path / "named.pth", tmp_path / "other.pth"
    environment = {"GAN_TUI_FID_WEIGHTS": str(other), "XDG_CACHE_HOME": str(tmp_path)}
    cached = cached_weights(environment)
    assert cached == tmp_path / "torch" / "hub" / "checkpoints" / "weights-inception-2015-12-05-6726825d.pth"
    assert find_weights("", {"XDG_CACHE_HOME": str(tmp_path)}) is None
    cached.parent.mkdir(parents=True)
    for path in (cached, other, named):
        path.touch()
    assert find_weights("", {"XDG_CACHE_HOME": str(tmp_path)}) == cached
    assert find_weights("", environment) == other
    assert find_weights(str(named), environment) == named
    other.unlink()
    with pytest.raises(RequestError, match=r"GAN_TUI_FID_WEIGHTS=.*other\.pth: is not a file"):
        find_weights("", environment)


def test_where_there_are_none_it_is_said_where_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(
        RequestError,
        match=r"not on this machine\. .*--download-weights, or with curl .* -o .*6726825d.pth .*toshas.*6726825d",
    ):
        require_weights("", {"XDG_CACHE_HOME": str(tmp_path)})


def test_a_missing_package_is_refused() -> None:
    with pytest.raises(RequestError, match=r"pip install 'gan-tui\[fid\]'"):
        require_fidelity(find=lambda name: None)
    require_fidelity()


def test_options_of_fid_without_fid_are_refused(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with pytest.raises(RequestError, match="is for fid and kid, which are not asked for"):
        request_of(EvaluateJob(run=str(run.root), fid_weights="x"))


def test_the_name_gives_the_hash() -> None:
    assert digest_in(URL) == "6726825d"
    assert digest_in("inception.pth") == ""
