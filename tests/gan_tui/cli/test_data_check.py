"""gan-tui data check as a user runs it: the report, the JSON, exit statuses, hostile names, the bar and Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from pathlib import Path

import msgspec
import pexpect
import pytest

from gan_tui.datasets.check.schema import INSPECTION_SCHEMA, Inspection
from tests.gan_tui.cli.command import COMMAND, gan_tui, gan_tui_here, refusal, succeeded
from tests.gan_tui.datasets.image_folders import put_picture, put_pictures, unpaired
from tests.shared_data import shared_data


def test_a_sound_folder_is_told_with_what_to_do_next(tmp_path: Path) -> None:
    root = unpaired(tmp_path / "cats 2", (256, 256))
    lines = succeeded(gan_tui("data", "check", root, folder=tmp_path)).splitlines()
    assert lines[0] == f"{root}: unpaired images of two domains, 10 in all"
    assert lines[2:5] == [
        "  folder  images  sizes        modes",
        "  trainA  3       all 256x256  RGB",
        "  trainB  3       all 256x256  RGB",
    ]
    assert "warning  few images to learn a domain from: 3 in trainA, 3 in trainB" in lines
    assert "1 warning, held against the preset horse2zebra" in lines
    assert f"  gan-tui train horse2zebra --data '{root}'" in lines
    assert f"  gan-tui init '{root}'" in lines


def test_problems_make_the_status_1_and_the_first_files_are_named(tmp_path: Path) -> None:
    root = unpaired(tmp_path / "set")
    for number in range(11):
        (root / "trainA" / f"damaged-{number:02d}.png").write_text("no image")
    done = gan_tui("data", "check", root, folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    start = lines.index("problem  11 files cannot be read as an image")
    assert lines[start + 1].startswith("           trainA/damaged-00.png: is not an image in a format")
    assert lines[start + 9] == "           and 3 more, which --json lists"
    assert "  trainA  14 (11 unreadable)  all 32x32  RGB" in lines
    found = json.loads(gan_tui("data", "check", root, "--json", folder=tmp_path).stdout)
    assert len(found["findings"][0]["files"]) == 11


def test_json_is_the_inspection(tmp_path: Path) -> None:
    root = unpaired(tmp_path / "set")
    document = succeeded(gan_tui("data", "check", root, "--json", folder=tmp_path))
    found = msgspec.json.decode(document, type=Inspection, strict=True)
    assert (found.schema, found.kind, found.images) == (INSPECTION_SCHEMA, "unpaired", 10)
    assert set(json.loads(document)) == set(Inspection.__struct_fields__)


def test_a_preset_by_name_and_by_file(tmp_path: Path) -> None:
    root = unpaired(tmp_path / "set", (100, 100))
    (tmp_path / "mine.toml").write_text('[method]\nkind = "cyclegan"\n[data]\nresize = 0\ncrop = 128\n')
    done = gan_tui_here("data", "check", root, "--preset", "mine.toml", folder=tmp_path)
    assert done.returncode == 1
    assert "10 images are smaller than data.crop = 128, and data.resize = 0 keeps sizes" in done.stdout
    done = gan_tui_here("data", "check", root, "--preset", "facades", folder=tmp_path)
    assert done.returncode == 1
    assert "has no train and no A/train and no B/train" in done.stdout
    fix = refusal(gan_tui_here("data", "check", root, "--preset", "horse3zebra", folder=tmp_path))
    assert "Did you mean horse2zebra?" in fix
    assert "draws its own images" in refusal(
        gan_tui_here("data", "check", root, "--preset", "quickstart", folder=tmp_path)
    )


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    line = refusal(gan_tui_here("data", "check", "absent", folder=tmp_path))
    assert line == f"{tmp_path / 'absent'}: does not exist. Name a folder of images."


def test_names_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    root = unpaired(tmp_path / os.fsdecode(b"se\x1b]0;t\x07\xe9t"))
    for name in ("\x1b[2J\u202e.png", os.fsdecode(b"caf\xe9\n.png")):
        (root / "trainA" / name).write_text("no image")
    done = gan_tui_here("data", "check", root, folder=tmp_path)
    assert done.returncode == 1
    assert not {"\x1b", "\x07", "\u202e"} & set(done.stdout)
    assert "trainA/caf\\xe9 .png" in done.stdout
    document = gan_tui_here("data", "check", root, "--json", folder=tmp_path).stdout
    assert not {"\x1b", "\x07", "\u202e"} & set(document)
    paths = {file["path"] for file in json.loads(document)["findings"][0]["files"]}
    assert paths == {"trainA/\x1b[2J\u202e.png", "trainA/caf\\xe9\n.png"}


def test_a_bar_is_drawn_on_a_terminal_and_goes_away(tmp_path: Path) -> None:
    put_pictures(unpaired(tmp_path / "set") / "trainA", 60)
    python, *rest = COMMAND
    child = pexpect.spawn(python, [*rest, "data", "check", str(tmp_path / "set")], dimensions=(40, 120), timeout=60)
    child.expect("looking at images")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    """While images are decoded, without a word of what was found so far."""
    root = unpaired(tmp_path / "set")
    for number in range(200):
        put_picture(root / "trainA" / f"large-{number}.png", (700, 700), compress_level=0)
    python, *rest = COMMAND
    child = pexpect.spawn(python, [*rest, "data", "check", str(root)], dimensions=(40, 120), timeout=60)
    child.expect("looking at images")
    child.kill(signal.SIGINT)
    child.expect(pexpect.EOF)
    child.close()
    assert b"Traceback" not in child.before
    assert b"held against" not in child.before
    assert b"Ended early: not all images were looked at." in child.before
    assert child.exitstatus == 130


def test_the_report_of_a_real_set() -> None:
    done = gan_tui_here("data", "check", shared_data("facades"), folder=Path(sys.prefix))
    lines = succeeded(done).splitlines()
    assert lines[0] == f"{shared_data('facades')}: pairs, side by side in each file, 606 in all"
    assert "nothing wrong, held against the preset facades" in lines


@pytest.mark.parametrize("columns", [60, 80])
def test_lines_fit_a_terminal(tmp_path: Path, columns: int) -> None:
    """But for commands, which are copied; of a table that is too wide the last columns are run together."""
    root = unpaired(tmp_path / "set of a name that is longer than others")
    put_pictures(root / "trainA", 1, size=(64, 48))
    for number in range(3):
        (root / "trainA" / f"a name of some length that ends up on two lines {number}.png").write_text("no image")
    python, *rest = COMMAND
    command = [*rest, "data", "check", str(root)]
    child = pexpect.spawn(python, command, dimensions=(60, columns), timeout=60, encoding="utf-8")
    child.expect(pexpect.EOF)
    lines = [line for line in child.before.replace("\r", "").splitlines() if "\x1b" not in line]  # without the bar
    assert [line for line in lines if len(line) > columns and "gan-tui " not in line] == []
    assert len([line for line in lines if line.startswith(" " * 9)]) > 6
    assert any(re.fullmatch(r"  folder +images +sizes(; | +)modes", line) for line in lines)
    assert any("2 from 32x32 to 64x48" in line for line in lines)


def test_a_folder_without_a_name_is_none(tmp_path: Path) -> None:
    """As a variable that is not set gives it; it was the current folder."""
    assert refusal(gan_tui_here("data", "check", "", folder=tmp_path)).startswith("DIR: is empty. Name a folder")
