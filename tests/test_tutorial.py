"""The tutorial's commands, word for word and in their order, on a set of facades made on the spot; and its Python.

Left out are those that need the network or a screen, or say what the machine is like.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.gan_tui.cli.command import gan_tui
from tests.runs import end_engines

TUTORIAL = Path(__file__).parents[1] / "docs/tutorial.md"

ELSEWHERE = ("data fetch", "attach", "doctor")
BESIDES = {
    "train": ("--set generator.width=4", "--set discriminator.width=4", "--set data.workers=0", "--detach"),
    "resume": ("--checkpoint latest", "--detach"),
}
"""What is added to a command: networks that are small enough, and no screen."""


def commands() -> list[str]:
    """What follows gan-tui, in each command of the tutorial."""
    return re.findall(r"^ {4}gan-tui (.*)$", TUTORIAL.read_text(encoding="utf-8"), re.MULTILINE)


def program() -> str:
    """Its Python."""
    [found] = re.findall(
        r"^ {4}import numpy(?:.*\n)(?: {4}.*\n|\n)*", TUTORIAL.read_text(encoding="utf-8"), re.MULTILINE
    )
    return textwrap.dedent(found)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A working directory with a set of facades in it: 256 px, labels on the right."""
    noise = np.random.default_rng(0)
    for name, count in (("train", 8), ("val", 2), ("test", 3)):
        (tmp_path / "datasets/facades" / name).mkdir(parents=True)
        for number in range(1, count + 1):
            coarse = noise.integers(0, 256, (8, 16, 3), dtype=np.uint8)
            picture = Image.fromarray(coarse).resize((512, 256), Image.Resampling.BICUBIC)
            picture.save(tmp_path / "datasets/facades" / name / f"{number}.jpg")
    yield tmp_path
    end_engines(tmp_path)


def test_word_for_word(folder: Path) -> None:
    for each in ("onnxruntime", "onnxscript"):
        pytest.importorskip(each, reason="gan-tui[onnx] is not installed")
    said = {}
    for command in commands():
        if not command.startswith(ELSEWHERE):
            words = [command, *BESIDES.get(command.split()[0], ())]
            done = gan_tui(*shlex.split(" ".join(words)), folder=folder)
            assert done.returncode == 0, (command, done.stdout, done.stderr)
            said[command] = done.stdout + done.stderr
            if command.startswith("resume"):  # the next commands are of a run that was left to train
                assert gan_tui("ctl", "facades", "stop", "--wait", folder=folder).returncode == 0
    assert {"data list", "data check datasets/facades", "resume facades", "export facades -o facades.onnx"} <= set(said)
    assert "pairs, side by side in each file, 13 in all" in said["data check datasets/facades"]
    assert "differs from PyTorch by" in said["export facades -o facades.onnx"]
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        *("1-sheet.png", "1.jpg", "2-sheet.png", "2.jpg", "3-sheet.png", "3.jpg"),
    ]
    done = subprocess.run([sys.executable, "-c", program()], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with Image.open(folder / "facade.png") as picture:
        assert (picture.size, picture.mode) == ((256, 256), "RGB")
