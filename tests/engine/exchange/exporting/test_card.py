"""What a model card says of a checkpoint."""

from __future__ import annotations

from pathlib import Path

from engine.evaluation.keeping import keep
from engine.exchange.exporting.card import card
from engine.exchange.exporting.request import request_of
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.conditions import Conditions
from engine.protocol.evaluation import Evaluation
from engine.protocol.exchange import ExportJob
from engine.protocol.rundir import RunDirectory
from tests.engine.exchange.saved import saved_run


def card_of(run: RunDirectory, folder: Path) -> str:
    job = ExportJob(run=str(run.root), format="safetensors", out=bytes(folder / "out"))
    return card(request_of(job))


def test_a_card_has_what_was_measured(tmp_path: Path) -> None:
    run = saved_run(tmp_path, "pix2pix")
    assert "| figures | not measured |" in card_of(run, tmp_path)
    [(_, manifest)] = list_checkpoints(run)
    measured = Evaluation(
        time=1.0,
        run=manifest.run,
        step=manifest.step,
        seq=manifest.seq,
        figures={"psnr": 12.34567, "ssim": None},
        conditions=Conditions(split="test", images_A=4, images_B=4),
    )
    assert keep(run, measured) == ""
    assert "| figures | psnr 12.35, ssim nan |" in card_of(run, tmp_path)
