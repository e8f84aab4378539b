"""The runtime directory: where engines are reached, and whether that stays while they train."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from engine.errors import GanTuiError
from engine.protocol.mounts import mount_of
from engine.protocol.runtime import NAME_ROOM, SOCKET_PATH_LIMIT, socket_folder, unheard_sockets
from gan_tui.doctor.finding import Finding, note, ok, problem
from gan_tui.doctor.logout import lingers, runs_systemd
from gan_tui.doctor.site import Site


def examine(site: Site) -> Iterator[Finding]:
    """Look at the folder of sockets, which is made where it is missing, as a run would."""
    try:
        folder = socket_folder()
    except GanTuiError as error:
        yield problem("folder", f"{error.subject}: {error.fact}", error.fix)
        return
    yield ok("folder", f"{folder}, {_why(site, folder)}, open to its owner alone")
    taken = len(os.fsencode(folder)) + NAME_ROOM
    yield ok("path length", f"{taken} of {SOCKET_PATH_LIMIT} bytes with the longest name in it")
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix="doctor-"):
            yield ok("writable", f"yes, on {mount_of(folder, site.path('/proc/self/mountinfo')).kind or 'this system'}")
    except OSError as error:
        fix = "Make room there, or set XDG_RUNTIME_DIR to another folder of yours."
        yield problem("writable", f"no: {error.strerror}", fix)
    yield lifetime(site, folder)
    stale = unheard_sockets(folder)
    if stale:
        fact = f"{len(stale)} of engines that died; the next engine of their run removes them"
        yield note("left behind", fact, f"Or by hand, such as: rm {stale[0]}")


def _why(site: Site, folder: Path) -> str:
    if folder.parent == Path(site.environ.get("XDG_RUNTIME_DIR", "")):
        return "by XDG_RUNTIME_DIR"
    if folder.name == "gan-tui":
        return "in the user's own runtime directory"
    return "in the temporary folder, as there is no runtime directory"


def lifetime(site: Site, folder: Path) -> Finding:
    """Whether systemd takes the folder away at logout."""
    if not runs_systemd(site) or not folder.is_relative_to(f"/run/user/{site.uid}"):
        return ok("lifetime", "stays when you log out")
    if lingers(site):
        return ok("lifetime", "stays when you log out, as linger is on")
    fact = (
        "goes with your last session, by systemd's manual; systemd 252 left it while an engine of that session "
        "went on. Without it an engine is seen by its record alone"
    )
    return note("lifetime", fact, f"To be safe: loginctl enable-linger {site.user()}")
