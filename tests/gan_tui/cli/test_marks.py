"""The colour of a mark is there where the terminal has colours, and nothing else of a line changes."""

from __future__ import annotations

import re

import pytest

from gan_tui.cli.marks import STYLES, put_marked

LINES = ["  problem  disk  [bold]full[/] of problems", "           -> make room"]


def test_elsewhere_lines_are_as_they_are(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    put_marked(LINES, "problem")
    assert capsys.readouterr().out.splitlines() == LINES


@pytest.mark.parametrize("mark", STYLES)
def test_a_colour_is_the_marks_alone(
    mark: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    put_marked([f"  {mark}  what was found, {mark}"], mark)
    out = capsys.readouterr().out
    assert re.fullmatch(rf"  \x1b\[[0-9;]+m{mark}\x1b\[0m  what was found, {mark}\n", out)


def test_without_colours_none_is_asked_for(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    put_marked(["warning  few"], "warning")
    assert capsys.readouterr().out == "warning  few\n"
