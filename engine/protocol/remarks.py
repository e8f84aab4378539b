"""What a user has remarked on a run: a star and a note, in a small file of its directory."""

from __future__ import annotations

import msgspec

from engine.errors import WorkError
from engine.protocol.codec import DecodeError, decode_json
from engine.protocol.rundir import RunDirectory, write_atomically

MAX_NOTE = 2000
"""Characters of a note."""


class Remarks(msgspec.Struct, frozen=True, kw_only=True):
    """remarks.json; engines neither read nor write it."""

    starred: bool = False
    """Whether the run is not to be deleted."""
    note: str = ""
    """What it was for, or what came of it; empty for none."""


NONE = Remarks()

_remarks = msgspec.json.Decoder(Remarks)


def read_remarks(run: RunDirectory) -> Remarks:
    """What is remarked on a run; nothing where the file is missing or cannot be read, since no run depends on it."""
    try:
        return decode_json(_remarks, run.remarks.read_bytes())
    except (OSError, DecodeError):
        return NONE


def write_remarks(run: RunDirectory, remarks: Remarks) -> None:
    """Replace what is remarked on a run in one move.

    Raises:
        WorkError: the run's directory cannot be written.
    """
    kept = msgspec.structs.replace(remarks, note=remarks.note[:MAX_NOTE])
    try:
        write_atomically(run.remarks, msgspec.json.format(msgspec.json.encode(kept), indent=2) + b"\n")
    except OSError as error:
        raise WorkError(f"run {run.name}", f"cannot be written ({error.strerror})", "Make it writable.") from error
