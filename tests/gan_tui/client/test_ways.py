"""How what a refusal advises is done, by commands and in the browser."""

from __future__ import annotations

import pytest

from engine.protocol.rundir import RunDirectory
from gan_tui.client.branch import ResumeRequest
from gan_tui.client.preflight import preflight
from gan_tui.client.ways import BrowserKeys, Commands, Ways

BROWSER = BrowserKeys(keys={"runs-branch": "F2"})


@pytest.mark.parametrize(
    ("ways", "told"),
    [
        (Commands(), "gan-tui resume horse --checkpoint 12 --steps 24"),
        (BROWSER, "F2 on horse with run.steps=24, then step 12"),
    ],
)
def test_a_run_that_is_done_is_trained_longer(horse: RunDirectory, ways: Ways, told: str) -> None:
    _, seen = preflight(horse, "latest", ResumeRequest(settings=("run.steps=12",), ways=ways))
    assert [problem.fix for problem in seen.problems] == [f"Train longer in a branch: {told}"]


def test_a_refused_setting_is_told_in_the_browsers_words(horse: RunDirectory) -> None:
    request = ResumeRequest(settings=("data.kind=unpaired",), ways=BROWSER)
    _, seen = preflight(horse, "6", request)
    [problem] = [problem for problem in seen.problems if problem.subject == "data.root"]
    assert problem.fix.startswith("Give data.root, a folder")
    assert seen.data.problem == problem.in_words()


def test_each_way_in_the_browser_is_a_key_of_it() -> None:
    assert BROWSER.attach("horse") == "Enter on horse"
    assert BROWSER.checkpoints("horse") == "r on horse"
    assert BROWSER.resume("horse", 1200, {}) == "r on horse, then step 1,200"
    assert (BROWSER.train("maps"), BROWSER.train("")) == ("n with maps", "n")
    assert BROWSER.settings({"optim.lr_g": "1e-4", "run.steps": "0"}) == "optim.lr_g=1e-4 run.steps=0"
    assert Commands().settings({"optim.lr_g": "1e-4", "run.steps": "0"}) == "--set optim.lr_g=1e-4 --steps 0"
