"""Makes of a copy of the reference vectors, with other seeds in its manifests, another folder of their shape.

    GAN_TUI_REFERENCE=COPY python -m tests.reference.another_folder

A loader that kept a number of the project's own copy, or took a seed from elsewhere, would then be found out. What a
loss is, of logits and of gradients, is written out here, apart from the project's own losses. What networks make of
images and where training steps lead is our own: such numbers judge the loaders, not the networks and the steps, which
the project's copy does.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from engine.networks.discriminators import Verdict
from tests.reference import test_cyclegan, test_discogan, test_losses, test_pix2pix, training, vectors

Case = dict[str, Any]
Array = np.ndarray[Any, np.dtype[np.float64]]


def main() -> None:
    """Write every number that follows from the seeds."""
    save_file({key: _float32(value) for key, value in _outputs().items()}, vectors.FOLDER / "forward.safetensors")
    save_file({key: _float32(value) for key, value in _outputs2().items()}, vectors.FOLDER / "forward2.safetensors")
    _gan_losses(vectors.CASES["gan_losses"])
    _gradient_penalty(vectors.CASES["gradient_penalty"])
    for name in vectors.cases("train_step"):
        _train_step(name, vectors.CASES[name])
    _dtn(vectors.CASES2["dtn"])
    _disco_step(vectors.CASES2["disco_step"])
    _write("manifest.json", vectors.MANIFEST)
    _write("manifest2.json", vectors.MANIFEST2)


def _write(file: str, manifest: Case) -> None:
    (vectors.FOLDER / file).write_text(json.dumps(manifest))


def _float32(value: Tensor) -> Tensor:
    return value.detach().float().contiguous()


# ---------------------------------------------------------------------------------------------- losses, written out


def _sigmoid(logits: Array) -> Array:
    return 1 / (1 + np.exp(-logits))


def _gan_losses(case: Case) -> None:
    shape = tuple(vectors.shape_in(case["input"]))
    rs = vectors.RECIPE._rs(vectors.SEED, vectors.tag_in(case["input"]))
    logits = rs.standard_normal(shape).astype("float32").astype("float64")
    case["values"] = {
        "lsgan": {"real": np.mean((logits - 1) ** 2), "fake": np.mean(logits**2)},
        "vanilla": {"real": np.mean(-np.log(_sigmoid(logits))), "fake": np.mean(-np.log(1 - _sigmoid(logits)))},
        "wgangp": {"real": -np.mean(logits), "fake": np.mean(logits)},
    }


def _gradient_penalty(case: Case) -> None:
    """lambda * mean over the images of (|grad D| - 1)^2, at the real images, the generated ones, and between."""
    network = test_losses.discriminator_in(case["net"])
    vectors.load_recipe_weights(network, "scaled")
    network.double()
    shape = vectors.shape_in(case["inputs"])
    real, fake = (vectors.image(f"gp_{side}", shape, torch.float64) for side in ("real", "fake"))
    alphas = vectors.RECIPE._rs(vectors.SEED, "alpha").uniform(size=len(real))
    for point, values in case["values"].items():
        share = {"real": np.ones(len(real)), "fake": np.zeros(len(real))}.get(point, alphas)
        norms = [_slope(network, a * x + (1 - a) * y) for a, x, y in zip(share, real, fake, strict=True)]
        values["norms"] = norms
        values["penalty"] = case["lambda_gp"] * np.mean([(norm - 1) ** 2 for norm in norms])
        if "alpha" in values:
            values["alpha"] = alphas.tolist()


def _slope(network: nn.Module, image: Tensor) -> float:
    """|grad of the sum of D's patches|, of one image by itself."""
    image = image[None].clone().requires_grad_()
    vectors.output_of(network, image).sum().backward()  # type: ignore[no-untyped-call]
    assert image.grad is not None
    norm: float = image.grad.norm().item()
    return norm


def _dtn(case: Case) -> None:
    rs = vectors.RECIPE._rs(vectors.SEED2, "dtn_logits")
    logits = {name: rs.standard_normal(np.shape(rows)) for name, rows in case["logits"].items()}
    surprise = {name: -np.log(np.exp(of) / np.exp(of).sum(1, keepdims=True)).mean(0) for name, of in logits.items()}
    case["logits"] = {name: rows.tolist() for name, rows in logits.items()}
    case["L_D"] = surprise["D_G_s"][0] + surprise["D_G_t"][1] + surprise["D_t"][2]
    case["L_GANG"] = surprise["D_G_s"][2] + surprise["D_G_t"][2]
    images = vectors.image(
        vectors.tag_in(case["tv_input"]), vectors.shape_in(case["tv_input"]), torch.float64, vectors.SEED2
    ).numpy()
    here, right, below = images[..., :-1, :-1], images[..., :-1, 1:], images[..., 1:, :-1]
    squares = (right - here) ** 2 + (below - here) ** 2
    case["L_TV_B1_sum_per_image"] = np.sqrt(squares).sum((1, 2, 3)).tolist()
    case["L_TV_B2_sum_per_image"] = squares.sum((1, 2, 3)).tolist()


# -------------------------------------------------------------------------------------------------- networks, our own


@torch.no_grad()
def _outputs() -> dict[str, Tensor]:
    outputs = {}
    for name in vectors.cases("forward"):
        case, network = vectors.CASES[name], vectors.network_of(name)
        case["weights_sha256"] = vectors.load_recipe_weights(network, "scaled")
        network.double().train(case["train_mode"])
        images = vectors.image(vectors.tag_in(case["input"]), vectors.shape_in(case["input"]), torch.float64)
        outputs[f"{name}.output"] = vectors.output_of(network, images)
    return outputs


@torch.no_grad()
def _outputs2() -> dict[str, Tensor]:
    outputs = vectors.tensors("forward2.safetensors")
    for name in vectors.variants():
        variant = vectors.variant(name)
        output = variant.network(variant.images)
        if isinstance(output, Verdict):
            _features(vectors.CASES2[name], output)
            [output] = [logits.sigmoid() for logits in output.logits]
        outputs[f"{name}.output"] = output[: len(variant.stored)]
    return outputs


def _features(case: Case, verdict: Verdict) -> None:
    [layers], [logits] = verdict.features, verdict.logits
    case["output"] = logits.sigmoid().flatten().tolist()
    case["feat_means"] = [layer.mean().item() for layer in layers]
    case["feat_abs"] = [layer.abs().mean().item() for layer in layers]


# -------------------------------------------------------------------------------------------- training steps, our own


def _train_step(name: str, case: Case) -> None:
    make = test_cyclegan.made if name.startswith("cyclegan") else test_pix2pix.made
    case["weights_sha256"] = {
        key: vectors.load_recipe_weights(network, "ref", f"{key}/")
        for key, network in make(case, torch.float32).networks.items()
    }
    method = training.started(make, case, torch.float64)
    losses = training.take_every_step(method, case)
    case["losses_f64"] = losses if name.startswith("cyclegan") else test_pix2pix.doubled(losses)
    states = {key: network.state_dict() for key, network in method.networks.items()}
    floats = {key: {k: v for k, v in state.items() if v.is_floating_point()} for key, state in states.items()}
    if "after" in case:
        values = {f"{key}/{k}": _float32(value) for key, state in floats.items() for k, value in state.items()}
        save_file(values, vectors.FOLDER / case["after"].split()[0])
    else:
        case["after_digest_f64"] = {key: _digest(list(state.values())) for key, state in floats.items()}


def _disco_step(case: Case) -> None:
    for name in test_discogan.NAMES:
        method = test_discogan.method_at_start(name)
        case[name]["losses"] = test_discogan.unweighted(method, method.step(test_discogan.batch()))
        case[name]["after_digest"] = {
            theirs: _digest([value.detach() for value in method.networks[ours].parameters()])
            for ours, theirs in test_discogan.THEIRS.items()
        }


def _digest(values: list[Tensor]) -> list[float]:
    """The sum and the sum of magnitudes."""
    return [sum(value.sum().item() for value in values), sum(value.abs().sum().item() for value in values)]


if __name__ == "__main__":
    main()
