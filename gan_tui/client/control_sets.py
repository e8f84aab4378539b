"""The user's file of control sets: $XDG_CONFIG_HOME/gan-tui/controls.toml, a table of values for each."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from engine.errors import RequestError, WorkError
from engine.protocol.rundir import write_atomically
from gan_tui.client.user_files import user_folder
from gan_tui.state.control_sets import ControlSets, check_name

HEAD = (
    "# Sets of control values, saved and loaded in the dashboard by p. Comments are not kept when a set is saved.\n\n"
)

LARGEST = 1e300


def sets_file() -> Path:
    """Where the sets are kept."""
    return user_folder(os.environ) / "controls.toml"


def read_sets(path: Path) -> dict[str, dict[str, float]]:
    """The sets of a file, in its order; none where there is no file.

    Raises:
        RequestError: the file is not right; WorkError: it cannot be read.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RequestError(str(path), f"is no TOML ({error})", "Mend or remove it.") from error
    except OSError as error:
        raise WorkError(str(path), f"cannot be read ({error.strerror})", "Make it readable.") from error
    return {name: _values(path, name, table) for name, table in tables.items()}


def save_set(path: Path, name: str, values: dict[str, float]) -> None:
    """Keep values under a name, in the place of what it meant before.

    Raises:
        RequestError: the name or the file is not right; WorkError: it cannot be written.
    """
    _write(path, {**read_sets(path), check_name(name): values})


def delete_set(path: Path, name: str) -> None:
    """Forget a set. Raises as save_set does."""
    _write(path, {kept: values for kept, values in read_sets(path).items() if kept != name})


def _values(path: Path, name: str, table: object) -> dict[str, float]:
    fix = 'Write a table for each set: [gentle] and below it "loss.cycle_a" = 5'
    if not isinstance(table, dict):
        raise RequestError(str(path), f"has {name!r} where a set is expected", fix)
    values: dict[str, float] = {}
    for key, value in _flat(table).items():
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > LARGEST:
            raise RequestError(str(path), f"has no number for {key!r} of {name!r}", fix)
        values[key] = float(value)
    return values


def _flat(table: dict[str, object]) -> dict[str, object]:
    """A table with keys that were written without quotes, loss.cycle_a = 5, as they were meant."""
    flat: dict[str, object] = {}
    for key, value in table.items():
        inner = {f"{key}.{name}": of_inner for name, of_inner in value.items()} if isinstance(value, dict) else None
        flat |= {key: value} if inner is None else inner
    return flat


def _write(path: Path, sets: ControlSets) -> None:
    import tomli_w  # when something is saved, and not before the first paint

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path.resolve(), (HEAD + tomli_w.dumps(dict(sets))).encode())
    except OSError as error:
        raise WorkError(
            str(path), f"cannot be written ({error.strerror})", "Make room, or make it writable."
        ) from error
