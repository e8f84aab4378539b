"""What a run's checkpoints are, as a user chooses among them."""

from __future__ import annotations

import cProfile
import pstats
from pathlib import Path

from engine.evaluation.keeping import keep
from engine.protocol.checkpoints import MANIFEST, Manifest, set_star
from engine.protocol.conditions import Conditions
from engine.protocol.evaluation import Evaluation
from engine.protocol.rundir import RunDirectory
from gan_tui.client.inventory import Examined, take_inventory
from tests.gan_tui.client.resumable import cut, flip_a_bit, folder_of, rewrite


def test_every_checkpoint_oldest_first_with_its_marks(horse: RunDirectory) -> None:
    for step, objective in ((3, 4.0), (6, 2.0), (9, 1.0), (12, 3.0)):
        rewrite(horse, step, objective=objective)
    rewrite(horse, 9, objective=1.0, controls={"loss.cycle_a": 1.0})
    set_star(folder_of(horse, 3), True)
    found = take_inventory(horse)
    assert [(kept.manifest.step, kept.starred, kept.best, kept.damage) for kept in found.checkpoints] == [
        (3, True, False, ""),
        (6, False, True, ""),
        (9, False, False, ""),
        (12, False, False, ""),
    ]
    assert [kept.manifest.step for kept in found.newest_first] == [12, 9, 6, 3]
    assert found.unreadable == ()


def test_what_cannot_be_used(horse: RunDirectory) -> None:
    rewrite(horse, 6, objective=0.0)
    cut(horse, 6)
    flip_a_bit(horse, 9)
    (folder_of(horse, 3) / MANIFEST).unlink()
    found = take_inventory(horse)
    assert [(kept.manifest.step, kept.damage.partition(" (")[0]) for kept in found.checkpoints] == [
        (6, "has a truncated file G_A.safetensors"),
        (9, ""),
        (12, ""),
    ]
    assert not found.checkpoints[0].best, "a damaged one is not the best"
    [lost] = found.unreadable
    assert (lost.folder.name, lost.damage.partition(" (")[0]) == ("step-00000003", "has no readable manifest.json")


def test_each_is_examined_once(horse: RunDirectory) -> None:
    asked: list[Path] = []

    def examine(folder: Path, manifest: Manifest) -> str:
        asked.append(folder)
        return "is odd" if manifest.step % 2 else ""

    examined = Examined(examine)
    cut(horse, 6)
    pairs = [(kept.folder, kept.manifest) for kept in take_inventory(horse).checkpoints]
    assert [examined(*pairs[0]), examined(*pairs[0]), examined(*pairs[3])] == ["is odd", "is odd", ""]
    assert asked == [pairs[0][0], pairs[3][0]]
    assert [examined.so_far(*pair).partition(" (")[0] for pair in pairs] == [
        "is odd",
        "has a truncated file G_A.safetensors",
        "",
        "",
    ]
    assert len(asked) == 2


def test_which_evaluations_count_is_found_out_once(horse: RunDirectory) -> None:
    manifests = [kept.manifest for kept in take_inventory(horse).checkpoints]
    assert len(manifests) > 2
    conditions = Conditions(split="test", images_A=4, images_B=4)
    for of in manifests:
        keep(horse, Evaluation(time=1.0, run=of.run, step=of.step, figures={"l1": 0.5}, conditions=conditions))
    with cProfile.Profile() as profile:
        take_inventory(horse)
    calls = {name: told[0] for (_, _, name), told in pstats.Stats(profile).stats.items()}  # type: ignore[attr-defined]
    assert calls["counting"] == 1


def test_what_was_measured_of_each_and_the_best_by_what_the_run_says(horse: RunDirectory) -> None:
    conditions = Conditions(split="test", images_A=4, images_B=4)
    manifests = {kept.manifest.step: kept.manifest for kept in take_inventory(horse).checkpoints}
    for step, cycle in ((3, 0.1), (6, 0.3)):
        of = manifests[step]
        figures: dict[str, float | None] = {"cycle_A": cycle}
        keep(horse, Evaluation(time=step, run=of.run, step=step, seq=of.seq, figures=figures, conditions=conditions))
    config = horse.config.read_text()
    horse.config.write_text(config.replace('best_by = "objective"', 'best_by = "cycle_A"'))
    found = take_inventory(horse).checkpoints
    assert {kept.manifest.step: kept.figures for kept in found if kept.figures} == {
        3: {"cycle_A": 0.1},
        6: {"cycle_A": 0.3},
    }
    assert [kept.manifest.step for kept in found if kept.best] == [3]
