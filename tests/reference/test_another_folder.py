"""Another folder of the references' shape, with other seeds, is checked likewise: no test has a number by hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MANIFESTS = ("manifest.json", "manifest2.json")
SEEDS = (7, 11)
"""Of the first manifest and of the second, which are to be told apart."""
OF_THE_FIRST = {"test_forward.py", "test_losses.py", "test_cyclegan.py", "test_pix2pix.py"}
OF_THE_SECOND = {"test_forward.py", "test_dtn.py", "test_discogan.py"}
"""Tests of numbers that follow from its seed."""
SOME_OF_EACH = "test_value or total_variation or pixel or disco_D or rate0.01_D or cyclegan_pool0 or pix2pix_1step"
"""Cases of all these files that take little time."""
LONG_AGAIN = "(pool2 or pool50) and (float32 or the_other_way)"
"""Cases of many steps whose numbers are compared in float64 as well."""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of this Python, with the folder for the project's own."""
    command = [sys.executable, "-m", *arguments]
    environment = os.environ | {"GAN_TUI_REFERENCE": str(folder)}
    return subprocess.run(command, cwd=HERE.parents[1], env=environment, capture_output=True, text=True, check=False)


def give_seed(manifest: Path, seed: int) -> None:
    """Let a manifest name another seed."""
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"seed": seed}))


def failures(folder: Path, *options: str) -> list[str]:
    """The tests that do not pass by the numbers of the folder."""
    tests = sorted(str(path) for path in HERE.glob("test_*.py") if path != Path(__file__))
    checked = run(folder, "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-rf", "--tb=no", *options, *tests)
    assert checked.returncode in (0, 1), checked.stdout
    return [line.split()[1] for line in checked.stdout.splitlines() if line.startswith("FAILED")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the project's own."""
    return Path(shutil.copytree(HERE / "data", tmp_path / "reference"))


def test_a_folder_with_other_seeds_and_their_numbers_passes(folder: Path) -> None:
    for name, seed in zip(MANIFESTS, SEEDS, strict=True):
        give_seed(folder / name, seed)
    written = run(folder, "tests.reference.another_folder")
    assert written.returncode == 0, written.stderr
    assert failures(folder, "-k", f"not ({LONG_AGAIN})") == []


@pytest.mark.parametrize(("changed", "tests"), [(0, OF_THE_FIRST), (1, OF_THE_SECOND)])
def test_the_seed_of_a_manifest_is_that_of_its_own_numbers(folder: Path, changed: int, tests: set[str]) -> None:
    """With another seed and the old numbers, those fail that follow from it, and no others."""
    give_seed(folder / MANIFESTS[changed], SEEDS[changed])
    failed = failures(folder, "-k", f"({SOME_OF_EACH}) and not float32")
    assert {Path(test.split("::")[0]).name for test in failed} == tests
