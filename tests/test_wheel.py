"""The wheel that users install: what a source checkout has beside the packages must be in it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from engine.config.presets import shipped_presets

ROOT = Path(__file__).parents[1]


def test_the_wheel_has_every_preset_stylesheet_and_type_marker(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"engine/config/shipped/{name}.toml" for name in shipped_presets()} <= names
    sources = [path for package in ("engine", "gan_tui") for path in (ROOT / package).rglob("*")]
    wanted = {
        str(path.relative_to(ROOT))
        for path in sources
        if path.suffix in (".py", ".tcss", ".toml") or path.name == "py.typed"
    }
    assert wanted <= names
    assert not any(name.startswith(("tests/", "presets/")) for name in names)
