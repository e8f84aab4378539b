"""Finding an f that another run has trained: which checkpoint it is from, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.load import read_toml, resolve
from engine.config.methods import DtnConfig
from engine.errors import RequestError
from engine.protocol import events as ev
from engine.protocol.checkpoints import list_checkpoints
from engine.protocol.commands import Stop
from engine.protocol.rundir import Parent, RunDirectory
from engine.protocol.trained_f import find_trained_f, foreign_source
from gan_tui.client.prepare import prepare
from tests.dtn_runs import make_digits, make_dtn_run
from tests.engine.train.here import after_step, session_of, train_here
from tests.runs import events_of, make_run


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
    with pytest.raises(RequestError, match="has not trained its f to the end in its newest checkpoint, of step 1"):
        find_trained_f(str(run.root), width=2)


def test_an_f_in_training_is_refused_in_a_branch_that_takes_another_too(trained: RunDirectory, tmp_path: Path) -> None:
    """It begins with its parent's checkpoint, in which f is half trained."""
    young = make_dtn_run(tmp_path, "young")
    train_here(young, script=after_step(1, Stop(how="save")))
    branch = make_dtn_run(
        tmp_path, "branch", f'method.f_from="{trained.root}"', parent=Parent(run=str(young.root), step=1)
    )
    with session_of(branch):
        assert [manifest.step for _, manifest in list_checkpoints(branch)] == [1]
    with pytest.raises(RequestError, match="has not trained its f to the end"):
        find_trained_f(str(branch.root), width=2)
    train_here(branch)
    assert find_trained_f(str(branch.root), width=2).parent.name == "step-00000004"


def test_a_random_f_is_refused(tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "random", "method.f_steps=0")
    train_here(run)
    with pytest.raises(RequestError, match=r"has left its f at its first, random weights"):
        find_trained_f(str(run.root), width=2)


def test_an_f_that_was_taken_may_be_taken_again(trained: RunDirectory, tmp_path: Path) -> None:
    run = make_dtn_run(tmp_path, "second", f'method.f_from="{trained.root}"')
    train_here(run)
    assert find_trained_f(str(run.root), width=2).is_file()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ((), ""),
        (("data.images=30", "data.without_B=[1]"), ""),
        (("data.direction=BtoA",), "this run's source is domain B of the synthetic digits"),
        (("data.without_A=[3, 1]",), "this run's source is domain A of the synthetic digits without 1, 3"),
    ],
)
def test_a_run_is_told_where_the_f_it_takes_is_of_another_source(
    trained: RunDirectory, tmp_path: Path, settings: tuple[str, ...], told: str
) -> None:
    run = make_dtn_run(tmp_path, "second", f'method.f_from="{trained.root}"', *settings)
    train_here(run, script=after_step(1, Stop(how="save")))
    train_here(run)
    alerts = [alert.fact for alert in events_of(run, ev.Alert)]
    wanted = f"has an f for domain A of the synthetic digits, and {told}"
    assert alerts == ([wanted] if told else []), "once: a resume has its f already"


def test_sets_are_compared_by_name_wherever_they_lie(tmp_path: Path) -> None:
    first, second = make_digits(tmp_path / "one"), make_digits(tmp_path / "two")
    other = make_dtn_run(tmp_path, "other", root=first)
    train_here(other)
    here, swapped = (
        resolve(read_toml(make_dtn_run(tmp_path, name, *more, f'method.f_from="{other.root}"', root=second).config), "")
        for name, more in (("here", ()), ("swapped", ("data.direction=BtoA",)))
    )
    assert isinstance(here, DtnConfig)
    assert isinstance(swapped, DtnConfig)
    assert foreign_source(here) == ""
    assert foreign_source(swapped) == "has an f for bars, and this run's source is boxes"


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
        prepare(str(preset), [], {}, tmp_path)
    assert f'f_from = "{trained.root}"' in prepare(str(preset), ["method.f_width=2"], {}, tmp_path).toml
