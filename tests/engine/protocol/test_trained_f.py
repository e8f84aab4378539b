"""Finding an f that another run has trained: which checkpoint it is from, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import RequestError
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.commands import Stop
from engine.protocol.rundir import RunDirectory
from engine.protocol.trained_f import find_trained_f
from gan_tui.client.prepare import prepare
from tests.dtn_runs import make_dtn_run
from tests.engine.train.here import after_step, train_here
from tests.runs import make_run


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A run with checkpoints at steps 2, which ends the training of f, and 4."""
    run = make_dtn_run(tmp_path_factory.mktemp("runs"), "trained", "checkpoint.every=2")
    train_here(run)
    assert [manifest.step for _, manifest in list_checkpoints(run)] == [2, 4]
    return run


def test_it_is_that_of_the_newest_checkpoint(trained: RunDirectory) -> None:
    path = find_trained_f(str(trained.root), width=2)
    assert path == trained.checkpoints / "step-00000004" / "f.safetensors"
    assert path.is_file()


def test_a_damaged_checkpoint_is_passed_over(trained: RunDirectory) -> None:
    path = trained.checkpoints / "step-00000004" / "g.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    try:
        assert find_trained_f(str(trained.root), width=2).parent.name == "step-00000002"
    finally:
        path.write_bytes(whole)


def test_another_width_is_refused(trained: RunDirectory) -> None:
    with pytest.raises(RequestError, match=r"has an f of width 2, not 64\. Set method\.f_width to 2"):
        find_trained_f(str(trained.root), width=64)


def test_an_f_in_training_is_refused(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "young")
    train_here(run, script=after_step(1, Stop(how="save")))
    with pytest.raises(RequestError, match="has trained its f for 1 of 2 steps"):
        find_trained_f(str(run.root), width=2)


def test_a_run_without_checkpoints_is_refused(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "new")
    with pytest.raises(RequestError, match="has no checkpoint"):
        find_trained_f(str(run.root), width=2)


def test_a_run_of_another_method_is_refused(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with pytest.raises(RequestError, match="is a cyclegan run, which has no f"):
        find_trained_f(str(run.root), width=2)


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="is no run directory"):
        find_trained_f(str(tmp_path), width=2)


def test_a_new_run_is_refused_before_it_exists(trained: RunDirectory, tmp_path: Path) -> None:
    preset = tmp_path / "other.toml"
    preset.write_text(f'[method]\nkind = "dtn"\nf_from = "{trained.root}"\n[data]\nkind = "synthetic-digits"\n')
    with pytest.raises(RequestError, match="has an f of width 2, not 64"):
        prepare(str(preset), [], {})
    assert f'f_from = "{trained.root}"' in prepare(str(preset), ["method.f_width=2"], {}).toml
