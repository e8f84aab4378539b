"""Folders that were exported as safetensors come in as runs, of every method that goes by its weights alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.config.load import read_toml, resolve
from engine.errors import RequestError
from engine.exchange.exporting.export import export
from engine.exchange.exporting.request import request_of
from engine.exchange.importing.import_run import import_run
from engine.exchange.importing.sources import sources_of
from engine.loaded_method import take_up
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.exchange import ExportJob, Imported, ImportJob
from engine.protocol.jobs import Progress, Remark
from engine.protocol.rundir import RunDirectory
from engine.saved import find_saved
from tests.engine.exchange.saved import saved_run


def silent(said: Progress | Remark) -> None:
    """Nobody listens."""


def exported(folder: Path, kind: str) -> tuple[RunDirectory, Path]:
    run = saved_run(folder / "runs", kind)
    export(request_of(ExportJob(run=str(run.root), out=bytes(folder / kind), format="safetensors")), silent)
    return run, folder / kind


def brought_in(folder: Path, runs: Path, **how: Any) -> Imported:
    job = ImportJob(paths=(bytes(folder),), runs=str(runs), **how)
    return import_run(job, sources_of(job), silent)


@pytest.mark.parametrize("kind", ["cyclegan", "pix2pix", "discogan", "aegan"])
def test_what_goes_out_comes_in_again(kind: str, tmp_path: Path) -> None:
    run, folder = exported(tmp_path, kind)
    found = brought_in(folder, tmp_path / "back")
    back = RunDirectory(Path(found.run))
    assert (back.name, found.method) == (kind, kind)
    assert resolve(read_toml(back.config), "") == resolve(read_toml(run.config), "")
    [(_, manifest)] = list_checkpoints(back)
    assert manifest.step == find_saved(run).manifest.step == found.step
    first, second = (take_up(find_saved(each), "cpu")[0] for each in (run, back))
    for name, network in first.networks.items():
        ours, theirs = network.state_dict(), second.networks[name].state_dict()
        equal = all(torch.equal(ours[key], theirs[key]) for key in ours)
        assert equal != (name in found.anew), name
    assert "the optimizers" in found.anew


def refusal(folder: Path, runs: Path, **how: Any) -> str:
    with pytest.raises(RequestError) as refused:
        brought_in(folder, runs, **how)
    assert not runs.exists()
    return refused.value.one_line()


def test_what_does_not_belong_to_it_is_refused(tmp_path: Path) -> None:
    _, folder = exported(tmp_path, "discogan")
    state = load_file(folder / "G_A.safetensors")
    save_file(state, folder / "H.safetensors")
    assert "the weights of H: are of no network of this discogan run" in refusal(folder, tmp_path / "back")
    (folder / "H.safetensors").write_bytes(b"not at all")
    assert "H.safetensors: cannot be read" in refusal(folder, tmp_path / "back")
    (folder / "H.safetensors").unlink()
    save_file({**state, "more": torch.ones(1)}, folder / "G_A.safetensors")
    assert "the weights of G_A: do not fit" in refusal(folder, tmp_path / "back")


def test_settings_are_held_against_the_networks_as_in_training(tmp_path: Path) -> None:
    """As they are with the reference's files."""
    _, folder = exported(tmp_path, "cyclegan")
    back = tmp_path / "back"
    assert "data.crop" in refusal(folder, back, settings=("data.crop=33", "data.resize=0"))
    assert "batch" in refusal(folder, back, settings=("loss.gan=wgan-gp", "discriminator.norm=batch"))


@pytest.mark.parametrize(("told", "step"), [("9" * 5000, 0), ("-3", 0), ("7", 7)], ids=["huge", "negative", "seven"])
def test_a_step_that_is_none_is_passed_over(told: str, step: int, tmp_path: Path) -> None:
    _, folder = exported(tmp_path, "pix2pix")
    file = folder / "G.safetensors"
    save_file(load_file(file), file, {"step": told})
    assert brought_in(folder, tmp_path / "back").step == step


def test_an_interrupt_amidst_the_writing_leaves_no_run(tmp_path: Path) -> None:
    _, folder = exported(tmp_path, "pix2pix")
    runs, seen = tmp_path / "back", []

    def interrupt(said: Progress | Remark) -> None:
        seen.extend(path.name for path in runs.glob("*/*/run.json"))
        raise KeyboardInterrupt

    job = ImportJob(paths=(bytes(folder),), runs=str(runs))
    with pytest.raises(KeyboardInterrupt):
        import_run(job, sources_of(job), interrupt)
    assert seen == ["run.json"], "it was on its way"
    assert list(runs.iterdir()) == []


def test_dtns_are_not_weights_alone(tmp_path: Path) -> None:
    _, folder = exported(tmp_path, "dtn")
    assert "whose training of f goes by more than weights" in refusal(folder, tmp_path / "back")
