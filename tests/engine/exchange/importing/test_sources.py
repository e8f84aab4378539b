"""Which files an import takes, and folders that cannot be looked at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import RequestError
from engine.exchange.importing.sources import sources_of
from engine.protocol.exchange import ImportJob


def job_of(*paths: Path) -> ImportJob:
    return ImportJob(paths=tuple(map(bytes, paths)), runs="runs")


def test_a_folder_has_what_is_called_as_the_reference_does(tmp_path: Path) -> None:
    for name in ("latest_net_G_A.pth", "95_net_G_A.pth", "loss_log.txt", "train_opt.txt", "notes.txt"):
        (tmp_path / name).touch()
    found = sources_of(job_of(tmp_path))
    assert found.weights == {"G_A": tmp_path / "latest_net_G_A.pth"}
    assert (found.loss_log, found.options) == (tmp_path / "loss_log.txt", tmp_path / "train_opt.txt")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into any folder")
@pytest.mark.parametrize("mode", [0o000, 0o300, 0o400])
def test_a_folder_that_cannot_be_looked_into_is_told(mode: int, tmp_path: Path) -> None:
    folder = tmp_path / "shut"
    folder.mkdir()
    folder.chmod(mode)
    try:
        with pytest.raises(RequestError, match=r"cannot be looked at \(Permission denied\)"):
            sources_of(job_of(folder))
    finally:
        folder.chmod(0o700)
