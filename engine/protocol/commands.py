"""Commands: what a viewer asks of an engine, and the answer each gets."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from engine.protocol.events import Alert, Holder, StagedChange, State

SCHEMA_VERSION = 1
MAX_MESSAGE_BYTES = 64 * 1024
MAX_TEXT = 2000
"""Letters of a note, a reason or a sender's name."""
MAX_STAGED = 100


class _Command(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True
):
    """What is left at its default is not sent: an engine of before refuses fields that it does not know."""


class Status(_Command, frozen=True, kw_only=True, tag="status"):
    """How are you? Answered at once, whatever the loop is doing."""


class Pause(_Command, frozen=True, kw_only=True, tag="pause"):
    """Hold the step loop after the step in progress."""


class Continue(_Command, frozen=True, kw_only=True, tag="continue"):
    """Let a paused loop go on."""


class SaveCheckpoint(_Command, frozen=True, kw_only=True, tag="checkpoint"):
    """Write a checkpoint at the next step boundary; answered once its state is copied."""


class TakeSample(_Command, frozen=True, kw_only=True, tag="sample"):
    """Write a contact sheet at the next step boundary."""


class SetControls(_Command, frozen=True, kw_only=True, tag="set"):
    """Change controls, all at one step boundary: the next, or once ``at_step`` steps are done."""

    values: dict[str, float]
    at_step: int | None = None
    why: str = ""


class Undo(_Command, frozen=True, kw_only=True, tag="undo"):
    """Restore the values before the newest nudge that has not been undone. Weights of networks stay as they are."""

    why: str = ""
    of: int | None = None
    """The seq of the nudge that is meant, 0 for one that a branch's parent made: it is refused if another is newer."""


class WriteNote(_Command, frozen=True, kw_only=True, tag="note"):
    """Put a remark into the journal."""

    text: str


class Stop(_Command, frozen=True, kw_only=True, tag="stop"):
    """End the run: after this epoch, now with a checkpoint, or now without one."""

    how: Literal["epoch", "save", "discard"] = "save"


class Hold(_Command, frozen=True, kw_only=True, tag="hold"):
    """Let me hold control, or go on holding it; answered at once.

    It is refused while another viewer holds it, unless ``take`` says to take it over. To be sent again every
    BEAT_SECONDS: whoever is silent for LAPSE_SECONDS is taken for gone.
    """

    take: bool = False


class Release(_Command, frozen=True, kw_only=True, tag="release"):
    """I hold control no longer; answered at once."""


Command: TypeAlias = (
    Status | Pause | Continue | SaveCheckpoint | TakeSample | SetControls | Undo | WriteNote | Stop | Hold | Release
)

AtOnce: TypeAlias = Status | Hold | Release
"""What is answered at once, whatever the loop is doing."""

Steering: TypeAlias = Pause | Continue | SaveCheckpoint | SetControls | Undo | Stop
"""What changes how a run goes on: of viewers, only the one that holds control may ask for it."""

BEAT_SECONDS = 3.0
LAPSE_SECONDS = 10.0


class Viewer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dashboard, which stays for a while and may hold control. A command line that asks one thing is none."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    """Unlike any other's."""
    where: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """The terminal it is on, or its process, for people."""


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A command on the wire.

    An engine from before ``viewer`` refuses whatever a dashboard sends it, in words; command lines steer it as ever.
    """

    version: int
    id: str
    """Chosen by the sender; the reply repeats it."""
    by: str
    """Who asks, as the journal will name them."""
    command: Command
    viewer: Viewer | None = None
    """The dashboard that asks; None for a command line or a script, which asks once and needs not hold control."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The engine's answer to Status."""

    run: str
    state: State
    phase: str
    step: int
    total_steps: int
    epoch: int
    epochs: int
    throughput: float
    controls: dict[str, float]
    staged: tuple[StagedChange, ...]
    """Changes accepted for later."""
    lr: dict[str, float]
    losses: dict[str, float | None]
    last_seq: int
    lines_waiting: int = 0
    """As in a Tick."""
    save_failure: str = ""
    """As in a Tick."""
    alerts: tuple[Alert, ...] = ()
    """Those of sentinels that are open, oldest first."""
    holder: Holder | None = None
    """Who holds control; None where it is free."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a command was not carried out."""

    subject: str
    fact: str
    fix: str = ""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one Request."""

    version: int
    id: str
    step: int
    """The step boundary at which the command took effect (or was refused)."""
    message: str = ""
    refusal: Refusal | None = None
    report: Report | None = None
    holder: Holder | None = None
    """Who holds control: said in an answer to Hold and Release, where another one does, and to who steers without."""
