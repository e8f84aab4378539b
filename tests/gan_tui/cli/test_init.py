"""gan-tui init as a user runs it: a preset that trains as it is, from folders of every layout; never over another."""

from __future__ import annotations

import os
import shlex
import tomllib
from pathlib import Path

import pytest

from tests.end_to_end.terminal import Terminal
from tests.engine.data.conftest import write_digit_folders, write_idx_set
from tests.gan_tui.cli.command import COMMAND, Finished, gan_tui, gan_tui_here, refusal, succeeded
from tests.gan_tui.datasets.image_folders import put_pictures, unpaired
from tests.shared_data import shared_data


def prepared(done: Finished, folder: Path) -> dict[str, dict[str, object]]:
    """The preset that was written, once `train --prepare` has taken it as it is by the command that init told."""
    command = succeeded(done).split()
    assert command[:2] == ["gan-tui", "train"]
    run = Path(succeeded(gan_tui(*command[1:], "--prepare", folder=folder)).strip())
    assert (run / "config.toml").is_file()
    return tomllib.loads((folder / command[2]).read_text())


def test_photographs_in_two_folders_to_a_run(tmp_path: Path) -> None:
    """From what a user has to what a user wants: two folders, one command, a run."""
    for name in ("cats", "dogs"):
        put_pictures(tmp_path / "photos" / name, 3, size=(96, 64))
    done = gan_tui("init", "sets/cats2dogs", "--A", "photos/cats", "--B", "photos/dogs", folder=tmp_path)
    preset = prepared(done, tmp_path)
    assert preset["method"]["kind"] == "cyclegan"
    assert preset["data"]["root"] == str(tmp_path / "sets" / "cats2dogs")
    assert (tmp_path / "sets" / "cats2dogs" / "trainA").readlink() == tmp_path / "photos" / "cats"
    said = done.stderr.splitlines()
    assert said[-4].startswith("cyclegan at 64 px, 200 epochs of 3 steps; images: 3 in trainA, 3 in trainB.")
    assert said[-3].startswith("Memory: its steps take about ")
    assert said[-2].startswith("warning: few images to learn a domain from: 3 in trainA, 3 in trainB. Add more, and")
    assert said[-1].startswith("Wrote cats2dogs.toml.")


def test_pairs_in_two_folders(tmp_path: Path) -> None:
    for name in ("labels", "photos"):
        put_pictures(tmp_path / name, 2, size=(128, 128))
    domains = ("--A", "labels", "--B", "photos", "--method", "pix2pix")
    done = gan_tui("init", "set", *domains, "--device", "cpu", "-o", "my.toml", folder=tmp_path)
    preset = prepared(done, tmp_path)
    assert (preset["method"]["kind"], preset["data"]["kind"]) == ("pix2pix", "paired")
    assert (preset["data"]["crop"], preset["run"]["device"]) == (128, "cpu")


def test_digits(tmp_path: Path) -> None:
    write_idx_set(tmp_path / "digits" / "one", 200)
    write_idx_set(tmp_path / "digits" / "two", 150)
    write_digit_folders(tmp_path / "digits" / "zero" / "train", 2)
    done = gan_tui("init", "digits", "--A", "zero", "--B", "one", "--name", "z-to-1", folder=tmp_path)
    preset = prepared(done, tmp_path)
    assert (preset["data"]["A"], preset["data"]["B"]) == ("zero", "one")
    assert preset["run"]["batch"] == 128
    assert (tmp_path / "z-to-1.toml").read_text().startswith("# z-to-1: DTN at 32 px")


def test_a_real_set_on_stdout(tmp_path: Path) -> None:
    done = gan_tui("init", shared_data("facades"), "-o", "-", "--device", "cpu", folder=tmp_path)
    preset = tomllib.loads(succeeded(done))
    assert (preset["method"]["kind"], preset["data"]["crop"]) == ("pix2pix", 256)
    assert list(tmp_path.iterdir()) == []


# -------------------------------------------------------------------------------------------------------- refusals


def test_a_file_that_is_there_is_never_replaced_unasked(tmp_path: Path) -> None:
    root = unpaired(tmp_path / "set")
    (tmp_path / "set.toml").write_text("mine")
    line = refusal(gan_tui_here("init", root, folder=tmp_path))
    assert line == "set.toml: is there already. Name another with -o, or replace it with --force."
    (tmp_path / "folder.toml").mkdir()
    assert "Name a file with -o" in refusal(gan_tui_here("init", root, "-o", "folder.toml", "--force", folder=tmp_path))
    assert (tmp_path / "set.toml").read_text() == "mine"
    succeeded(gan_tui("init", root, "--force", folder=tmp_path))
    assert tomllib.loads((tmp_path / "set.toml").read_text())["data"]["root"] == str(root)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["absent"], "does not exist"),
        (["set", "--A", "set"], "go together, and one is missing"),
        (["new", "--A", "set/trainA", "--B", "absent"], "--B absent: is not a folder"),
        (["set", "--A", "set/trainA", "--B", "set/trainB"], "is there already, and holds something"),
        (["set", "--method", "dtn"], "does not learn from unpaired images"),
        (["set", "--size", "130"], "Try --size 132"),
        (["set", "--name", "a b"], "has characters that a run name cannot have"),
        (["set", "--name", "a", "-o", "b.toml"], "Leave one of the two out"),
        (["set/trainA"], "is not laid out for training: it holds images of one kind"),
        (["set", "-o", "set/trainA/000.png"], "is there already"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_left(tmp_path: Path, arguments: list[str], words: str) -> None:
    unpaired(tmp_path / "set")
    before = sorted(path for path in tmp_path.rglob("*"))
    assert words in refusal(gan_tui_here("init", *arguments, folder=tmp_path))
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_a_device_that_is_not_there_leaves_no_links(tmp_path: Path) -> None:
    """It is the last that is found out, by the process that knows devices."""
    for name in ("cats", "dogs"):
        put_pictures(tmp_path / name, 1)
    done = gan_tui("init", "set", "--A", "cats", "--B", "dogs", "--device", "cuda:99", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("gan-tui: device cuda:99: asks for ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cats", "dogs"]


def test_a_folder_whose_name_is_no_text(tmp_path: Path) -> None:
    unpaired(tmp_path / os.fsdecode(b"caf\xe9"))
    line = refusal(gan_tui_here("init", tmp_path / os.fsdecode(b"caf\xe9"), folder=tmp_path))
    assert "no text" in line


def test_pairs_that_do_not_match_are_told_of_the_users_own_files(tmp_path: Path) -> None:
    """The links are gone by then."""
    put_pictures(tmp_path / "labels", 2)
    put_pictures(tmp_path / "photos", 3)
    done = gan_tui_here("init", "set", "--A", "labels", "--B", "photos", "--method", "pix2pix", folder=tmp_path)
    told = refusal(done)
    assert told == (
        f"{tmp_path}/photos/002.png: has no partner of its name in {tmp_path}/labels. Add or remove files until both "
        "folders have the same names; pix2pix needs pairs, cyclegan does not."
    )
    (tmp_path / "labels" / "000.png").write_bytes(b"no image")
    told = refusal(gan_tui_here("init", "set", "--A", "labels", "--B", "photos", folder=tmp_path))
    assert told.startswith(f"{tmp_path}/labels/000.png: ")
    assert not (tmp_path / "set").exists()


def test_a_folder_without_a_name_is_none(tmp_path: Path) -> None:
    """As a variable that is not set gives it; it was the current folder."""
    unpaired(tmp_path)
    assert refusal(gan_tui_here("init", "", folder=tmp_path)).startswith("DIR: is empty. Name a folder of images")


@pytest.mark.parametrize(
    ("given", "fact"),
    [
        ("~nobody-of-that-name", "begins with the home of nobody here"),
        ("x" * 300, "cannot be looked at (File name too"),
    ],
)
def test_a_folder_that_nothing_can_be(tmp_path: Path, given: str, fact: str) -> None:
    assert refusal(gan_tui_here("init", given, folder=tmp_path)).startswith(f"{given}: {fact}")


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    for name in ("cats", "dogs"):
        put_pictures(tmp_path / name, 3)
    command = f"cd {tmp_path}; exec {shlex.join(COMMAND)} init set --A cats --B dogs"
    with Terminal(["sh", "-c", command], columns=80, rows=10) as seen:
        seen.wait_for("starting")
        seen.press("\x03")
        assert seen.wait_for_exit() == 130
        assert "Ended early: nothing was written." in seen.text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cats", "dogs"]
