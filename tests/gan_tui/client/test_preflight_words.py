"""A preflight in words."""

from __future__ import annotations

import msgspec
import pytest

from engine.protocol.checkpoints import set_star
from engine.protocol.events import StagedChange
from engine.protocol.rundir import RunDirectory
from gan_tui.client.branch import ResumeRequest
from gan_tui.client.preflight import Preflight, preflight
from gan_tui.client.preflight_words import MOST_LINES, Told, summary, told, whole_text
from gan_tui.client.preset_drift import Alteration
from tests.gan_tui.client.resumable import cut, flip_a_bit, folder_of, rewrite
from tests.runs import make_run


def look(run: RunDirectory, chosen: str = "latest", *settings: str) -> Preflight:
    return preflight(run, chosen, ResumeRequest(settings=settings), thorough=True)[1]


def parts(seen: Preflight) -> dict[str, Told]:
    return {part.label: part for part in told(seen, "1 h")}


def test_a_quiet_resume_is_told_in_a_few_lines(horse: RunDirectory) -> None:
    set_star(folder_of(horse, 12), True)
    seen = look(horse)
    size = parts(seen)["checkpoint"].lines[0].split(", ")[3]
    assert summary(seen, "1 h") == [
        "horse goes on in place, with step 13.",
        f"  checkpoint step 12, epoch 3, 1 h old, {size}, whole, starred, best",
        "  left       12 steps, 3 epochs",
        "  next lr    G 1.6e-4  D 1.6e-4  (base rate × 0.8)",
    ]
    assert parts(seen)["controls"] == Told("controls", ("as config.toml has them",), "faint")
    assert parts(seen)["versions"].tone == "faint"
    assert parts(seen)["data"].lines == ("5 images drawn for each domain",)
    assert parts(seen)["device"].lines == ("cpu; last on cpu fp32",)


def test_what_changes_is_told_line_by_line(horse: RunDirectory) -> None:
    staged = (StagedChange(at_step=2000, values={"loss.cycle_b": 1.5}, by="ann"),)
    rewrite(horse, 6, controls={"loss.cycle_a": 3.0}, staged=staged)
    cut(horse, 3)
    seen = parts(look(horse, "6", "optim.lr_g=1e-3", "data.flip=false"))
    assert seen["goes on"].lines == ("in a branch, horse-from-6",)
    assert seen["asked for"].lines == ("data.flip true → false", "optim.lr_g 2e-4 → 0.001")
    assert seen["controls"].lines == ("loss.cycle_a 3 (config.toml 10)",)
    assert seen["staged"].lines == ("loss.cycle_b 1.5 at step 2,000 (ann)",)
    assert seen["unusable"].lines[0].startswith("step-00000003 has a truncated file")
    assert seen["preset"].lines == ("no preset is called tiny any more, shipped or in this folder",)


def test_a_list_is_told_number_by_number(horse: RunDirectory) -> None:
    digits = Alteration(key="data.without_A", before=(), after=(3, 5))
    seen = msgspec.structs.replace(look(horse), settings=(digits,))
    assert parts(seen)["asked for"].lines == ("data.without_A [] → [3, 5]",)
    assert msgspec.json.decode(msgspec.json.encode(seen), type=Preflight) == seen


def test_damage_and_warnings(horse: RunDirectory) -> None:
    flip_a_bit(horse, 12)
    passed_over = parts(look(horse))
    assert passed_over["goes on"].lines == ("in place; steps 10 to 12 are trained again",)
    assert passed_over["warning"].lines[0].startswith("checkpoint step-00000012: has a damaged file")
    assert "unusable" not in passed_over, "it is told once"
    asked_for = parts(look(horse, "12"))
    assert asked_for["goes on"].lines == ("not from here: this checkpoint is damaged",)
    assert asked_for["problem"].tone == "bad"


def test_the_text_holds_every_part_and_the_summary_is_short(horse: RunDirectory) -> None:
    (horse.root.parent / "notes").write_text("")
    rewrite(horse, 6, controls={f"loss.{name}": 1.0 for name in ("cycle_a", "cycle_b", "adversarial", "identity")})
    flip_a_bit(horse, 3)
    cut(horse, 12)
    seen = look(horse, "6", "optim.epochs=9", "run.seed=4")
    assert len(summary(seen, "1 h")) <= MOST_LINES
    text = whole_text(seen, "1 h")
    assert text[0] == "run        horse"
    for part in told(seen, "1 h"):
        for place, line in enumerate(part.lines):
            assert f"{part.label if place == 0 else '':<10} {line}" in text
    [controls] = [line for line in summary(seen, "1 h") if line.startswith("  controls")]
    assert controls.endswith("loss.cycle_b 1 (config.toml 10), loss.identity 1 (config.toml 0.5)")


def test_a_preset_that_was_changed(horse: RunDirectory) -> None:
    identity = horse.identity.read_text().replace('"preset": "tiny"', '"preset": "quickstart"')
    horse.identity.write_text(identity)
    lines = parts(look(horse))["preset"].lines
    assert "generator.width 4 (file 16)" in lines
    assert "run.device cpu (file auto)" in lines


@pytest.mark.parametrize(
    ("factor", "lr", "words"),
    [
        (0.2, {"G": 4e-5}, "G 4e-5  (base rate × 0.2)"),
        (0.2, {}, "base rate × 0.2"),
        (None, {"G": 4e-5}, "G 4e-5"),
        (None, {}, "known once the engine has looked at the losses"),
    ],
)
def test_the_next_rates(horse: RunDirectory, factor: float | None, lr: dict[str, float], words: str) -> None:
    seen = look(horse)
    horizon = msgspec.structs.replace(seen.horizon, factor=factor, lr=lr, steps_left=None)
    seen = msgspec.structs.replace(seen, horizon=horizon)
    assert parts(seen)["next lr"].lines == (words,)
    assert parts(seen)["left"].lines == ("known once the engine has counted the images",)


def test_a_run_that_begins_anew(horse: RunDirectory) -> None:
    seen = look(make_run(horse.root.parent, name="fresh"))
    assert summary(seen, "")[0] == "fresh has no checkpoint of its own yet: it begins where it began before."
