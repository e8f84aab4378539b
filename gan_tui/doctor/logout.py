"""What becomes of an engine when its user logs out, as systemd-logind has been told.

setsid, by which an engine is started, leaves the terminal and not the control group of the session, by which systemd
ends processes (logind.conf(5), loginctl(1), user@.service(5)).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gan_tui.doctor.finding import Finding, note, ok, problem
from gan_tui.doctor.site import Site

_FOLDERS = ("/usr/lib/systemd", "/usr/local/lib/systemd", "/run/systemd", "/etc/systemd")
"""Of logind.conf and its drop-ins; a later one hides the files of the same name in those before it."""
_SETTING = re.compile(r"^\s*(#?)\s*(KillUserProcesses|KillOnlyUsers|KillExcludeUsers)\s*=\s*(.*?)\s*$", re.MULTILINE)
AWAY = "systemd-run --user --scope gan-tui train ..."
"""Starts a run outside of the session."""


class Setting(NamedTuple):
    """What logind.conf says of a key."""

    value: str
    file: str
    commented: bool
    """As the shipped file has the value that was built in."""


def runs_systemd(site: Site) -> bool:
    """Whether the machine was started by it; systemd's own test."""
    return site.path("/run/systemd/system").is_dir()


def lingers(site: Site) -> bool:
    """Whether the user's services outlast their sessions."""
    return site.path(f"/var/lib/systemd/linger/{site.user()}").exists()


def examine(site: Site) -> Iterator[Finding]:
    """Look at what logind does when the session ends."""
    if not runs_systemd(site):
        yield ok("systemd", "does not run here: nobody ends what a session leaves behind")
        return
    where = _unit(site)
    linger = lingers(site)
    user = site.user()
    if where == "manager" and not linger:
        fact = "this shell belongs to your service manager, which ends after your last session, and engines with it"
        yield problem("logout", fact, f"loginctl enable-linger {user}")
    elif where == "manager":
        yield ok("logout", "this shell belongs to your service manager, which goes on, as linger is on")
    elif where == "session":
        yield _end_of_session(_kills(site), user)
    else:
        yield ok("logout", "this shell belongs to no session of a user: none that ends takes an engine along")
    yield ok("linger", f"{'on' if linger else 'off'} for {user}")


def _end_of_session(kills: Setting | None, user: str) -> Finding:
    fix = f"loginctl enable-linger {user}, and start runs by: {AWAY}"
    if kills is None:
        fact = "KillUserProcesses is set nowhere: systemd's own default is yes, that of most distributions no"
        return note("logout", fact, f"To be safe: {fix}")
    if kills.value == "yes":
        fact = f"ends all processes of the session, engines too: KillUserProcesses=yes in {kills.file}"
        return problem("logout", fact, fix)
    return ok("logout", f"leaves engines alone: KillUserProcesses={kills.value} in {kills.file}")


def _unit(site: Site) -> str:
    """Which of systemd's units this process, and an engine that it starts, belongs to."""
    groups = site.text("/proc/self/cgroup")
    if re.search(rf"/user@{site.uid}\.service(/|$)", groups, re.MULTILINE):
        return "manager"
    return "session" if re.search(r"/session-[^/]+\.scope(/|$)", groups, re.MULTILINE) else ""


def _kills(site: Site) -> Setting | None:
    """KillUserProcesses as it holds for this user; None where nothing says it."""
    said: dict[str, Setting] = {}
    for file in _files(site):
        for comment, key, value in _SETTING.findall(site.text(file)):
            if not comment or key not in said or said[key].commented:
                said[key] = Setting(value, file, bool(comment))
    found = said.get("KillUserProcesses")
    if found is None:
        return None
    wanted = "yes" if found.value.lower() in ("yes", "true", "on", "1") else "no"
    only, spared = (said[key].value.split() if key in said and not said[key].commented else [] for key in _USERS)
    exempt = (bool(only) and site.user() not in only) or site.user() in (spared or ["root"])
    return Setting("no" if exempt else wanted, found.file, found.commented)


_USERS = ("KillOnlyUsers", "KillExcludeUsers")


def _files(site: Site) -> list[str]:
    """logind.conf, then its drop-ins by their names."""
    main = [f"{folder}/logind.conf" for folder in _FOLDERS if site.path(f"{folder}/logind.conf").is_file()]
    drop_ins: dict[str, Path] = {}
    for folder in _FOLDERS:
        for path in sorted(site.path(f"{folder}/logind.conf.d").glob("*.conf")):
            drop_ins[path.name] = path
    later = ["/" + str(drop_ins[name].relative_to(site.root)) for name in sorted(drop_ins)]
    return [*main[-1:], *later]
