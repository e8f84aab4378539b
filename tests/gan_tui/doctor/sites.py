"""Machines made of files, and what is found of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gan_tui.doctor.finding import Finding
from gan_tui.doctor.site import Site

PASSWD = "root:x:0:0:root:/root:/bin/bash\nada:x:1000:1000:Ada,,,:/home/ada:/bin/bash\n"


def site(root: Path, files: dict[str, str] | None = None, **environ: str) -> Site:
    """A machine with these files and no others, and ada's process on it. A name that ends with / is a folder."""
    for name, text in {"/etc/passwd": PASSWD, **(files or {})}.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        else:
            path.write_text(text)
    return Site(root=root, environ=environ, uid=1000)


def by_subject(findings: Iterable[Finding]) -> dict[str, Finding]:
    """The findings, each by its subject; two of one would be an error."""
    listed = list(findings)
    found = {finding.subject: finding for finding in listed}
    assert len(found) == len(listed), [finding.subject for finding in listed]
    assert all(finding.fix for finding in listed if finding.mark == "problem"), "of a problem it is said what to do"
    return found
