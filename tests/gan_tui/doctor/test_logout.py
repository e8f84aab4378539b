"""What systemd does to engines when their user logs out, told from its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from gan_tui.doctor.logout import examine
from tests.gan_tui.doctor.sites import by_subject, site

BOOTED = {"/run/systemd/system/": ""}
IN_A_SESSION = {**BOOTED, "/proc/self/cgroup": "0::/user.slice/user-1000.slice/session-3.scope\n"}
IN_THE_MANAGER = {
    **BOOTED,
    "/proc/self/cgroup": "0::/user.slice/user-1000.slice/user@1000.service/app.slice/code.scope\n",
}
LINGERS = {"/var/lib/systemd/linger/ada": ""}
SHIPPED = {"/etc/systemd/logind.conf": "[Login]\n#KillUserProcesses=no\n#KillExcludeUsers=root\n"}


def said(kills: str, others: str = "") -> dict[str, str]:
    return {"/etc/systemd/logind.conf": f"[Login]\nKillUserProcesses={kills}\n{others}"}


@pytest.mark.parametrize(
    ("files", "mark", "words"),
    [
        ({}, "ok", ""),
        ({**IN_A_SESSION, **SHIPPED}, "ok", "KillUserProcesses=no in /etc/systemd/logind.conf"),
        ({**IN_A_SESSION, **said("yes")}, "problem", "KillUserProcesses=yes in /etc/systemd/logind.conf"),
        ({**IN_A_SESSION, **said("yes"), **LINGERS}, "problem", "engines too"),
        ({**IN_A_SESSION, **said("1")}, "problem", "engines too"),
        ({**IN_A_SESSION, **said("yes", "KillOnlyUsers=bob\n")}, "ok", "KillUserProcesses=no"),
        ({**IN_A_SESSION, **said("yes", "KillOnlyUsers=bob ada\n")}, "problem", "engines too"),
        ({**IN_A_SESSION, **said("yes", "KillExcludeUsers=root ada\n")}, "ok", "KillUserProcesses=no"),
        ({**IN_A_SESSION}, "note", "is set nowhere"),
        ({**IN_THE_MANAGER, **SHIPPED}, "problem", "ends after your last session"),
        ({**IN_THE_MANAGER, **SHIPPED, **LINGERS}, "ok", "as linger is on"),
        ({**BOOTED, "/proc/self/cgroup": "0::/system.slice/ssh.service\n", **said("yes")}, "ok", "no session"),
    ],
)
def test_what_ends_with_the_session(tmp_path: Path, files: dict[str, str], mark: str, words: str) -> None:
    found = by_subject(examine(site(tmp_path, files)))
    finding = found["logout" if files else "systemd"]
    assert finding.mark == mark
    assert words in finding.fact
    if mark == "problem":
        assert "loginctl enable-linger ada" in finding.fix


def test_the_way_out_of_a_session_that_is_ended_is_told(tmp_path: Path) -> None:
    found = by_subject(examine(site(tmp_path, {**IN_A_SESSION, **said("yes")})))
    assert "systemd-run --user --scope" in found["logout"].fix


def test_a_drop_in_comes_before_the_file_and_a_later_one_before_it(tmp_path: Path) -> None:
    files = {
        **IN_A_SESSION,
        **said("yes"),
        "/usr/lib/systemd/logind.conf.d/10-vendor.conf": "[Login]\nKillUserProcesses=yes\n",
        "/etc/systemd/logind.conf.d/50-site.conf": "[Login]\nKillUserProcesses=no\n",
    }
    finding = by_subject(examine(site(tmp_path, files)))["logout"]
    assert (finding.mark, "logind.conf.d/50-site.conf" in finding.fact) == ("ok", True)


def test_a_file_of_the_administrators_hides_the_vendors_of_its_name(tmp_path: Path) -> None:
    files = {
        **IN_A_SESSION,
        **SHIPPED,
        "/usr/lib/systemd/logind.conf.d/10-kill.conf": "[Login]\nKillUserProcesses=yes\n",
        "/etc/systemd/logind.conf.d/10-kill.conf": "",
    }
    assert by_subject(examine(site(tmp_path, files)))["logout"].mark == "ok"


def test_a_comment_does_not_undo_what_was_said_before_it(tmp_path: Path) -> None:
    files = {**IN_A_SESSION, **said("yes"), "/etc/systemd/logind.conf.d/a.conf": "#KillUserProcesses=no\n"}
    assert by_subject(examine(site(tmp_path, files)))["logout"].mark == "problem"
