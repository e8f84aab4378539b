"""gan-tui access: give, list and take back the keys with which other machines reach a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gan_tui.cli.options import AsJson, RunArgument, RunsFolder
from gan_tui.cli.output import age, put, put_json, say

if TYPE_CHECKING:
    from engine.protocol.rundir import RunDirectory


def access(
    run: RunArgument,
    file: Annotated[
        Path | None, typer.Argument(help="Where to write a new access file; it holds a secret.", show_default=False)
    ] = None,
    name: Annotated[str | None, typer.Option(help="Whose it is [default: FILE's.]", show_default=False)] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Let its holder watch, not steer.")] = False,
    host: Annotated[
        str | None, typer.Option(help="The name by which this machine is reached.", show_default=False)
    ] = None,
    revoke: Annotated[
        str | None, typer.Option(metavar="NAME", help="Take one back instead.", show_default=False)
    ] = None,
    runs_dir: RunsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Write an access file for another machine; without FILE, list whom a run has been opened to."""
    from engine.errors import RequestError
    from engine.protocol.access import revoke as take_back
    from gan_tui.client.access import give_access
    from gan_tui.client.locate import find_run, runs_folder

    found = find_run(run, runs_folder(runs_dir))
    if revoke is not None:
        if file is not None:
            raise RequestError("access", "gives a key or takes one back, not both", "Leave out FILE or --revoke.")
        take_back(found, revoke)
        say(f"The key of {revoke} opens {found.name} no more.")
    elif file is None:
        _list(found, as_json)
    else:
        given = give_access(
            found, file, name=file.stem if name is None else name, rights="watch" if watch else "steer", host=host
        )
        say(f"{file} opens {found.name} at {given.address} to whoever holds it. Carry it over a safe way, as by scp.")
        say(f"There: gan-tui attach {file.name}")


def _list(run: RunDirectory, as_json: bool) -> None:
    from engine.protocol.access import grants

    given = list(grants(run))
    if as_json:
        put_json([{"name": name, "rights": grant.rights, "created": grant.created} for name, grant in given])
    elif not given:
        say(f"Nobody has been given access to {run.name}: gan-tui access {run.name} FILE")
    else:
        for name, grant in given:
            put(name, grant.rights, f"{age(grant.created)} ago")
