"""docs/adding-a-method.md against the engine: its example is a method that trains, and what it lists is there."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

from engine.config.controls import controls_of
from engine.config.load import dump
from engine.config.methods import CONFIGS
from engine.config.networks import PatchDiscriminator, ResnetGenerator
from engine.config.schema import PoolingOptim
from engine.errors import RequestError
from engine.methods.method import Method, evaluating
from engine.train.health import look_at
from engine.transfers import sender_from
from tests.engine.methods.by_hand import check_losses, logits_of, made_of
from tests.engine.methods.stepping import CPU, batch, changed, parameters

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "docs/adding-a-method/gcgan.py"
TEXT = (ROOT / "docs/adding-a-method.md").read_text(encoding="utf-8")


def loaded() -> ModuleType:
    """The example as a module, as it would be one of the engine's."""
    spec = importlib.util.spec_from_file_location("gcgan_of_the_docs", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its own dataclasses look their names up
    spec.loader.exec_module(module)
    return module


GCGAN = loaded()


def preset(turn: str = "rotation", rate: float = 0.0, pool: int = 0, **loss: Any) -> Any:
    return GCGAN.GcGanConfig(
        method=GCGAN.GcGanMethod(geometry=turn),
        generator=ResnetGenerator(width=2, blocks=1),
        discriminator=PatchDiscriminator(width=2, layers=1),
        loss=GCGAN.GcGanLoss(**loss),
        optim=PoolingOptim(pool=pool, lr_g=rate, lr_d=rate),
    )


def made(turn: str = "rotation", **settings: Any) -> Any:
    return GCGAN.GcGan(preset(turn, **settings), CPU, 0, torch.float64)


# ---------------------------------------------------------------------------------------------------- the example


def test_its_losses_are_the_papers() -> None:
    """Rates of 0, so that the networks are afterwards what they were; images are turned by index, not as it does."""
    method, images = made(adversarial=2.0, geometry=3.0, identity=5.0), batch()
    x, y = images.real_A, images.real_B
    turned_x, turned_y = (image.transpose(2, 3).flip(3) for image in (x, y))
    reported = method.step(images)
    fake, fake_turned = made_of(method.G, x), made_of(method.G, turned_x)
    of_real, of_fake = logits_of(method.D, y), logits_of(method.D, fake)
    of_real_turned, of_fake_turned = logits_of(method.D_turned, turned_y), logits_of(method.D_turned, fake_turned)
    apart = (fake.transpose(2, 3).flip(3) - fake_turned).abs().mean()
    check_losses(
        reported,
        {
            "G": 2 * (of_fake - 1).square().mean(),
            "G_turned": 2 * (of_fake_turned - 1).square().mean(),
            "geometry": 3 * 2 * apart,
            "idt": 5 * (made_of(method.G, y) - y).abs().mean(),
            "idt_turned": 5 * (made_of(method.G, turned_y) - turned_y).abs().mean(),
            "D": ((of_real - 1).square().mean() + of_fake.square().mean()) / 2,
            "D_turned": ((of_real_turned - 1).square().mean() + of_fake_turned.square().mean()) / 2,
        },
    )


@pytest.mark.parametrize("turn", ["rotation", "flip"])
def test_a_generator_that_treats_every_pixel_alike_is_consistent_and_one_that_does_not_is_not(turn: str) -> None:
    method = made(turn)
    assert method.step(batch())["geometry"] > 0
    method.G = nn.Conv2d(3, 3, 1, dtype=torch.float64)
    assert method.step(batch())["geometry"] == 0


def test_a_step_changes_every_network() -> None:
    method = made(rate=1e-3)
    before = {name: parameters(method, [name]) for name in method.networks}
    method.step(batch())
    assert all(changed(values, parameters(method, [name])) for name, values in before.items())


def test_a_saved_state_goes_on_as_if_nothing_had_been() -> None:
    """Pools that are full, so that both their images and the stream of their decisions count."""
    first, second = made(pool=2), made(pool=2)
    for number in range(3):
        first.step(batch(number))
    second.load_state_dict(first.state_dict())
    later = [method.step(batch(9)) for method in (first, second)]
    assert later[0] == later[1]
    assert made(pool=2).step(batch(9)) != later[0]


def test_its_weights_are_controls_and_its_pictures_are_judged() -> None:
    config = preset()
    names = {control.name: control.doc for control in controls_of(config)}
    assert names["loss.geometry"].startswith("Weight of the distance of G(A)")
    assert 'kind = "gcgan"' in dump(config)
    looks = look_at(made().sample(batch()), sender_from(CPU))
    assert looks is not None
    assert set(looks.read()) == {"diversity_fake_B", "change_fake_B", "correlation_fake_B"}


def test_it_translates_with_the_network_that_it_gives_and_not_the_other_way() -> None:
    method, images = made(), batch().real_A
    with evaluating(method.networks.values()):
        assert torch.equal(method.translator("AtoB")(images), method.translate(images, "AtoB"))
    for ask in (method.translator, lambda direction: method.translate(images, direction)):
        with pytest.raises(RequestError, match="translates one way"):
            ask("BtoA")


def test_it_has_every_member_of_the_contract() -> None:
    assert [name for name in members() if not hasattr(made(), name)] == []


def members() -> set[str]:
    return {name for name in vars(Method) if not name.startswith("_")}


# ---------------------------------------------------------------------------------------------------- the document


def test_the_excerpts_are_of_the_example() -> None:
    """Line by line, whatever a line is indented by."""
    excerpts = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    example = unindented(EXAMPLE.read_text(encoding="utf-8"))
    assert len(excerpts) > 2
    assert [excerpt for excerpt in excerpts if unindented(excerpt) not in example] == []


def unindented(code: str) -> str:
    return "\n".join(line.strip() for line in code.strip().splitlines())


def test_every_member_of_the_contract_is_explained() -> None:
    table = TEXT[TEXT.index("| member |") :].partition("\n\n")[0]
    named = {name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert named == members()


def test_every_file_that_tells_methods_apart_is_listed() -> None:
    """But for the methods themselves."""
    configs = [config.__name__ for config in CONFIGS.values()]
    told_apart = []
    for path in (*ROOT.glob("engine/**/*.py"), *ROOT.glob("gan_tui/**/*.py"), ROOT / "benchmarks/plain/build.py"):
        code = path.read_text(encoding="utf-8")
        own = path.parent == ROOT / "engine/methods" and path.name != "build.py"
        if not own and any(re.search(rf"\b{name}\b", code) for name in configs):
            told_apart.append(str(path.relative_to(ROOT)))
    assert [path for path in told_apart if f"`{path}`" not in TEXT] == []
    assert len(told_apart) > len(CONFIGS)


def test_every_file_that_is_listed_is_there() -> None:
    named = re.findall(r"`((?:engine|gan_tui|tests|benchmarks|presets|docs)/[\w/.-]+\.\w+)`", TEXT)
    added = {"engine/methods/gcgan.py", "benchmarks/plain/gcgan.py", "tests/engine/methods/test_gcgan.py"}
    added.add("presets/gcgan-horse2zebra.toml")
    assert [path for path in named if path not in added and not (ROOT / path).exists()] == []
    assert added <= set(named)
