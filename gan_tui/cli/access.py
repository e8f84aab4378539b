"""gan-tui access: give, list and take back the keys with which other machines reach a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gan_tui.cli import completion
from gan_tui.cli.options import AsJson, RunArgument, RunsFolder
from gan_tui.cli.output import age_of, put, put_json, say

if TYPE_CHECKING:
    from engine.protocol.access import Rights
    from engine.protocol.rundir import RunDirectory


def access(
    run: RunArgument,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Where to write a new access file; it holds a secret.", show_default=False),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose it is [default: FILE's].", show_default=False)
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Let its holder watch, not steer.")] = False,
    host: Annotated[
        str | None,
        typer.Option(
            metavar="HOST", help="The name by which this machine is reached [default: its own].", show_default=False
        ),
    ] = None,
    revoke: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Take back the key of that name instead; it holds no more at once.",
            show_default=False,
            autocompletion=completion.grantees,
        ),
    ] = None,
    runs_dir: RunsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Give, list and take back the keys that open a run elsewhere.

    A run that was started with train --listen can be watched and steered from another machine, by whoever holds an
    access file. One is written to FILE, to be carried there over a safe way, as by scp. Without FILE the keys that
    were given are listed: name, rights, age.

    Examples:
        gan-tui access horse2zebra laptop.access
        gan-tui access horse2zebra guest.access --watch
        gan-tui access horse2zebra laptop.access --host gpu1.example.org
        gan-tui access horse2zebra
        gan-tui access horse2zebra --revoke laptop

    Exit status:
        0  done
        1  the file, or the run's keys, cannot be written
        2  the request was wrong

    Files:
        runs/NAME/keys/   what the run knows of its keys, 0700

    See also:
        gan-tui attach, gan-tui train --help (--listen)
    """
    from gan_tui.client.locate import find_run, runs_folder

    of_a_new_key = {"--name": name is not None, "--watch": watch, "--host": host is not None}
    _require_one_request(file, revoke, [option for option, given in of_a_new_key.items() if given])
    found = find_run(run, runs_folder(runs_dir))
    if revoke is not None:
        _take_back(found, revoke, as_json)
    elif file is not None:
        _give(found, file, file.stem if name is None else name, "watch" if watch else "steer", host, as_json)
    else:
        _list(found, as_json)


def _require_one_request(file: Path | None, revoke: str | None, of_a_new_key: list[str]) -> None:
    """Refuse options of a new key where none is made: they would have no effect, and its holder would wait for it."""
    from engine.errors import RequestError

    if revoke is not None and file is not None:
        raise RequestError("access", "gives a key or takes one back, not both", "Leave out FILE or --revoke.")
    if not of_a_new_key or file is not None:
        return
    if revoke is not None:
        raise RequestError(
            of_a_new_key[0], "tells of a new key, and --revoke takes one back", "Leave one of the two out."
        )
    fix = "Name the file to write: gan-tui access RUN FILE"
    raise RequestError(of_a_new_key[0], "tells of a new key, but FILE is missing", fix)


def _give(run: RunDirectory, file: Path, name: str, rights: Rights, host: str | None, as_json: bool) -> None:
    from gan_tui.client.access import give_access

    given = give_access(run, file, name=name, rights=rights, host=host)
    say(f"{file} opens {run.name} at {given.address} to whoever holds it. Carry it over a safe way, as by scp.")
    say(f"There: gan-tui attach {file.name}")
    if as_json:
        put_json({"name": name, "rights": given.rights, "address": given.address, "file": str(file)})


def _take_back(run: RunDirectory, name: str, as_json: bool) -> None:
    from engine.protocol.access import revoke

    revoke(run, name)
    say(f"The key of {name} opens {run.name} no more.")
    if as_json:
        put_json({"revoked": name})


def _list(run: RunDirectory, as_json: bool) -> None:
    from engine.protocol.access import grants

    given = list(grants(run))
    if as_json:
        put_json([{"name": name, "rights": grant.rights, "created": grant.created} for name, grant in given])
    elif not given:
        say(f"Nobody has been given access to {run.name}: gan-tui access {run.name} FILE")
    else:
        for name, grant in given:
            put(name, grant.rights, f"{age_of(grant.created)} ago")
