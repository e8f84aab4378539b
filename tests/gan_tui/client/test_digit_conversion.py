"""Published digits written anew by a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.data import DigitsData
from engine.config.data_check import check_data
from engine.errors import WorkError
from gan_tui.client.digit_conversion import convert_digits
from tests.engine.data.test_published_digits import publish_svhn, publish_usps
from tests.gan_tui.datasets.conftest import Heard


def test_usps_and_svhn_are_written_and_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_usps(tmp_path)
    publish_svhn(tmp_path, {"train": 3, "test": 2})
    monkeypatch.chdir(tmp_path)
    heard = Heard()
    convert_digits("usps", Path(), Path("usps"), heard)
    convert_digits("svhn", Path(), Path("svhn"), heard)
    check_data(DigitsData(root=str(tmp_path), A="svhn", B="usps"))
    told = ("reading usps with torchvision", "reading svhn with torchvision", "writing train images")
    assert tuple(what for what, _, _ in heard.begun) == (*told, "writing test images")
    assert heard.moved == 5


def test_files_that_are_not_right_are_a_failure(tmp_path: Path) -> None:
    publish_usps(tmp_path)
    (tmp_path / "usps.t.bz2").write_bytes(b"no")
    with pytest.raises(WorkError, match="usps, test: cannot be read"):
        convert_digits("usps", tmp_path, tmp_path / "usps", Heard())
