"""Images of every method translated to files: sizes, what the networks make of them, sheets, and what goes wrong."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.config.load import Tree, dump, resolve
from engine.config.methods import CONFIGS
from engine.data.pixels import to_bytes, to_unit_range
from engine.errors import RequestError, WorkError
from engine.loaded_method import take_up
from engine.protocol.jobs import Progress, Remark
from engine.protocol.rundir import RunDirectory, create_run
from engine.protocol.translation import TranslateJob, Translation
from engine.saved import find_saved
from engine.translation.request import request_of
from engine.translation.translate import translate
from tests.engine.train.here import train_here
from tests.engine.translation.conftest import MakeRun, noise
from tests.runs import TINY_OF

Said = list[Progress | Remark]
TWO_WAYS = tuple(kind for kind, config in CONFIGS.items() if config.both_ways)


def translated(run: RunDirectory, source: Path | tuple[Path, ...], out: Path, **how: Any) -> tuple[Translation, Said]:
    """What came of it, and what was said."""
    said: Said = []
    inputs = (source,) if isinstance(source, Path) else source
    how = {"device": "cpu", **how}
    job = TranslateJob(run=str(run.root), inputs=tuple(map(os.fsencode, inputs)), out=os.fsencode(out), **how)
    return translate(request_of(job), said.append), said


def remarks(said: Said) -> list[str]:
    return [item.text for item in said if isinstance(item, Remark)]


def files(folder: Path) -> dict[str, bytes]:
    """Everything below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pixels(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("kind", CONFIGS)
def test_an_image_of_the_trained_size_is_what_the_method_makes_of_it(
    trained: MakeRun, tmp_path: Path, kind: str
) -> None:
    run = trained(kind)
    noise(32, 32).save(tmp_path / "x.png")
    found, _ = translated(run, tmp_path / "x.png", tmp_path / "out")
    method, device = take_up(find_saved(run), "cpu")
    image = torch.from_numpy(np.asarray(noise(32, 32)).transpose(2, 0, 1)[None].copy())
    expected = to_bytes(method.translate(to_unit_range(image, device), "AtoB"))[0].permute(1, 2, 0).numpy()
    assert np.array_equal(pixels(tmp_path / "out/x.png"), expected)
    assert (found.method, found.step, found.direction, found.device) == (kind, 6, "AtoB", "cpu")
    [written] = found.written
    assert (written.input, written.output) == (f"{tmp_path}/x.png", f"{tmp_path}/out/x.png")
    assert (written.width, written.height, written.tile) == (32, 32, 0)


@pytest.mark.parametrize("kind", [kind for kind in CONFIGS if kind != "dtn"])
def test_images_keep_their_sizes_and_the_tree_its_form(
    trained: MakeRun, photos: Path, tmp_path: Path, kind: str
) -> None:
    found, said = translated(trained(kind), photos, tmp_path / "out")
    sizes = {path.name: Image.open(path).size for path in (tmp_path / "out").rglob("*.*")}
    assert sizes == {"a.png": (50, 37), "b.png": (50, 37), "c.jpg": (33, 64)}
    assert (tmp_path / "out/more/c.jpg").is_file()
    assert [Path(written.output).name for written in found.written] == ["a.png", "b.png", "c.jpg"]
    assert [item.done for item in said if isinstance(item, Progress)] == [1, 2, 3]


@pytest.mark.parametrize("kind", TWO_WAYS)
def test_both_ways_of_a_method_that_learns_both_are_others(
    trained: MakeRun, photos: Path, tmp_path: Path, kind: str
) -> None:
    for direction in ("AtoB", "BtoA"):
        translated(trained(kind), photos, tmp_path / direction, direction=direction)
    assert pixels(tmp_path / "AtoB/a.png").tobytes() != pixels(tmp_path / "BtoA/a.png").tobytes()


@pytest.mark.parametrize("kind", CONFIGS)
def test_the_same_bytes_each_time_in_any_order_and_company(
    trained: MakeRun, photos: Path, tmp_path: Path, kind: str
) -> None:
    run = trained(kind)
    translated(run, photos, tmp_path / "once")
    several = (photos / "more", photos / "b.png", photos / "a.png")
    translated(run, several, tmp_path / "again")
    once, again = files(tmp_path / "once"), files(tmp_path / "again")
    assert once["a.png"] == again["a.png"]
    assert once["b.png"] == again["b.png"]
    assert once["more/c.jpg"] == again["c.jpg"]


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_batch_changes_no_value_by_more_than_a_rounding(
    trained: MakeRun, photos: Path, tmp_path: Path, kind: str
) -> None:
    run = trained(kind)
    translated(run, photos, tmp_path / "alone")
    translated(run, photos, tmp_path / "together", batch=3)
    for name in ("a.png", "b.png"):
        alone, together = (pixels(tmp_path / folder / name).astype(int) for folder in ("alone", "together"))
        assert abs(alone - together).max() <= 1


def test_the_bytes_of_a_run_that_translates_with_noise(trained: MakeRun, photos: Path, tmp_path: Path) -> None:
    noisy = trained(
        "pix2pix", "method.test_time_noise=true", "generator.norm=batch", "generator.downs=6",
        "generator.dropout=true", "data.resize=72", "data.crop=64",
    )  # fmt: skip
    translated(noisy, photos, tmp_path / "once")
    translated(noisy, (photos / "b.png", photos / "a.png"), tmp_path / "again")
    assert files(tmp_path / "once")["a.png"] == files(tmp_path / "again")["a.png"]
    assert files(tmp_path / "once")["b.png"] == files(tmp_path / "again")["b.png"]


def test_networks_of_one_size_are_given_it_and_the_user_told(trained: MakeRun, photos: Path, tmp_path: Path) -> None:
    _, said = translated(trained("dtn"), photos / "a.png", tmp_path / "out")
    assert pixels(tmp_path / "out/a.png").shape == (32, 32, 3)
    assert "The run's networks take 32x32 px alone: every image is scaled to that." in remarks(said)
    _, said = translated(trained("dtn"), photos / "a.png", tmp_path / "back", size="trained", restore=True)
    assert pixels(tmp_path / "back/a.png").shape == (37, 50, 3)
    assert any("and its translation back" in text for text in remarks(said))


@pytest.mark.parametrize(
    ("how", "size"),
    [
        ({"size": "trained"}, (32, 32)),
        ({"size": "74"}, (100, 74)),
        ({"size": "21x45"}, (21, 45)),
        ({"size": "21x45", "restore": True}, (50, 37)),
    ],
)
def test_images_are_scaled_first(
    trained: MakeRun, photos: Path, tmp_path: Path, how: dict[str, Any], size: tuple[int, int]
) -> None:
    found, _ = translated(trained("cyclegan"), photos / "a.png", tmp_path / "out.png", **how)
    with Image.open(tmp_path / "out.png") as image:
        assert image.size == size == (found.written[0].width, found.written[0].height)


def test_in_pieces(trained: MakeRun, tmp_path: Path) -> None:
    noise(150, 61).save(tmp_path / "x.png")
    found, _ = translated(trained("pix2pix"), tmp_path / "x.png", tmp_path / "out.png", tile="64", overlap=16)
    assert (found.written[0].tile, found.written[0].width, found.written[0].height) == (64, 150, 61)


def test_a_sheet_has_the_image_the_translation_and_the_way_back(trained: MakeRun, tmp_path: Path) -> None:
    run = trained("cyclegan")
    noise(64, 32).save(tmp_path / "a.png")
    found, _ = translated(run, tmp_path / "a.png", tmp_path / "out", sheet=True)
    assert found.written[0].sheet == f"{tmp_path}/out/a-sheet.png"
    translated(run, tmp_path / "out/a.png", tmp_path / "back.png", direction="BtoA")
    expected = [pixels(tmp_path / name) for name in ("a.png", "out/a.png", "back.png")]
    assert np.array_equal(pixels(tmp_path / "out/a-sheet.png"), np.concatenate(expected, axis=1))


def test_a_sheet_of_a_pair_has_what_it_should_become(trained: MakeRun, photos: Path, tmp_path: Path) -> None:
    run = trained("pix2pix", "data.direction=BtoA")
    _, said = translated(run, photos / "a.png", tmp_path / "out", sheet=True, pairs=True)
    image, sheet = pixels(photos / "a.png"), pixels(tmp_path / "out/a-sheet.png")
    assert sheet.shape == (37, 75, 3)
    assert np.array_equal(sheet[:, :25], image[:, 25:])
    assert np.array_equal(sheet[:, 50:], image[:, :25])
    assert pixels(tmp_path / "out/a.png").shape == (37, 25, 3)
    assert "The run's A is its data's B, and its B their A (data.direction = \"BtoA\")." in remarks(said)


def test_the_trained_weights_and_their_average_are_others(trained: MakeRun, photos: Path, tmp_path: Path) -> None:
    run = trained("cyclegan", "optim.ema=0.9", "optim.lr_g=0.01")
    for weights in ("shown", "raw"):
        found, _ = translated(run, photos / "a.png", tmp_path / f"{weights}.png", weights=weights)
        assert found.weights == weights
    assert pixels(tmp_path / "shown.png").tobytes() != pixels(tmp_path / "raw.png").tobytes()


def test_transparency_that_is_lost_is_told_once(trained: MakeRun, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in "ab":
        noise(32, 32).convert("RGBA").save(tmp_path / "in" / f"{name}.png")
    _, said = translated(trained("cyclegan"), tmp_path / "in", tmp_path / "out", format="jpg")
    assert sorted(files(tmp_path / "out")) == ["a.jpg", "b.jpg"]
    assert [text for text in remarks(said) if "transparency" in text] == [
        f"{tmp_path}/in/a.png: its transparency is lost, as jpg has none."
    ]


# -------------------------------------------------------------------------------------------------- what goes wrong


def test_a_broken_image_is_told_and_the_others_go_on(trained: MakeRun, photos: Path, tmp_path: Path) -> None:
    (photos / "a1.png").write_bytes((photos / "a.png").read_bytes()[:-200])
    (photos / "a2.jpg").write_text("no image")
    found, said = translated(trained("cyclegan"), photos, tmp_path / "out", batch=2)
    assert sorted(files(tmp_path / "out")) == ["a.png", "b.png", "more/c.jpg"]
    assert [Path(failed.input).name for failed in found.failed] == ["a1.png", "a2.jpg"]
    assert [Path(written.input).name for written in found.written] == ["a.png", "b.png", "c.jpg"]
    assert any(text.startswith(f"{photos}/a2.jpg: is not an image") for text in remarks(said))
    assert [item.done for item in said if isinstance(item, Progress)] == [1, 2, 3, 4, 5]


def test_the_pace_is_that_of_translations(trained: MakeRun, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_text("no image")
    _, said = translated(trained("cyclegan"), tmp_path / "in", tmp_path / "out")
    assert [item.what for item in said if isinstance(item, Progress)] == ["translating, 0 images/s"]


def test_a_pair_of_odd_width_and_a_size_beyond_all_measure_fail_alone(trained: MakeRun, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    noise(33, 20).save(folder / "odd.png")
    noise(64, 1).save(folder / "strip.png")
    found, _ = translated(trained("cyclegan"), folder, tmp_path / "out", pairs=True, size="5000")
    assert [failed.reason for failed in found.failed] == [
        "is 33 px wide: it has no two equal halves",
        "would be scaled to 160000x5000 px, more than the 89,478,485 allowed",
    ]


def test_what_a_format_cannot_hold_fails_alone(trained: MakeRun, tmp_path: Path) -> None:
    noise(17_000, 8).save(tmp_path / "long.png")
    found, _ = translated(trained("cyclegan"), tmp_path / "long.png", tmp_path / "out", format="webp")
    assert "has a translation that cannot be written as webp" in found.failed[0].reason
    assert files(tmp_path / "out") == {}


def test_a_long_name_is_written_and_one_that_grows_too_long_fails_alone(trained: MakeRun, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("x" * 251 + ".png", "y.png"):
        noise(32, 32).save(folder / name)
    translated(trained("cyclegan"), folder, tmp_path / "out")
    assert sorted(files(tmp_path / "out")) == ["x" * 251 + ".png", "y.png"]
    found, _ = translated(trained("cyclegan"), folder, tmp_path / "sheets", sheet=True)
    assert [failed.reason for failed in found.failed] == ["has a name to which -sheet.png cannot be added"]
    assert [Path(written.output).name for written in found.written] == ["y.png"]


def test_one_image_that_is_taken_for_a_pair_is_told(trained: MakeRun, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    noise(32, 32).save(folder / "square.png")
    noise(64, 32).save(folder / "wide.png")
    _, said = translated(trained("pix2pix"), folder, tmp_path / "out", pairs=True)
    [told] = remarks(said)
    assert told.startswith(f"{folder}/square.png: its halves are twice as tall as wide (32x32 px in all)")


def test_a_pair_that_is_taken_for_one_image_is_told(trained: MakeRun, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "train").mkdir(parents=True)
    for number in range(3):
        noise(72, 36, number).save(folder / "train" / f"{number}.png")
    data: Tree = {"kind": "paired", "root": str(folder), "resize": 36, "crop": 32, "workers": 0}
    tree: Tree = {**TINY_OF["pix2pix"], "data": data, "run": {"device": "cpu", "steps": 1}}
    toml = dump(resolve(tree, "pairs"))
    run = create_run(tmp_path, name="pairs", method="pix2pix", preset="tiny", config_toml=toml, parent=None)
    train_here(run)
    told = "looks like a pair side by side: --pairs translates the half that is meant"
    _, said = translated(run, folder / "train", tmp_path / "out")
    assert [told in text for text in remarks(said)] == [True]
    _, said = translated(run, folder / "train", tmp_path / "halves", pairs=True)
    assert remarks(said) == []


def test_a_folder_that_cannot_be_written_ends_the_work(trained: MakeRun, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said: Said = []
    out = os.fsencode(tmp_path / "file" / "out")
    job = TranslateJob(run=str(trained("cyclegan").root), inputs=(os.fsencode(photos),), out=out, device="cpu")
    with pytest.raises(WorkError, match=r"file/out/a.png: cannot be written: Not a directory"):
        translate(request_of(job), said.append)
    assert remarks(said) == ["Ended early: 0 of 3 images are translated."]


def test_who_is_interrupted_leaves_whole_files_and_says_how_many(trained: MakeRun, tmp_path: Path) -> None:
    """As by Ctrl-C at the second image: what is being written is finished, and nothing more begun."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(60):
        noise(32, 32, number).save(folder / f"{number:02}.png")
    said: Said = []

    def tell(message: Progress | Remark) -> None:
        said.append(message)
        if isinstance(message, Progress) and message.done == 2:
            raise KeyboardInterrupt

    out = tmp_path / "out"
    job = TranslateJob(
        run=str(trained("cyclegan").root), inputs=(os.fsencode(folder),), out=os.fsencode(out), device="cpu"
    )
    with pytest.raises(KeyboardInterrupt):
        translate(request_of(job), tell)
    there = files(out)
    assert 2 <= len(there) < 60
    assert remarks(said) == [f"Ended early: {len(there)} of 60 images are translated."]
    assert all(pixels(out / name).shape == (32, 32, 3) for name in there)
    found, _ = translated(trained("cyclegan"), folder, out, existing="skip")
    assert len(found.written) == 60 - len(there)
    assert len(found.skipped) == len(there)
    translated(trained("cyclegan"), folder, tmp_path / "whole")
    assert files(out) == files(tmp_path / "whole")


def test_a_run_that_does_not_translate_yet(trained: MakeRun, photos: Path, tmp_path: Path) -> None:
    run = trained("dtn", "method.f_steps=4", "checkpoint.every=2", "checkpoint.keep=3")
    with pytest.raises(RequestError, match="training f 2/4: nothing translates yet"):
        translated(run, photos, tmp_path / "out", checkpoint="2")
