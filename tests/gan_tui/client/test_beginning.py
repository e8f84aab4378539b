"""What is worth knowing before a new run begins."""

from __future__ import annotations

from pathlib import Path

from engine.config.methods import TrainConfig
from gan_tui.client.beginning import notices_of_beginning
from tests.dtn_runs import make_digits
from tests.runs import tiny_config


def on_digits(root: Path) -> TrainConfig:
    return tiny_config("data.kind=digits", f"data.root={root}", "data.A=bars", "data.B=boxes", kind="dtn")


def test_digits_without_a_test_set_are_told(tmp_path: Path) -> None:
    config = on_digits(make_digits(tmp_path))
    assert list(notices_of_beginning(config)) == []
    for path in (tmp_path / "boxes").glob("t10k-*"):
        path.unlink()
    [notice] = notices_of_beginning(config)
    assert (notice.subject, notice.fact) == (str(tmp_path / "boxes"), "has no test digits")
    assert "gan-tui eval cannot judge this run" in notice.fix


def test_other_data_need_none() -> None:
    assert list(notices_of_beginning(tiny_config())) == []
    assert list(notices_of_beginning(tiny_config(kind="dtn"))) == []
