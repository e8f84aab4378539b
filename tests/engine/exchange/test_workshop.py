"""What is written elsewhere first leaves nothing behind, whenever its writing ends and however."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.exchange.workshop import workshop

LONG_AGO = (1e9, 1e9)
DIES = """
import os, signal, sys
from pathlib import Path
from engine.exchange.workshop import workshop
with workshop(Path(sys.argv[1]), "export") as folder:
    (folder / "half").write_text("x")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_it_goes_with_the_block(error: type[BaseException], tmp_path: Path) -> None:
    with pytest.raises(error), workshop(tmp_path, "export") as folder:
        (folder / "half").write_text("x")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_at_the_moment_it_is_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = os.mkdir

    def make_and_interrupt(*arguments: Any, **options: Any) -> None:
        make(*arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "mkdir", make_and_interrupt)
    with pytest.raises(KeyboardInterrupt), workshop(tmp_path, "export"):
        raise AssertionError("the interrupt comes before")
    assert list(tmp_path.iterdir()) == []


def test_that_of_a_killed_process_is_deleted_by_the_next_of_its_kind(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", DIES, str(tmp_path)], check=False)
    [left] = tmp_path.iterdir()
    with workshop(tmp_path, "export"):
        assert left.exists(), "it may have been made just now"
    os.utime(left, LONG_AGO)
    with workshop(tmp_path, "import"):
        assert left.exists(), "it is of another kind"
    with workshop(tmp_path, "export"):
        assert not left.exists()


def test_one_that_is_worked_in_and_folders_of_like_names_stay(tmp_path: Path) -> None:
    (tmp_path / ".export-of-mine").mkdir()
    os.utime(tmp_path / ".export-of-mine", LONG_AGO)
    with workshop(tmp_path, "export") as first:
        os.utime(first, LONG_AGO)
        with workshop(tmp_path, "export") as second:
            assert {path.name for path in tmp_path.iterdir()} == {".export-of-mine", first.name, second.name}
    assert [path.name for path in tmp_path.iterdir()] == [".export-of-mine"]
