"""The terminal by what its environment says."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_tui.doctor.terminal import SAMPLE, Size, examine
from tests.gan_tui.doctor.sites import by_subject, site

WIDE = Size(120, 40)
GOOD = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "en_GB.UTF-8"}


def above(*names: str) -> dict[str, str]:
    """A process of number 9 whose ancestors are called so, the nearest first."""
    files = {"/proc/self/status": "Name:\tgan-tui\nPPid:\t100\n"}
    for place, name in enumerate(names):
        parent = 100 + place + 1 if place + 1 < len(names) else 0
        files[f"/proc/{100 + place}/status"] = f"Name:\t{name}\nState:\tS (sleeping)\nPPid:\t{parent}\n"
    return files


def test_a_good_terminal_with_samples_to_look_at(tmp_path: Path) -> None:
    found = by_subject(examine(site(tmp_path, **GOOD), WIDE))
    assert {finding.mark for finding in found.values()} == {"ok"}
    assert found["colours"].fact == "all (24 bit)"
    assert SAMPLE in found["locale"].fact
    assert found["size"].fact == "120 x 40"


def test_none_at_all(tmp_path: Path) -> None:
    [finding] = examine(site(tmp_path), None)
    assert finding.mark == "note"


@pytest.mark.parametrize(
    ("environ", "subject", "words"),
    [
        ({**GOOD, "COLORTERM": ""}, "colours", "256, by TERM"),
        ({**GOOD, "TERM": "vt100", "COLORTERM": ""}, "colours", "none, by TERM"),
        ({**GOOD, "LANG": "C"}, "locale", "is not UTF-8"),
    ],
)
def test_what_is_less_than_it_could_be(tmp_path: Path, environ: dict[str, str], subject: str, words: str) -> None:
    finding = by_subject(examine(site(tmp_path, **environ), WIDE))[subject]
    assert finding.mark == "note"
    assert words in finding.fact
    assert finding.fix


def test_a_window_that_is_too_small(tmp_path: Path) -> None:
    assert by_subject(examine(site(tmp_path, **GOOD), Size(59, 40)))["size"].mark == "note"
    assert by_subject(examine(site(tmp_path, **GOOD), Size(60, 15)))["size"].mark == "ok"


def test_no_colours_by_wish_are_no_fault(tmp_path: Path) -> None:
    finding = by_subject(examine(site(tmp_path, **GOOD, NO_COLOR="1"), WIDE))["colours"]
    assert (finding.mark, "NO_COLOR" in finding.fact) == ("ok", True)


def test_what_lies_in_between(tmp_path: Path) -> None:
    files = above("bash", "tmux: server", "systemd")
    found = by_subject(examine(site(tmp_path, files, **{**GOOD, "TERM": "tmux-256color", "TMUX": "/tmp/x"}), WIDE))
    assert found["multiplexer"].fact.startswith("tmux")
    assert "does not pass through tmux" in found["pixels"].fact
    assert "connection" not in found


def test_mosh_is_seen_above_the_shell_and_ssh_by_its_variable(tmp_path: Path) -> None:
    over_mosh = site(tmp_path / "a", above("bash", "mosh-server", "init"), **GOOD, SSH_CONNECTION="::1 1 ::2 22")
    assert by_subject(examine(over_mosh, WIDE))["connection"].fact.startswith("mosh")
    over_ssh = site(tmp_path / "b", above("bash", "sshd", "init"), **GOOD, SSH_CONNECTION="10.1.2.3 5000 10.0.0.1 22")
    assert by_subject(examine(over_ssh, WIDE))["connection"].fact.startswith("SSH, from 10.1.2.3")
