"""Events: what happened in a run. One struct is one line of the record and one message of the live stream.

``seq`` numbers every recorded event of a run from 1, across metrics.jsonl and events.jsonl together and across resumes,
so that a viewer can join the record and the stream with neither a gap nor a duplicate.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from engine.config.controls import Control
from engine.protocol.conditions import Conditions
from engine.protocol.machine import Machine, Stuck

SaveReason: TypeAlias = Literal["schedule", "request", "best", "stop", "end", "failure"]
"""Why a checkpoint is written: its time has come, a user asked, no evaluation was better, the run is stopped, the run
has ended, or it cannot go on for a reason that leaves its state whole, such as a data folder that is gone."""


Seq: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]
"""The number of a recorded event; a line with one below 1 is damaged."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", omit_defaults=True):
    """What every recorded event has."""

    seq: Seq
    """1, 2, 3 ... over the life of the run."""
    step: int
    """Optimisation steps done when it happened."""
    time: float
    """Seconds since the Unix epoch, by the engine's clock."""


class Metrics(Recorded, frozen=True, kw_only=True, tag="metrics"):
    """Means over the steps since the previous line (metrics.jsonl)."""

    epoch: int
    """The epoch in progress, from 1."""
    images: int
    """Images of each domain seen so far."""
    losses: dict[str, float | None]
    """Loss components, already multiplied by their weights, each the mean over the steps that computed it: one that
    none did, of a stage that is over or yet to come, is not there. None where the mean is not finite."""
    lr: dict[str, float]
    """Effective learning rates: base rate times schedule."""
    weights: dict[str, float]
    """The loss weights in force."""
    throughput: float
    """Steps a second over the interval, pauses left out."""
    data_wait: float
    """Share of the interval spent waiting for data, 0 to 1."""
    stage: str = ""
    """What the method does before its own objective is trained, and how far, such as "training f 400/3,000"."""
    health: dict[str, float | None] = {}
    """What the sentinels go by besides (engine.sentinels.names): the discriminators' beliefs, means over the interval,
    and, where a contact sheet was drawn in it, how the translations look. None where not finite."""
    figures: dict[str, float | None] = {}
    """What an evaluation of this step measured (engine.config.figures), or of one since the line before."""
    machine: Machine | None = None
    """The newest reading of the machine, where one was made since the line before."""


class Started(Recorded, frozen=True, kw_only=True, tag="started"):
    """An engine process took the run up, for the first time or again."""

    pid: int
    host: str


class Phase(Recorded, frozen=True, kw_only=True, tag="phase"):
    """A stage of start-up began: importing, reading data, building networks, warming up."""

    name: str
    detail: str = ""


class StagedChange(msgspec.Struct, frozen=True, kw_only=True):
    """Values that take force once ``at_step`` steps are done."""

    at_step: int
    values: dict[str, float]
    by: str
    why: str = ""


class Announced(Recorded, frozen=True, kw_only=True, tag="announced"):
    """What can be seen and steered in this run: its controls with their values, its loss components, its length."""

    controls: tuple[Control, ...]
    values: dict[str, float]
    staged: tuple[StagedChange, ...] = ()
    """Changes accepted earlier for a step still to come."""
    rates: dict[str, str] = {}
    """Optimizer, as ``Metrics.lr`` names it, to the control that holds its base rate."""
    components: tuple[str, ...]
    objective: tuple[str, ...] = ()
    """Those of them that the generators minimise; the others are the discriminators'. Not said by older engines."""
    epochs: int
    """Epochs the run will train for."""
    steps_per_epoch: int
    total_steps: int
    device: str
    """Where it computes and in which precision, such as "cuda:0 bf16"."""
    ranks: int = 1
    """Processes that train, each with a share of every batch."""
    parameters: dict[str, int]
    """Parameters of each network."""
    weighed_by: dict[str, tuple[str, ...]] = {}
    """Loss component to the controls whose product it is multiplied by as it is recorded; one that is not there is
    recorded as it is. Not said by older engines."""
    networks: dict[str, str] = {}
    """What the generator is and what the discriminator judges, in words: {"discriminator": "patches of 70 px", ...}."""


class Training(Recorded, frozen=True, kw_only=True, tag="training"):
    """The step loop began."""


class StageDone(Recorded, frozen=True, kw_only=True, tag="stage_done"):
    """What the method does before its own objective is trained is done; the next step is the first for that."""

    stage: str
    """Such as "training f"."""
    losses: dict[str, float | None] = {}
    """What it came to, by the newest line of metrics."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One control's move."""

    name: str
    old: float
    new: float


class Nudged(Recorded, frozen=True, kw_only=True, tag="nudged"):
    """Controls were changed; the first step with the new values is step + 1."""

    changes: tuple[Change, ...]
    by: str
    why: str = ""
    undoes: int | None = None
    """The seq of the nudge that this one takes back, when it is an undo; 0 for one that a branch's parent made."""


class Staged(Recorded, frozen=True, kw_only=True, tag="staged"):
    """Changes were accepted for a later step."""

    values: dict[str, float]
    at_step: int
    by: str
    why: str = ""


class Paused(Recorded, frozen=True, kw_only=True, tag="paused"):
    """The step loop waits."""

    by: str


class Continued(Recorded, frozen=True, kw_only=True, tag="continued"):
    """The step loop goes on after a pause."""

    by: str


class Checkpointed(Recorded, frozen=True, kw_only=True, tag="checkpointed"):
    """A checkpoint is complete on disk. ``step`` is when that was known; ``saved_step`` is what it holds."""

    saved_step: int
    path: str
    """Relative to the run directory."""
    seconds: float
    """From the copy to the rename."""
    size: int
    """Bytes on disk."""
    reason: SaveReason
    removed: tuple[int, ...] = ()
    """Steps of the older checkpoints that were deleted once this one was complete."""


class Sampled(Recorded, frozen=True, kw_only=True, tag="sampled"):
    """A contact sheet was written."""

    path: str
    """Relative to the run directory."""
    tile: int
    """Side in pixels of one picture."""
    rows: tuple[tuple[str, ...], ...]
    """The name of each picture, row by row: (("real_A", "fake_B", "rec_A"), ("real_B", ...), ...)."""


class Evaluated(Recorded, frozen=True, kw_only=True, tag="evaluated"):
    """The state of this step was measured on images kept apart from training."""

    figures: dict[str, float | None]
    """By name (engine.config.figures); None where one is not finite."""
    conditions: Conditions
    seconds: float
    """In which training waited."""
    best_by: str = ""
    """The figure of which this is the best so far, where checkpoint.best_by names one: the state is saved."""


class Resumed(Recorded, frozen=True, kw_only=True, tag="resumed"):
    """Training takes up a checkpoint. What was recorded between its copy and this event belongs to a course that is not
    continued."""

    from_step: int
    checkpoint: str
    from_seq: int = 0
    """The newest event of this record when the checkpoint was copied; 0 for a beginning, and for a branch's."""


SentinelAction: TypeAlias = Literal["warn", "pause", "stop"]
"""What is done beside an alert: nothing, the run is held, or it is saved and ended."""


class Alert(Recorded, frozen=True, kw_only=True, tag="alert"):
    """Something the user should know; training goes on, unless a sentinel's action is another.

    A sentinel's is open until its Recovered, or until an engine takes the run up again, which looks anew.
    """

    subject: str
    fact: str
    fix: str = ""
    sentinel: str = ""
    """Which one found it, such as "collapse"; empty for what no sentinel watches."""
    cause: str = ""
    """What usually lies behind it, as a sentence."""
    suggestion: dict[str, float] = {}
    """Controls, and values within their bounds, that may help."""
    action: SentinelAction = "warn"
    damaged: int | None = None
    """The step, by its folder's name, of a checkpoint that was found damaged and is passed over."""


class Recovered(Recorded, frozen=True, kw_only=True, tag="recovered"):
    """What a sentinel had found is over."""

    sentinel: str
    subject: str


class Note(Recorded, frozen=True, kw_only=True, tag="note"):
    """A user's remark."""

    text: str
    by: str


class TakenOver(Recorded, frozen=True, kw_only=True, tag="taken_over"):
    """A viewer took control of the run from another that held it."""

    by: str
    """As the holder's name."""
    where: str
    before: str
    """Who held it, and where from, in words."""


class Failed(Recorded, frozen=True, kw_only=True, tag="error"):
    """The run ended by an error; engine.log has the whole of it."""

    reason: str
    fix: str = ""


class Stopped(Recorded, frozen=True, kw_only=True, tag="stopped"):
    """The run ended on request, before its last step."""

    by: str
    saved: bool


class Finished(Recorded, frozen=True, kw_only=True, tag="finished"):
    """The run reached its last step."""


Event: TypeAlias = (
    Metrics
    | Started
    | Phase
    | Announced
    | Training
    | StageDone
    | Nudged
    | Staged
    | Paused
    | Continued
    | Checkpointed
    | Sampled
    | Evaluated
    | Resumed
    | Alert
    | Recovered
    | Note
    | TakenOver
    | Failed
    | Stopped
    | Finished
)


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """The viewer that holds control of a run: of all viewers it alone steers."""

    viewer: str
    """Which one, as it calls itself."""
    by: str
    """Who sits there, as user@host."""
    where: str
    """Their terminal or process."""

    @property
    def words(self) -> str:
        """Who it is, for people; not printable for certain."""
        return f"{self.by} ({self.where})" if self.where else self.by


class Tick(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="tick"):
    """Where the loop is right now; streamed a few times a second at most, never recorded.

    ``last_seq`` is the newest recorded event, so that a viewer that missed one knows without waiting for the next.
    """

    step: int
    epoch: int
    throughput: float
    state: State
    time: float
    last_seq: int
    lines_waiting: int = 0
    """Lines of the record that wait for room on the disk: who reads the files does not have them yet."""
    save_failure: str = ""
    """Why the newest checkpoint could not be written; empty where it was."""
    stage: str = ""
    """As in Metrics."""
    machine: Machine | None = None
    """The newest reading of the machine, where one was made since the tick before, with the steps since the newest
    line that has one."""
    stuck: Stuck | None = None
    """The step in progress, where it does not come to its end; such ticks come from another thread than the loop's."""
    holder: Holder | None = None
    """Who holds control; None where it is free."""


State: TypeAlias = Literal["starting", "training", "paused", "stopping", "stopped", "finished", "failed"]
"""What an engine is doing, as it says itself; a viewer adds "lost" for one that died without a word."""
