"""Jobs: work that needs PyTorch and is no training, each done by a process of its own, ``python -m engine.jobs``.

The process reads one job from its stdin, a JSON object, and writes messages to its stdout, one JSON object a line: how
far it has come, what the user should know, and at last the answer, or why there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from engine.protocol.codec import decode_json
from engine.protocol.digits import ConvertDigitsJob, ConvertedDigits
from engine.protocol.evaluation import EvaluateJob, Evaluations
from engine.protocol.exchange import Exported, ExportJob, Imported, ImportJob
from engine.protocol.probe import Probe, ProbeJob
from engine.protocol.room import Room, RoomJob
from engine.protocol.translation import TranslateJob, Translation


class Progress(msgspec.Struct, frozen=True, kw_only=True, tag_field="message", tag="progress"):
    """How far a part of the work has come."""

    what: str
    """The part, such as "translating"."""
    done: int
    total: int
    """0 where that is not known."""
    unit: Literal["", "bytes"] = ""
    """What is counted, where it is not what the part's name says."""


class Remark(msgspec.Struct, frozen=True, kw_only=True, tag_field="message", tag="remark"):
    """Something the user should know; the work goes on."""

    text: str


class Refused(msgspec.Struct, frozen=True, kw_only=True, tag_field="message", tag="refused"):
    """There is no answer, and why (engine.errors)."""

    exit_code: int
    """2: the request was wrong; 1: the work failed."""
    subject: str
    fact: str
    fix: str
    traceback: str = ""
    """Of an error that was not written for users."""


Job: TypeAlias = EvaluateJob | TranslateJob | ExportJob | ImportJob | ConvertDigitsJob | RoomJob | ProbeJob
"""What can be asked for."""
Answer: TypeAlias = Evaluations | Translation | Exported | Imported | ConvertedDigits | Room | Probe
"""What a job that went well ends with."""
Message: TypeAlias = Progress | Remark | Answer | Refused

Tell: TypeAlias = Callable[[Progress | Remark], None]
"""Takes what is said while the work goes on."""

_jobs: msgspec.json.Decoder[Job] = msgspec.json.Decoder(Job)
_messages: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def decode_job(payload: bytes) -> Job:
    """What is asked for. Raises DecodeError when it is malformed."""
    return decode_json(_jobs, payload)


def decode_message(line: bytes) -> Message:
    """A line that the process wrote. Raises DecodeError when it is malformed."""
    return decode_json(_messages, line)
