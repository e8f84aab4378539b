"""gan-tui translate as a user runs it: files in and out, data on stdout, speech on stderr, and the exit status."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.protocol.rundir import RunDirectory
from engine.protocol.translation import Translation, Written
from gan_tui.cli.picture import fitted
from gan_tui.cli.translate import in_words
from tests.end_to_end.terminal import Terminal
from tests.gan_tui.cli.command import COMMAND, gan_tui, gan_tui_here, refusal, succeeded
from tests.gan_tui.hostile import HOSTILE, obeyed
from tests.until import until


@pytest.fixture
def work(tmp_path: Path, ended: RunDirectory) -> Path:
    """A folder with photos, where ``runs/ended`` is a run."""
    (tmp_path / "runs").symlink_to(ended.root.parent)
    for number, name in enumerate(("a.png", "b.jpg", "more/c.png")):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 256, (24, 40, 3), dtype=np.uint8)
        Image.fromarray(noise).save(path)
    return tmp_path


def there(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_folder_of_images(work: Path, ended: RunDirectory) -> None:
    """In a pipe: a line for each, and nothing in the run's directory is touched."""
    before = {path: path.stat().st_mtime_ns for path in ended.root.rglob("*")}
    done = gan_tui("translate", "ended", "photos", "-o", "out", "--device", "cpu", folder=work)
    assert succeeded(done).splitlines() == [f"photos/{name}\tout/{name}" for name in ("a.png", "b.jpg", "more/c.png")]
    assert there(work / "out") == ["a.png", "b.jpg", "more/c.png"]
    assert "3 images translated A to B at step 12 into " in done.stderr
    assert {path: path.stat().st_mtime_ns for path in ended.root.rglob("*")} == before

    again = gan_tui("translate", "ended", "photos", "-o", "out", "--skip-existing", "--device", "cpu", folder=work)
    assert succeeded(again) == ""
    assert again.stderr.splitlines()[-1] == (
        "0 images translated A to B at step 12; 3 images left out, as there before."
    )


def test_what_was_written_as_json_with_the_checkpoint_of_a_folder(work: Path) -> None:
    checkpoint = Path("runs/ended/checkpoints/step-00000005")
    done = gan_tui(
        *("translate", checkpoint, "photos/*.png", "photos/b.jpg", "--direction", "BtoA", "--sheet", "-o", "out"),
        *("--json", "--device", "cpu", "--batch", "2"),
        folder=work,
    )
    found = json.loads(succeeded(done))
    assert (found["step"], found["direction"], found["method"]) == (5, "BtoA", "cyclegan")
    assert [(each["input"], each["output"], each["sheet"]) for each in found["written"]] == [
        ("photos/a.png", "out/a.png", "out/a-sheet.png"),
        ("photos/b.jpg", "out/b.jpg", "out/b-sheet.png"),
    ]
    assert there(work / "out") == ["a-sheet.png", "a.png", "b-sheet.png", "b.jpg"]
    assert done.stderr.splitlines()[-1].startswith("2 images translated B to A at step 5 into ")


def test_a_broken_image_and_names_that_a_terminal_would_obey(work: Path) -> None:
    """What can be translated is, under its very name; what is told of it is harmless."""
    name = os.fsencode(HOSTILE.replace("/", "") + ".png") + b"\xff"
    (work / "photos" / os.fsdecode(name)).write_bytes((work / "photos/a.png").read_bytes())
    (work / "photos" / f"broken{HOSTILE}.png").write_text("no image")
    listed = b"\0".join((b"photos/" + name, os.fsencode(f"photos/broken{HOSTILE}.png"), b"photos/b.jpg"))
    done = subprocess.run(
        [*COMMAND, "translate", "ended", "-", "-o", "out", "--device", "cpu"],
        cwd=work, input=listed, capture_output=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert {os.fsencode(path.name) for path in (work / "out").iterdir()} == {name + b".png", b"b.jpg"}
    out, told = done.stdout.decode(), done.stderr.decode()
    assert len(out.splitlines()) == 2
    assert obeyed(out.replace("\n", "").replace("\t", "")) == []
    assert obeyed(told.replace("\n", "")) == []
    assert "is not an image in a format that can be read" in told
    assert told.splitlines()[-1].endswith("; 1 image failed.")


def test_a_list_of_names_by_lines(work: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "translate", "ended", "-", "-o", "one.webp", "--device", "cpu", "--size", "trained", "--restore"],
        cwd=work, input=b"photos/more/c.png\n", capture_output=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with Image.open(work / "one.webp") as image:
        assert (image.format, image.size) == ("WEBP", (40, 24))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("ended", "photos", "-o", "photos"), "photos/a.png: is an input, and would be overwritten"),
        (("ended", "photos", "-o", "there"), "there/a.png: exists already. Add --overwrite or --skip-existing"),
        (("ended", "gone", "-o", "out"), "gone: is not there"),
        (("ended", "photos/a.png", "photos/a.png/x", "-o", "out"), "photos/a.png/x"),
        (("ended", "photos", "-o", "out", "--overwrite", "--skip-existing"), "exclude each other"),
        (("ended", "photos", "-o", "out", "--size", "huge"), "--size huge: is none of own, trained, N and WxH"),
        (("ended", "photos", "-o", "out", "--checkpoint", "7"), "checkpoint 7 of run ended: does not exist"),
        (("ended", "photos", "-o", "out", "--device", "cuda:99"), "cuda:99"),
        (("runs/ended/checkpoints/step-00000005", "photos", "-o", "out", "--checkpoint", "5"), "beside the folder"),
        (("copied", "photos", "-o", "out"), "copied: is a checkpoint outside of a run's directory"),
        (("nobody", "photos", "-o", "out"), "run nobody: is neither a run"),
    ],
)
def test_a_wrong_request_is_refused_in_a_line(work: Path, arguments: tuple[str, ...], told: str) -> None:
    (work / "there").mkdir()
    (work / "there/a.png").touch()
    (work / "copied").mkdir()
    shutil.copy(work / "runs/ended/checkpoints/step-00000005/manifest.json", work / "copied")
    assert told in refusal(gan_tui_here("translate", *arguments, folder=work))
    assert not (work / "out").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list any folder")
def test_a_folder_that_cannot_be_listed(work: Path) -> None:
    (work / "photos/more").chmod(0)
    assert "photos/more: cannot be listed" in refusal(gan_tui("translate", "ended", "photos", "-o", "out", folder=work))


def test_ctrl_c_leaves_whole_files_and_says_how_many(work: Path) -> None:
    data = (work / "photos/a.png").read_bytes()
    for number in range(3000):
        (work / f"photos/more/{number:04}.png").write_bytes(data)
    with subprocess.Popen(
        [*COMMAND, "translate", "ended", "photos/more", "-o", "out", "--device", "cpu"],
        cwd=work, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as command:  # fmt: skip
        until(lambda: command.poll() is not None or there(work / "out"), "a first translation")
        os.killpg(command.pid, signal.SIGINT)  # to both processes, as a terminal does
        out, told = command.communicate(timeout=120)
    assert command.returncode == 130, told
    assert out == ""
    written = there(work / "out")
    assert 1 <= len(written) < 3000
    assert all(name.endswith(".png") and not name.startswith(".") for name in written)
    assert told.splitlines()[-1] == f"Ended early: {len(written):,} of 3,001 images are translated."
    with Image.open(work / "out" / written[-1]) as image:
        image.load()


# ------------------------------------------------------------------------------------------------ a picture of it


@pytest.mark.parametrize(("options", "drawn"), [((), True), (("--no-show",), False)])
def test_a_single_translation_is_drawn_on_the_terminal(work: Path, options: tuple[str, ...], drawn: bool) -> None:
    command = [*COMMAND, "translate", "runs/ended", "photos/a.png", "-o", "one.png", "--device", "cpu", *options]
    command = ["env", "-C", str(work), *command]
    with Terminal(command, columns=60, rows=20) as terminal:
        assert terminal.wait_for_exit() == 0
        assert "1 image translated A to B at step 12: one.png." in terminal.text
        rows = [line for line in terminal.text.splitlines() if "▀" in line]
        assert len(rows) == (17 if drawn else 0)
        assert all(len(row.rstrip()) == 57 for row in rows), "40x24 pixels in 57 columns and twice 17 rows"
        assert (b"38;2;" in terminal.written.split(b"\x1b[?25h")[-1]) == drawn


@pytest.mark.parametrize(
    ("size", "room", "cells"),
    [((256, 256), (80, 40), (80, 40)), ((256, 256), (80, 20), (40, 20)), ((1000, 10), (80, 40), (80, 1))],
)
def test_a_picture_keeps_its_aspect(size: tuple[int, int], room: tuple[int, int], cells: tuple[int, int]) -> None:
    assert fitted(size, *room) == cells


def test_what_was_done_in_words() -> None:
    one = Written(input="a", output="o/a", width=1, height=1)
    found = Translation(
        run="", method="", step=5000, checkpoint="", direction="BtoA", weights="shown", device="cpu", seconds=2.0,
        written=(one,) * 9,
    )  # fmt: skip
    assert in_words(found, "out") == "9 images translated B to A at step 5,000 into out, 4.5 a second."
