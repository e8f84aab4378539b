"""From TOML to a checked configuration and back; what is wrong is named with the nearest right thing."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config.data import SyntheticData, UnpairedData
from engine.config.load import dump, read_toml, resolve, with_settings
from engine.config.networks import UnetGenerator
from engine.config.presets import find_preset, preset_card, shipped_presets
from engine.errors import RequestError


def refusal(*settings: str, tree: dict[str, Any] | None = None) -> str:
    with pytest.raises(RequestError) as caught:
        resolve(with_settings(tree or {}, settings), "mine.toml")
    assert caught.value.exit_code == 2
    line = caught.value.one_line()
    assert line.startswith(("mine.toml: ", "--set "))
    assert "\n" not in line
    assert "`" not in line
    return line.removeprefix("mine.toml: ")


@pytest.mark.parametrize(
    "setting", ["data.root=/im\udcffages", "generator.arch=\udcff", "sentinel.collapse.action=\udcff"]
)
def test_what_is_no_text_is_refused_wherever_it_is_given(setting: str) -> None:
    """Names of folders may be any bytes, and config.toml is text."""
    with pytest.raises(RequestError, match=r"\\xff.*is no text \(UTF-8\)") as caught:
        resolve(with_settings({}, [setting]), "the preset")
    assert caught.value.subject.startswith(f"the preset: {setting.partition('=')[0]} = ")


def test_nothing_stated_is_the_paper() -> None:
    config = resolve({}, "empty")
    assert isinstance(config.data, UnpairedData)
    assert (config.data.resize, config.data.crop, config.loss.cycle_a, config.optim.pool) == (286, 256, 10.0, 50)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("generator.widht=4", "generator.widht: is not a preset key. Did you mean generator.width?"),
        (
            "sentinel.not_finite.acton=warn",
            "sentinel.not_finite.acton: is not a preset key. Did you mean sentinel.not_finite.action?",
        ),
        (
            "sentinel.notfinite.action=warn",
            "sentinel.notfinite: is not a preset key. Did you mean sentinel.not_finite?",
        ),
        (
            "sentinel.not_finite.action=cry",
            'sentinel.not_finite.action = "cry": is not a choice. Choose from warn, pause, stop.',
        ),
        (
            "sentinel.not_finite=warn",
            "sentinel.not_finite: is a section, not a value. Write it as [sentinel.not_finite].",
        ),
        ("genrator.width=4", "genrator: is not a preset section. Did you mean generator?"),
        ("zzz.width=4", "zzz: is not a preset section. Known here: method, data, generator"),
        ("run.name=4", "run.name: is not a preset key. Known here: run.batch"),
        ("run.zzzzzz=4", "run.zzzzzz: is not a preset key. Known here: run.batch"),
        ('run.batch="4"', 'run.batch = "4": expected a whole number. Images of each domain in a step.'),
        ("run.batch=true", "run.batch = true: expected a whole number"),
        ("run.batch=0", "run.batch = 0: expected a whole number >= 1"),
        ("run.seed=99999999999999999999", "run.seed = 99999999999999999999: expected a whole number <= 2147483647"),
        ("optim.lr_g=2", "optim.lr_g = 2: expected a number <= 1.0"),
        ("optim.lr_g=nan", "optim.lr_g = nan: expected a number"),
        ("loss.cycle_a=inf", "loss.cycle_a = inf: expected a number <= 10000"),
        ("loss.cycle_a=-inf", "loss.cycle_a = -inf: expected a number >= 0"),
        ("data.flip=1", "data.flip = 1: expected true or false"),
        ("data.root=3", "data.root = 3: expected text"),
        ("loss.gan=wgan", 'loss.gan = "wgan": is not a choice. Choose from lsgan, vanilla, wgan-gp, hinge.'),
        ("optim.schedule=linaer", "Choose from linear, step, cosine, plateau, constant."),
        ("run.device=tpu", 'run.device = "tpu": is not of the right form. Give auto, cpu'),
        ("run.device=cuda:x", 'run.device = "cuda:x": is not of the right form.'),
        (
            "data.kind=zip",
            "data.kind: 'zip' is not known here. Choose from unpaired, paired, digits, synthetic, synthetic-digits.",
        ),
        ("generator.arch=[1]", "generator.arch: [1] is not known here. Choose from resnet, unet, encoder-decoder."),
        ("method.kind=stylegan", "method.kind: 'stylegan' is not a method. Choose from cyclegan"),
        ("method.kind=[1]", "method.kind: [1] is not a method."),
        ("run.seed=1979-05-27", "run.seed = 1979-05-27: expected a whole number"),
        ("data.without_A=[1, 12]", "data.without_A[1] = 12: expected a whole number <= 9. Digits left out"),
        ("data.without_A=[3, x]", "expected a list"),
        ("data.without_A=3", "data.without_A = 3: expected a list"),
        ("run.seed={a=1}", "run.seed = {'a': 1}: expected a whole number"),
    ],
)
def test_a_wrong_setting_is_named(setting: str, said: str) -> None:
    kind = "data.kind=digits" if "without" in setting else "data.kind=unpaired"
    assert said in refusal(kind, setting)


@pytest.mark.parametrize("setting", ["", "=", "run", "run.seed", "run=1", ".seed=1", "run.=1", "seed=1"])
def test_a_setting_of_another_form_is_refused(setting: str) -> None:
    assert refusal(setting).startswith(f"--set {setting}: is not of the form section.key=value")


@pytest.mark.parametrize("value", [3, "x", [1], [{"seed": 1}]])
def test_a_section_that_is_no_table_is_refused(value: object) -> None:
    assert "run: is a section, not a value. Write it as [run]." in refusal(tree={"run": value})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("1.5", 1.5), ("2e-4", 2e-4), ("true", True), ('"1"', "1"), ("cuda:1", "cuda:1"),
        ("datasets/horse 2 zebra", "datasets/horse 2 zebra"), ("a=b", "a=b"), ("", ""), ("[1, 2]", [1, 2]),
    ],
)  # fmt: skip
def test_values_are_toml_and_bare_words_are_text(text: str, value: object) -> None:
    tree = {"run": {"seed": 1}}
    assert with_settings(tree, [f" run.x = {text}"]) == {"run": {"seed": 1, "x": value}}
    assert tree == {"run": {"seed": 1}}, "the tree given stays as it is"


def test_a_section_within_a_section_is_set_by_its_whole_name() -> None:
    tree: dict[str, Any] = {"sentinel": {"not_finite": {"action": "pause"}}}
    assert resolve(with_settings(tree, []), "x").sentinel.not_finite.action == "pause"
    assert resolve(with_settings(tree, ["sentinel.not_finite.action=warn"]), "x").sentinel.not_finite.action == "warn"
    assert tree["sentinel"]["not_finite"]["action"] == "pause", "the tree that was given is left alone"


def test_later_settings_win() -> None:
    assert with_settings({}, ["run.seed=1", "run.seed=2"]) == {"run": {"seed": 2}}


def test_the_kind_of_a_section_need_not_be_named() -> None:
    assert resolve({"generator": {"width": 8}}, "x").generator.width == 8
    unet = resolve({"generator": {"arch": "unet", "downs": 6}}, "x").generator
    assert unet == UnetGenerator(downs=6)
    assert resolve({"data": {"kind": "synthetic"}}, "x").data == SyntheticData()


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "run": st.fixed_dictionaries({"seed": st.integers(0, 2**31 - 1), "batch": st.integers(1, 64)}),
            "optim": st.fixed_dictionaries({"lr_g": st.floats(0, 1), "schedule": st.sampled_from(["step", "cosine"])}),
            "loss": st.fixed_dictionaries({"cycle_a": st.floats(0, 10_000), "gan": st.sampled_from(["vanilla"])}),
            "data": st.fixed_dictionaries({"root": st.text(st.characters(codec="utf-8"), max_size=30)}),
            "generator": st.fixed_dictionaries({"arch": st.just("unet"), "downs": st.integers(5, 12)}),
        },
    )
)
def test_what_is_dumped_resolves_to_the_same(tree: dict[str, Any]) -> None:
    config = resolve(tree, "x")
    assert resolve(tomllib.loads(dump(config)), "y") == config


def test_a_dump_states_every_default(tmp_path: Path) -> None:
    config = resolve({}, "x")
    tree = tomllib.loads(dump(config))
    for name in config.__struct_fields__:
        section = getattr(config, name)
        assert set(section.__struct_fields__) <= set(tree[name])
        tag = section.__struct_config__.tag_field
        assert tag is None or tree[name][tag] == section.__struct_config__.tag


@pytest.mark.parametrize(
    ("content", "fact"),
    [(b"[run", "is not valid TOML"), (b"\xff", "is not a text file"), (b"a = 1\na = 2", "is not valid TOML")],
)
def test_a_file_that_is_no_preset_is_named(tmp_path: Path, content: bytes, fact: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(RequestError) as caught:
        read_toml(path)
    assert caught.value.subject == str(path)
    assert fact in caught.value.fact
    with pytest.raises(RequestError, match="cannot be read"):
        read_toml(tmp_path)


# ----------------------------------------------------------------------------------------------------- the shipped


@pytest.mark.parametrize("name", sorted(shipped_presets()))
def test_every_shipped_preset_resolves_and_says_what_it_is(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = shipped_presets()[name]
    config = resolve(read_toml(path), name)
    assert resolve(tomllib.loads(dump(config)), name) == config
    assert len(preset_card(path).summary) > 20
    assert find_preset(name) == find_preset(f"presets/{name}.toml") == find_preset(f"{name}.toml") == path


@pytest.mark.parametrize(
    ("given", "fact"),
    [("~nobody-of-that-name/mine.toml", "the home of nobody here"), ("x" * 300 + ".toml", "cannot be looked at")],
)
def test_a_preset_that_cannot_be_looked_at_is_refused(given: str, fact: str) -> None:
    with pytest.raises(RequestError, match=fact):
        find_preset(given)


def test_a_file_goes_before_a_shipped_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "horse2zebra.toml").touch()
    assert find_preset("horse2zebra.toml").resolve() == tmp_path / "horse2zebra.toml"
    with pytest.raises(RequestError, match="Did you mean horse2zebra"):
        find_preset("horse2zebr")
    with pytest.raises(RequestError, match="is neither a file nor the name of a shipped preset"):
        find_preset("elsewhere/horse2zebra.toml")
