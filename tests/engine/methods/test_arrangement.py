"""How networks are run changes what they take and not what they compute: layout, and activations made again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from engine.batch import ImageBatch
from engine.config.methods import TrainConfig
from engine.methods.arrangement import arrange, has_channels_last
from engine.methods.build import build_method
from engine.methods.method import Method
from engine.networks.blocks import InstanceNorm
from engine.networks.segments import Segmented
from tests.engine.methods.stepping import CPU
from tests.runs import tiny_config

TRANSLATING = ("cyclegan", "pix2pix", "discogan", "aegan")
WITHOUT_CHANCE: list[tuple[str, list[str]]] = [
    ("cyclegan", ["run.batch=2"]),
    ("cyclegan", ["run.precision=bf16"]),
    ("pix2pix", ["generator.dropout=false"]),
    ("discogan", []),
    ("aegan", ["generator.shared=1"]),
    ("dtn", ["method.f_steps=0"]),
]
"""Dropout and noise fall on other places where maps lie otherwise in memory."""
WITH_DROPOUT = ["generator.arch=resnet", "generator.dropout=true", "generator.norm=batch", "run.batch=2"]
CASES: list[tuple[str, list[str]]] = [
    ("cyclegan", ["run.batch=2"]),
    ("cyclegan", WITH_DROPOUT),
    ("cyclegan", ["run.precision=bf16", "optim.ema=0.9"]),
    ("pix2pix", []),
    ("discogan", []),
    ("aegan", ["generator.shared=1", "generator.variational=true"]),
    ("cyclegan", ["run.batch=4", "run.accumulate=2"]),
]


def unheard(fact: str) -> None:
    raise AssertionError(fact)


def arranged(config: TrainConfig) -> Method:
    method = build_method(config, CPU)
    arrange(method, config, CPU, unheard)
    return method


def batches(config: TrainConfig, number: int) -> list[ImageBatch]:
    generator = torch.Generator().manual_seed(1)
    size, side = config.run.batch, config.data.crop

    def images() -> Tensor:
        return torch.rand((size, 3, side, side), generator=generator) * 2 - 1

    labels = torch.arange(size) % 10
    return [ImageBatch(real_A=images(), real_B=images(), label_A=labels, label_B=labels) for _ in range(number)]


def course(method: Method, shown: Sequence[ImageBatch]) -> list[dict[str, float]]:
    torch.manual_seed(0)
    return [{name: float(loss) for name, loss in method.step(batch).items()} for batch in shown]


def values(method: Method) -> dict[str, Tensor]:
    return {f"{name}/{key}": v for name, net in method.networks.items() for key, v in net.state_dict().items()}


# ------------------------------------------------------------------------------------------- activations made again


@pytest.mark.parametrize(("kind", "settings"), CASES)
def test_activations_made_again_give_the_same_bits(kind: str, settings: list[str]) -> None:
    """Losses, weights, and running statistics, which each image must enter once; dropout and noise draw the same."""
    as_ever = tiny_config(*settings, kind=kind)
    again = tiny_config(*settings, "run.checkpointing=true", kind=kind)
    kept, made = arranged(as_ever), arranged(again)
    assert course(made, batches(again, 3)) == course(kept, batches(as_ever, 3))
    wanted = values(kept)
    assert [key for key, value in values(made).items() if not torch.equal(value, wanted[key])] == []


@pytest.mark.parametrize("kind", TRANSLATING)
def test_every_generator_makes_its_activations_again_and_no_average_does(kind: str) -> None:
    method = arranged(tiny_config("run.checkpointing=true", "optim.ema=0.9", kind=kind))
    for name, network in method.networks.items():
        switches = [module.makes_again for module in network.modules() if isinstance(module, Segmented)]
        generator = name not in method.averages and not name.startswith(("D", "C"))
        assert any(switches) == generator, name
        assert all(switches) or not generator, name


# ------------------------------------------------------------------------------------------------ channels together


@pytest.mark.parametrize(("kind", "settings"), WITHOUT_CHANCE)
def test_channels_together_change_no_digit_that_counts(kind: str, settings: list[str]) -> None:
    usual = tiny_config(*settings, "run.channels_last=off", kind=kind)
    together = tiny_config(*settings, "run.channels_last=on", kind=kind)
    tolerance = 0.05 if usual.run.precision == "bf16" else 1e-5
    [wanted] = course(arranged(usual), batches(usual, 1))
    [found] = course(arranged(together), batches(together, 1))
    assert found == pytest.approx(wanted, rel=tolerance, abs=1e-6)


def test_maps_keep_their_channels_together_from_the_first_convolution_to_the_last() -> None:
    method = arranged(tiny_config("run.channels_last=on", "run.batch=2", "run.convolution=direct"))
    seen: list[tuple[str, bool]] = []

    def watch(module: nn.Module, inputs: Any, out: Tensor) -> None:
        seen.append((type(module).__name__, out.is_contiguous(memory_format=torch.channels_last)))

    for network in method.networks.values():
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | InstanceNorm | nn.ReflectionPad2d) and (
                not isinstance(module, nn.ReflectionPad2d) or module.padding[0] == 1  # the first of all sees an image
            ):
                module.register_forward_hook(watch)
    method.step(batches(tiny_config("run.batch=2"), 1)[0])
    assert {name for name, _ in seen} >= {"InstanceNorm", "ReflectionPad", "Conv2d", "Conv3x3", "ConvTranspose2d"}
    assert [name for name, together in seen if not together] == []


def test_moments_taken_up_from_a_file_are_laid_out_like_their_weights() -> None:
    """Files have the usual layout; Adam goes through weights and moments as they lie in memory."""
    config = tiny_config("run.channels_last=on", "generator.width=8")
    shown = batches(config, 4)
    through, first, second = arranged(config), arranged(config), arranged(config)
    wanted = course(through, shown)[2:]
    course(first, shown[:2])
    for name, network in first.networks.items():
        second.networks[name].load_state_dict({key: v.contiguous() for key, v in network.state_dict().items()})
        assert any(p.dim() == 4 and not p.is_contiguous() for p in second.networks[name].parameters())
    for name, optimizer in first.optimizers.items():
        second.optimizers[name].load_state_dict(in_usual_layout(optimizer.state_dict()))
    second.load_state_dict(first.state_dict())
    assert course(second, shown[2:]) == wanted


def in_usual_layout(value: Any) -> Any:
    match value:
        case Tensor():
            return value.clone(memory_format=torch.contiguous_format)
        case dict():
            return {key: in_usual_layout(item) for key, item in value.items()}
        case list():
            return [in_usual_layout(item) for item in value]
        case _:
            return value


@pytest.mark.parametrize(
    ("device", "kind", "settings", "together"),
    [
        ("cuda", "pix2pix", ["run.precision=bf16"], True),
        ("cuda", "cyclegan", ["run.precision=tf32"], True),
        ("cuda", "cyclegan", [], False),
        ("cuda", "cyclegan", ["run.precision=bf16", "run.channels_last=off"], False),
        ("cpu", "cyclegan", ["run.precision=bf16"], True),
        ("cpu", "cyclegan", ["run.precision=bf16", "run.channels_last=off"], False),
        ("cpu", "pix2pix", ["run.precision=bf16"], False),
        ("cpu", "cyclegan", [], False),
        ("cpu", "pix2pix", ["run.channels_last=on"], True),
        ("mps", "cyclegan", ["run.precision=bf16"], False),
    ],
)
def test_auto_puts_channels_together_where_that_is_faster(
    device: str, kind: str, settings: list[str], together: bool
) -> None:
    assert has_channels_last(tiny_config(*settings, kind=kind), torch.device(device)) == together
