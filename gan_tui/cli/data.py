"""gan-tui data: known sets of images, with what they are and on what terms, fetching them, and checking folders."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from engine.config.user_paths import at_home
from gan_tui.cli import completion, data_check
from gan_tui.cli.known_sets import UNKNOWN, bytes_text, download_text, here_text, images_text, show_table
from gan_tui.cli.manual import Manual, ManualGroup
from gan_tui.cli.options import AsJson
from gan_tui.cli.output import put, put_json
from gan_tui.cli.wrapped import put_wrapped

if TYPE_CHECKING:
    from gan_tui.datasets.sets.known import KnownSet

app = typer.Typer(cls=ManualGroup, no_args_is_help=True, rich_markup_mode=None)
app.command("check", cls=Manual)(data_check.check)


def named_root(given: str) -> Path:
    """The folder of --root, with ~ expanded. Raises RequestError: it is empty, as an unset variable of the shell is."""
    from engine.errors import RequestError

    if not given:
        raise RequestError("--root", "is empty", "Name a folder for sets; . is the current one.")
    return at_home(given)


Root: TypeAlias = Annotated[
    Path, typer.Option("--root", metavar="DIR", parser=named_root, help="Folder that sets lie in, each under its name.")
]


@app.callback()
def data() -> None:
    """Sets of images: known ones, fetching them, checking yours.

    Examples:
        gan-tui data list
        gan-tui data show horse2zebra
        gan-tui data fetch horse2zebra
        gan-tui data check ~/photos

    Exit status:
        0    done
        1    a set could not be fetched, where the same command goes on with it;
             or training would not get on with the folder that was checked
        2    there is no such set, or the request was wrong
        130  interrupted; the same command goes on

    Environment:
        GAN_TUI_DATA_MIRROR  addresses of mirrors, parted by blanks

    See also:
        gan-tui init, gan-tui presets, gan-tui train
    """


@app.command("list", cls=Manual)
def list_sets(root: Root = Path("datasets"), as_json: AsJson = False) -> None:
    """List the known sets of images.

    Of each: its name, what it is, images, size of the download, licence, whether it is here, and on a terminal which
    presets use it. Without a terminal the fields are parted by tabs.

    Examples:
        gan-tui data list
        gan-tui data list --json --root /scratch/datasets

    Exit status:
        0  done
        2  the request was wrong
    """
    from gan_tui.datasets.sets.known import catalogue

    sets = catalogue().sets.values()
    if as_json:
        put_json([_described(each, root) for each in sets])
    elif sys.stdout.isatty():
        show_table([*sets], root)
    else:
        for each in sets:
            put(
                each.name,
                each.what,
                images_text(each),
                each.size or UNKNOWN,
                download_text(each),
                each.licence,
                here_text(each, root),
            )


@app.command("show", cls=Manual)
def show_set(
    name: Annotated[str, typer.Argument(metavar="SET", help="A known set.", autocompletion=completion.sets)],
    root: Root = Path("datasets"),
    as_json: AsJson = False,
) -> None:
    """Show all that is known of a set.

    Where its files lie, their sizes and checksums, its terms, and what to cite.

    Examples:
        gan-tui data show horse2zebra
        gan-tui data show facades --json

    Exit status:
        0  done
        2  there is no such set
    """
    from gan_tui.datasets.sets.known import addresses, catalogue, find_set
    from gan_tui.datasets.shipped import presets_on

    known = find_set(name, catalogue().sets)
    if as_json:
        put_json(_described(known, root))
        return
    put_wrapped(f"{known.name}: {known.what}", 4)
    facts = [
        ("images", f"{images_text(known)}, {known.size or 'size ' + UNKNOWN}"),
        ("layout", f"{known.layout}; {', '.join(known.images) or UNKNOWN}"),
        ("download", download_text(known)),
        ("here", here_text(known, root)),
        ("presets", ", ".join(presets_on(known.name)) or "none of the shipped ones"),
        ("terms", known.terms),
        *(("cite", catalogue().citations[key]) for key in known.cite),
        ("home", catalogue().collections[known.collection].home),
    ]
    for file in known.files:
        checksum = f"SHA-256 {file.sha256}" if file.sha256 else f"MD5 {file.md5}" if file.md5 else f"checksum {UNKNOWN}"
        size = f"{file.bytes:,} bytes" if file.bytes is not None else bytes_text(file.size)
        facts.append(("file", f"{file.name}: {size}, {checksum}"))
        facts.extend(("from", address) for address in addresses(file, known, ()))
    if known.files:
        facts.append(("note", "The addresses are published ones and were not tried when they were written down."))
    for what, fact in facts:
        line = f"  {what:<9} {fact}"
        if what in ("home", "from"):
            put(line)  # an address stays whole, to be copied
        else:
            put_wrapped(line, 12)


@app.command("fetch", cls=Manual)
def fetch_set(
    names: Annotated[
        list[str],
        typer.Argument(metavar="SET...", help="Known sets.", show_default=False, autocompletion=completion.sets),
    ],
    root: Root = Path("datasets"),
    mirrors: Annotated[
        list[str] | None,
        typer.Option(
            "--mirror",
            metavar="URL",
            help="Folder that has the files under their names; tried first; may repeat.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Download known sets, check them, and unpack them.

    Each comes to lie in a folder of its name below --root, whose path is printed. What broke off before is gone on
    with; a set that is here already is left alone.

    Mirrors are tried in the order given, then those of $GAN_TUI_DATA_MIRROR (parted by blanks), then those under
    [data] in config.toml, then the publishers.

    Examples:
        gan-tui data fetch horse2zebra
        gan-tui data fetch mnist usps --root /scratch/datasets
        gan-tui data fetch facades --mirror https://mirror.example.org/sets

    Exit status:
        0    each set is here
        1    one could not be fetched; the same command goes on with it
        2    there is no such set, or the request was wrong
        130  interrupted; the same command goes on
    """
    from gan_tui.cli.fetching import fetch_sets
    from gan_tui.datasets.sets.known import catalogue, find_set

    sets = [find_set(name, catalogue().sets) for name in dict.fromkeys(names)]
    for each in fetch_sets(sets, root, mirrors or []):
        put(str(each.folder))


def _described(known: KnownSet, root: Path) -> dict[str, Any]:
    """All that is known of a set, for JSON."""
    import msgspec

    from gan_tui.datasets.sets.known import addresses, catalogue
    from gan_tui.datasets.shipped import presets_on

    return {
        **msgspec.to_builtins(known),
        "cite": [catalogue().citations[key] for key in known.cite],
        "home": catalogue().collections[known.collection].home,
        "files": [{**msgspec.to_builtins(file), "urls": addresses(file, known, ())} for file in known.files],
        "presets": list(presets_on(known.name)),
        "here": (root / known.name).is_dir(),
    }
