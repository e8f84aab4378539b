"""Paths that begin with a home's sign."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.user_paths import at_home
from engine.errors import RequestError


def test_homes_and_names_that_begin_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.chdir(tmp_path)
    assert at_home("~/sets") == Path("/home/ada/sets")
    assert at_home(Path("a/~b")) == Path("a/~b")
    assert at_home("") == Path()
    Path("~$draft.png").touch()
    assert at_home("~$draft.png") == Path("~$draft.png")
    with pytest.raises(RequestError, match=r"begins with the home of nobody here. .*, or \./~no-such-user/x"):
        at_home("~no-such-user/x")
