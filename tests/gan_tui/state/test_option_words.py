"""Refusals worded for a command line, as a screen tells them."""

from __future__ import annotations

import pytest

from gan_tui.state.option_words import by_settings, without_options

LINES = ("preset", "name", "set", "data")


@pytest.mark.parametrize(
    ("worded", "in_settings", "in_lines"),
    [
        ("--set seed=3: is not of the form. Try: --set run.seed=1", "seed=3: is not of the form. Try: run.seed=1", ""),
        (
            "x: does not exist. Set --data or data.root to a folder",
            "x: does not exist. Set data.root to a folder",
            "Set data to",
        ),
        (
            "data.root: is not set. Give --data DIR, a folder",
            "data.root: is not set. Give data.root, a folder",
            "Give data, a",
        ),
        (
            "run x: exists already. Choose another --name.",
            "run x: exists already. Choose another name.",
            "another name.",
        ),
        (
            "run.device = cuda: no GPU. Use --device auto or cpu.",
            "run.device = cuda: no GPU. Use run.device auto or cpu.",
            "",
        ),
        ("--set loss.cycl: is no key", "loss.cycl: is no key", ""),
        ("--set: method.kind: 'x' is no method", "the settings: method.kind: 'x' is no method", "set: method"),
        (
            "x: is a folder. Try: gan-tui train horse2zebra --data x",
            "x: is a folder. Try: preset horse2zebra, data.root x",
            "data x",
        ),
        ("a--settled --dataset --runs-dir", "a--settled --dataset --runs-dir", "--runs-dir"),
    ],
)
def test_an_option_is_a_setting_or_a_line(worded: str, in_settings: str, in_lines: str) -> None:
    assert without_options(worded) == in_settings
    assert in_lines in without_options(worded, LINES)


@pytest.mark.parametrize(
    ("worded", "by_keys"),
    [
        ("Give --data DIR, a folder.", "Give --set data.root=DIR, a folder."),
        ("Set --data or data.root to a folder.", "Set data.root (--set data.root=DIR) to a folder."),
        ("Use --device auto or cpu.", "Use --set run.device=auto or cpu."),
        ("Leave out --set data.crop=3, --steps 3", "Leave out --set data.crop=3, --steps 3"),
    ],
)
def test_options_of_train_are_settings_of_a_resume(worded: str, by_keys: str) -> None:
    assert by_settings(worded) == by_keys
