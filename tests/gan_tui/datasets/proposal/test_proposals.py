"""The preset proposed for a folder: the method by the kind of data, sizes by the images, length by their number."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from engine.config.data import DigitsData, PairedData, UnpairedData
from engine.config.geometry import check_geometry
from engine.config.load import resolve
from engine.config.methods import CONFIGS, methods_taking
from engine.config.techniques import check_techniques
from engine.errors import RequestError
from engine.protocol.room import Room
from gan_tui.client.new_preset import material_in, memory_in_words, write_preset
from gan_tui.client.prepare import checked
from gan_tui.datasets.proposal.choice import Choice
from gan_tui.datasets.proposal.material import Material
from gan_tui.datasets.proposal.pacing import pacing_for
from gan_tui.datasets.proposal.proposals import Proposal, explained, proposals, workers_for
from gan_tui.datasets.proposal.text import preset_text
from gan_tui.datasets.proposal.values import Wish
from tests.engine.data.conftest import write_digit_folders, write_idx_set
from tests.gan_tui.datasets.image_folders import put_pictures, unpaired
from tests.shared_data import shared_data


def material(root: Path, digits: tuple[str, str] | None = None) -> Material:
    return material_in(root, lambda said: None, digits)


def best(root: Path, **wish: object) -> Proposal:
    return proposals(material(root), Wish(**wish))[0]  # type: ignore[arg-type]


def values(proposal: Proposal) -> dict[str, object]:
    return {setting.key: setting.value for setting in proposal.settings}


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Three pairs side by side, each half 256 x 256 px."""
    put_pictures(tmp_path / "pairs" / "train", 3, size=(512, 256))
    return tmp_path / "pairs"


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Three sets of labelled digits."""
    for name in ("one", "two"):
        write_idx_set(tmp_path / "digits" / name, 200)
    write_digit_folders(tmp_path / "digits" / "zero" / "train", 2)
    return tmp_path / "digits"


# ------------------------------------------------------------------------------------------------------- real sets


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("horse2zebra", {"method.kind": "cyclegan", "data.crop": 256, "data.resize": 286, "optim.epochs": 100,
                         "optim.decay_epochs": 100, "run.batch": 1, "checkpoint.every": 5000}),
        ("facades", {"method.kind": "pix2pix", "data.crop": 256, "data.direction": "AtoB", "optim.epochs": 200,
                     "optim.decay_epochs": 0, "checkpoint.every": 2000}),
        ("", {"method.kind": "dtn", "data.A": "mnist_m", "data.B": "mnist", "data.size": 32, "run.batch": 128,
              "optim.epochs": 40}),
    ],
)  # fmt: skip
def test_real_sets_get_what_their_papers_have(name: str, expected: dict[str, object]) -> None:
    found = values(best(shared_data(name)))
    assert {key: found[key] for key in expected} == expected


# ---------------------------------------------------------------------------------------------------------- wishes


@pytest.mark.parametrize("method", methods_taking(UnpairedData))
@pytest.mark.parametrize("side", [None, 32, 64, 128, 256, 512])
def test_what_is_proposed_for_unpaired_images_fits_together(tmp_path: Path, method: str, side: int | None) -> None:
    _fits(material(unpaired(tmp_path)), Wish(method=method, side=side))


@pytest.mark.parametrize("method", methods_taking(PairedData))
@pytest.mark.parametrize("side", [None, 32, 64, 96, 256])
def test_what_is_proposed_for_pairs_fits_together(pairs: Path, method: str, side: int | None) -> None:
    if method == "discogan" and side == 96:
        with pytest.raises(RequestError, match="96 px does not suit the discriminator"):
            proposals(material(pairs), Wish(method=method, side=side))
        return
    _fits(material(pairs), Wish(method=method, side=side))


@pytest.mark.parametrize("method", methods_taking(DigitsData))
def test_what_is_proposed_for_digits_fits_together(digits: Path, method: str) -> None:
    _fits(material(digits), Wish(method=method))


def _fits(found: Material, wish: Wish) -> None:
    """Every proposal passes what `train` asks of a preset, and its text is that proposal, with a reason for each."""
    for proposal in proposals(found, wish):
        config = proposal.config()
        check_geometry(config)
        check_techniques(config)
        text = preset_text(proposal, found, "mine", "Memory: enough.")
        assert resolve(tomllib.loads(text), "mine") == config
        lines = text.splitlines()
        assert all(lines[at - 1].startswith("# ") for at, line in enumerate(lines) if " = " in line and line[0] != "#")
        assert max(map(len, lines)) <= 120 + len(str(found.root))
        checked("mine", tomllib.loads(text), {}, "mine")


def test_a_method_that_cannot_learn_from_it(tmp_path: Path, pairs: Path) -> None:
    with pytest.raises(RequestError) as caught:
        best(unpaired(tmp_path), method="pix2pix")
    assert caught.value.one_line() == (
        "--method pix2pix: does not learn from unpaired images. Choose from cyclegan, discogan, aegan."
    )
    with pytest.raises(RequestError, match="is not a method"):
        best(pairs, method="stylegan")


def test_a_size_that_the_networks_cannot_take(tmp_path: Path, pairs: Path, digits: Path) -> None:
    for root, method, size, nearest in (
        (pairs, "pix2pix", 200, 192),
        (unpaired(tmp_path), "cyclegan", 130, 132),
        (digits, "dtn", 64, 32),
    ):
        with pytest.raises(RequestError) as caught:
            best(root, method=method, side=size)
        assert (caught.value.subject, caught.value.fix) == (f"--size {size}", f"Try --size {nearest}.")


# ----------------------------------------------------------------------------------------------------------- sizes


@pytest.mark.parametrize(("size", "side"), [((300, 400), 256), ((255, 400), 128), ((64, 64), 64), ((40, 40), 64)])
def test_no_more_than_half_of_the_images_are_enlarged(tmp_path: Path, size: tuple[int, int], side: int) -> None:
    proposal = best(unpaired(tmp_path, size))
    assert proposal.side == side
    [crop] = [setting for setting in proposal.settings if setting.key == "data.crop"]
    assert ("are enlarged" in crop.why) == (min(size) < side)


def test_fewer_blocks_and_halvings_for_smaller_images(tmp_path: Path, pairs: Path) -> None:
    root = unpaired(tmp_path, (300, 300))
    assert "generator.blocks" not in values(best(root))
    assert values(best(root, side=128))["generator.blocks"] == 6
    assert values(best(pairs, side=128))["generator.downs"] == 7
    smallest = values(best(pairs, side=32))
    assert (smallest["generator.downs"], smallest["generator.dropout"]) == (5, False)


def test_smaller_ones_follow_for_less_memory_and_for_a_cpu(tmp_path: Path) -> None:
    offered = proposals(material(unpaired(tmp_path, (300, 300))), Wish())
    assert [(each.side, each.only_on_gpu, "run.checkpointing" in values(each)) for each in offered] == [
        (256, True, False), (256, True, True), (128, True, False), (128, True, True),
        (64, False, False), (64, False, True),
    ]  # fmt: skip
    [why] = [setting.why for setting in explained(offered[4], offered, "cpu").settings if setting.key == "data.crop"]
    assert "On a CPU 256 px would be 16 times the work; for a GPU give --size 256." in why
    [why] = [setting.why for setting in explained(offered[2], offered, "cuda:0").settings if setting.key == "data.crop"]
    assert "Larger ones would not fit into the memory of cuda:0" in why
    assert explained(offered[1], offered, "cpu") == offered[1]


def test_large_batches_are_made_smaller_first(tmp_path: Path) -> None:
    root = tmp_path / "set"
    for name in ("trainA", "trainB"):
        put_pictures(root / name, 70, (64, 64))
    offered = proposals(material(root), Wish(method="discogan"))
    assert [values(each)["run.batch"] for each in offered] == [64, 16, 64]
    assert values(best(unpaired(tmp_path / "small"), method="discogan"))["run.batch"] == 3, "no more than there are"


# ---------------------------------------------------------------------------------------------------------- pacing


def of(items: int, kind: str = "unpaired") -> Material:
    choice = Choice("x", CONFIGS["cyclegan"](), "")
    return Material(kind=kind, root=Path("x"), images={}, items=items, side=256, sizes="", choice=choice)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "items", "batch", "epochs"),
    [
        ("cyclegan", 100, 1, 200), ("cyclegan", 1334, 1, 200), ("cyclegan", 6287, 1, 43), ("cyclegan", 100_000, 1, 20),
        ("pix2pix", 400, 1, 200), ("pix2pix", 49_825, 4, 15), ("pix2pix", 5000, 1, 150),
        ("discogan", 49_825, 64, 50), ("dtn", 60_000, 128, 40), ("aegan", 60_000, 32, 20),
    ],
)  # fmt: skip
def test_epochs_by_the_number_of_images(method: str, items: int, batch: int, epochs: int) -> None:
    assert pacing_for(method, of(items), batch).total_epochs == epochs


@pytest.mark.parametrize(
    ("items", "log", "sample", "checkpoint"),
    [(1, 1, 1, 5), (10, 1, 5, 50), (400, 10, 200, 2000), (1334, 20, 500, 5000), (100_000, 100, 2000, 10_000)],
)
def test_cadences_by_the_length_of_an_epoch(items: int, log: int, sample: int, checkpoint: int) -> None:
    pacing = pacing_for("cyclegan", of(items), 1)
    assert (pacing.log, pacing.sample, pacing.checkpoint) == (log, sample, checkpoint)
    assert pacing.steps >= 10 * pacing.checkpoint or items == 1


def test_workers_by_processors() -> None:
    assert [workers_for(number) for number in (1, 2, 8, 16, 64)] == [2, 2, 2, 4, 8]


# ------------------------------------------------------------------------------------------------- text and folders


def test_names_that_toml_could_not_hold(tmp_path: Path) -> None:
    root = unpaired(tmp_path / 'a\nkind = 5 "quoted" \u202e')
    found = material(root)
    text = preset_text(best(root), found, "na\nme", "Memory.")
    assert tomllib.loads(text)["data"]["root"] == str(root)
    assert text.startswith(
        "# na\N{REPLACEMENT CHARACTER}me: CycleGAN at 64 px, for the images in a\N{REPLACEMENT CHARACTER}kind"
    )
    with pytest.raises(RequestError, match="no text"):
        material(unpaired(tmp_path / os.fsdecode(b"caf\xe9")))


def test_digits_that_are_chosen_in_their_order(digits: Path) -> None:
    found = material(digits, ("two", "zero"))
    assert list(found.images.items()) == [("two/train", 200), ("zero/train", 20)]
    config = proposals(found, Wish())[0].config()
    assert isinstance(config.data, DigitsData)
    assert (config.data.A, config.data.B) == ("two", "zero")
    assert values(proposals(found, Wish())[0])["method.f_steps"] == 2000


@pytest.mark.parametrize("absent", ["three", ""])
def test_digits_that_are_not_there(digits: Path, absent: str) -> None:
    with pytest.raises(RequestError):
        material(digits, ("two", absent))


def test_folders_that_cannot_be_trained_on(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="does not exist"):
        material(tmp_path / "absent")
    for name in ("cats", "dogs"):
        put_pictures(tmp_path / "animals" / name, 1)
    with pytest.raises(RequestError) as caught:
        material(tmp_path / "animals")
    assert "it holds two folders of images" in caught.value.fact
    command = f"gan-tui init datasets/cats2dogs --A {tmp_path}/animals/cats --B {tmp_path}/animals/dogs"
    assert f"Try: {command}" in caught.value.fix
    (unpaired(tmp_path / "set") / "trainA" / "000.png").write_text("no image")
    with pytest.raises(RequestError, match="is not an image"):
        material(tmp_path / "set")


def test_memory_in_words() -> None:
    room = Room(device="cuda:0", free=8_000_000_000, index=0, need=4_100_000_000, fits=True)
    words = "Memory: its steps take about 4.1 GB, and 8.0 GB of the memory of cuda:0 were free"
    assert memory_in_words(room) == f"{words}."
    short = Room(device="cuda:0", free=8_000_000_000, index=0, need=9_000_000_000, fits=False)
    assert "they may not fit" in memory_in_words(short)


def test_a_file_is_written_whole_and_never_over_another_unasked(tmp_path: Path) -> None:
    target = tmp_path / "new" / "mine.toml"
    write_preset(target, "one", replace=False)
    with pytest.raises(RequestError, match="is there already"):
        write_preset(target, "two", replace=False)
    assert target.read_text() == "one"
    write_preset(target, "three", replace=True)
    assert target.read_text() == "three"
    assert [path.name for path in target.parent.iterdir()] == ["mine.toml"]
    assert target.stat().st_mode & 0o077 == 0o044
