"""A picture that is printed: what cannot be drawn is no failure of the work that made it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gan_tui.cli.picture import show_picture


def test_a_picture_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.new("RGB", (30, 20), "red").save(tmp_path / "a.png")
    show_picture(tmp_path / "a.png")
    assert len(capsys.readouterr().out.splitlines()) > 10


def test_one_that_is_too_large_to_be_decoded_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the sheet of three photographs of 61 million pixels is for Pillow."""
    Image.new("RGB", (30, 20), "red").save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 200)
    show_picture(tmp_path / "a.png")
    assert capsys.readouterr().out == ""
