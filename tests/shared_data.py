"""Real image sets that lie beside a checkout and never in it; tests that want one are skipped where there is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("GAN_TUI_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")


def shared_data(name: str = "") -> Path:
    """The folder of a set, such as "horse2zebra", or of all of them."""
    if not (FOLDER / name).is_dir():
        pytest.skip(f"no {name or 'image sets'} in {FOLDER}; $GAN_TUI_TEST_DATA names another folder")
    return FOLDER / name
