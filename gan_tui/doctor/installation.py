"""The program itself: its version and place, the packages that it stands on, the user's file."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version

import msgspec

from engine.errors import GanTuiError
from gan_tui.client.preferences import VARIABLE, preferences_file, read_preferences
from gan_tui.doctor.finding import Finding, note, ok, problem
from gan_tui.doctor.site import Site

EXTRAS = {
    "tensorboard": ("tensorboard", "event files beside the record (log.tensorboard)"),
    "fid": ("torch-fidelity", "FID and KID (gan-tui eval --figure fid)"),
    "onnx": ("onnx", "exports for other runtimes (gan-tui export -o FILE.onnx)"),
    "svhn": ("scipy", "reading SVHN's files as they are fetched"),
}
"""What can be installed besides: the package that it brings, and what that is for."""


class _Folder(msgspec.Struct):
    editable: bool = False


class _Origin(msgspec.Struct):
    """direct_url.json (PEP 610): where pip had a package from, if not from an index."""

    url: str = "somewhere"
    dir_info: _Folder = msgspec.field(default_factory=_Folder)


def examine(site: Site) -> Iterator[Finding]:
    """Look at the installation."""
    yield ok("python", f"{platform.python_version()}, {sys.executable}")
    try:
        found = distribution("gan-tui")
    except PackageNotFoundError:
        yield note("gan-tui", "not installed: it runs from its sources", "pip install -e .")
    else:
        yield ok("gan-tui", f"{found.version}, {_how_installed(found)}")
    for extra, (package, use) in EXTRAS.items():
        try:
            yield ok(f"[{extra}]", f"{package} {version(package)}: {use}")
        except PackageNotFoundError:
            yield ok(f"[{extra}]", f"not installed; pip install 'gan-tui[{extra}]' adds {use}")
    file = preferences_file(site.environ)
    try:
        read_preferences(file, required=bool(site.environ.get(VARIABLE)))
    except GanTuiError as error:
        yield problem("user's file", f"{error.subject} {error.fact}", error.fix)
    else:
        yield ok("user's file", f"{file}{'' if file.exists() else ', which is not there: all is as built in'}")


def _how_installed(found: Distribution) -> str:
    """From where, and whether changes of the sources take effect at once."""
    said = found.read_text("direct_url.json")
    if said is None:
        return "from a package index"
    try:
        origin = msgspec.json.decode(said, type=_Origin)
    except msgspec.DecodeError:  # whatever wrote it, the package is there
        return "from somewhere"
    return f"{'editable, ' if origin.dir_info.editable else ''}from {origin.url}"
