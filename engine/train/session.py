"""A run at work: its parts, where it stands, and its controls. All of it belongs to the step loop's thread."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import torch
from msgspec.structs import replace

from engine.batch import ImageBatch
from engine.checkpoint import Saved, Unsaved
from engine.config.methods import TrainConfig
from engine.data.build import Source
from engine.data.domains import Problem
from engine.link import Link
from engine.machine.watch import MachineWatch
from engine.methods.method import Method
from engine.protocol import events as ev
from engine.protocol.checkpoints import Reading
from engine.protocol.machine import Machine
from engine.protocol.rundir import RunDirectory
from engine.ranks.followers import Followers
from engine.record import Record, Stamp, Standing
from engine.schedules import Schedule
from engine.sentinels.load import Load
from engine.sentinels.sentry import Sentry
from engine.sentinels.vitals import Vitals
from engine.train.cadence import Cadence
from engine.train.errands import Errands
from engine.train.health import Looks
from engine.train.lead import Lead
from engine.train.meters import Drained, Meters, recordable
from engine.train.panel import ControlPanel
from engine.train.progress import Clock, Pace, Progress
from engine.train.rates import effective_rates, set_rates
from engine.train.samples import Shown, Thumbnail
from engine.train.step_clock import StepClock
from engine.train.stuck import StuckWatch
from engine.transfers import Send

if TYPE_CHECKING:
    from engine.evaluation.evaluator import Evaluator

RECENT_LINES = 64
"""Lines of metrics that a checkpoint's manifest repeats."""


class Gateway(Protocol):
    """What answers other machines, in a process of its own."""

    @property
    def answers(self) -> bool:
        """Whether it is there, or has just been started."""
        ...

    def died(self) -> str:
        """How it has ended by itself, told once; empty where it has not."""
        ...


@dataclass(frozen=True, kw_only=True)
class LineUnderWay:
    """A line of metrics whose losses may still be on their way from the device."""

    said: ev.Metrics
    """All but the losses and the health, as it was when the meters were drained."""
    drained: Drained
    looks: Looks | None = None
    """Of the contact sheet that was drawn since the line before."""

    @property
    def done(self) -> bool:
        """Whether all of it is known. Never waits."""
        return self.drained.done and (self.looks is None or self.looks.values.done)


@dataclass(kw_only=True)
class Session:
    """What the step loop works with. Reporting, saving and showing are functions of it, in modules of those names."""

    run: RunDirectory
    config: TrainConfig
    record: Record
    standing: Standing
    link: Link
    device: torch.device
    method: Method
    source: Source
    schedule: Schedule
    panel: ControlPanel
    progress: Progress
    meters: Meters
    to_host: Send
    """Brings what is to be recorded or shown from the device."""
    lead: Lead
    machine: MachineWatch
    shown: ImageBatch
    """The fixed images of the contact sheets."""
    followers: Followers = field(default_factory=Followers)
    """The other ranks; none where this process trains by itself."""

    total_steps: int
    steps_per_epoch: int
    log_cadence: Cadence
    sample_cadence: Cadence
    checkpoint_cadence: Cadence
    evaluation_cadence: Cadence = field(default_factory=lambda: Cadence(1))
    """Asked only where there is an evaluator."""
    evaluator: Evaluator | None = None
    """Measures the run's translations; None where the preset does not ask for that."""
    figures: dict[str, float | None] = field(default_factory=dict)
    """Of the newest evaluation, until the next line of metrics says them."""
    best_figure: float | None = None
    """The best value of the figure that checkpoint.best_by names, of the states that are saved."""
    figure_to_save: float | None = None
    """The value of the newest state that was found to be better, until that is saved."""
    is_best: bool = False
    """Whether the state of this step has it, and is to be saved."""
    doing: str = ""
    """What the loop does between two steps that takes a while, such as "evaluating 32/106"."""

    state: ev.State = "starting"
    begun: bool = False
    """Whether this engine has done a step."""
    resumed_step: int = -1
    """The step of the checkpoint that was taken up; -1 for a run that begins."""
    phase: str = ""
    pace: Pace = field(default_factory=Pace)
    clock: Clock = field(default_factory=Clock)
    steps: StepClock = field(default_factory=StepClock)
    machine_recorded: Machine | None = None
    """The reading of the machine that the newest line of metrics has which has one."""
    machine_told: Machine | None = None
    """That of the newest tick which has one."""
    machine_watched: Machine | None = None
    """The newest that sentinels have looked at."""
    machine_sentries: list[Sentry[Load]] = field(default_factory=list)
    """What watches over them."""
    saved_size: int = 0
    """Bytes of the newest checkpoint; 0 where that is not known."""
    stuck: StuckWatch | None = None
    """Watches for a step that does not end; None where nobody wants that."""
    gateway: Gateway | None = None
    """What answers other machines; None where they are not to be answered."""
    throughput: float = 0.0
    """Steps a second over the last whole interval."""
    recent: deque[Reading] = field(default_factory=lambda: deque(maxlen=RECENT_LINES))
    """The newest lines of metrics."""
    line: LineUnderWay | None = None
    """The line of metrics that comes next in the record; nothing is recorded before it."""
    looks: Looks | None = None
    """How the newest translations of the fixed images look, until the next line of metrics says it."""
    sentries: list[Sentry[Vitals]] = field(default_factory=list)
    """What watches over the lines of metrics."""
    unwatched: ev.Metrics | None = None
    """The newest line of metrics, until the sentinels have looked at it."""
    open_alerts: dict[str, ev.Alert] = field(default_factory=dict)
    """What sentinels have found and is not over, by their names, oldest first."""
    broken: tuple[str, ...] = ()
    """The components that were not finite in the newest line."""
    unsaved: Unsaved | None = None
    """The newest checkpoint, where it could not be written."""
    failed_saves: int = 0
    """Checkpoints that could not be written since one was."""
    unsavable: str = ""
    """What was found not to be finite when a state was to be saved, until the sentinel has looked at it."""
    disk_full: bool = False
    """Whether lines of the record wait for room, and the user has been told."""
    hold: str = ""
    """Who has asked for a pause at the next step boundary other than by a command."""
    ending: str = ""
    """Who has asked for the end of the run at the next step boundary other than by a command."""
    thumbnail: Thumbnail | None = None
    """A small picture of the newest contact sheet."""
    repeats: deque[ev.StagedChange] = field(default_factory=deque)
    """Nudges that a replay has still to make, in the order of their steps."""
    saves: Errands[Saved | Unsaved] = field(default_factory=lambda: Errands("checkpoint"))
    sheets: Errands[Shown] = field(default_factory=lambda: Errands("samples"))
    saved_step: int = -1
    """The step whose whole state, controls included, is in a checkpoint of this run, or on its way there; else -1."""
    sampled_step: int = -1
    """The step of the newest contact sheet."""

    # ------------------------------------------------------------------------------------------------- where it is

    @property
    def epoch(self) -> int:
        """The epoch of the newest step, from 1."""
        return max(1, self.progress.epoch + (self.progress.index > 0))

    @property
    def epochs(self) -> int:
        """Epochs that the run will train for, the last one perhaps in part."""
        return -(-self.total_steps // self.steps_per_epoch)

    @property
    def loss_weights(self) -> dict[str, float]:
        """The loss weights in force, by their controls' names."""
        return {name: value for name, value in self.panel.values.items() if name.startswith("loss.")}

    @property
    def rates(self) -> dict[str, float]:
        """The effective learning rates."""
        return effective_rates(self.method, self.schedule, self.panel.values)

    @property
    def save_failure(self) -> str:
        """Why the newest checkpoint could not be written; empty where it was."""
        return self.unsaved.reason if self.unsaved else ""

    @property
    def losses(self) -> dict[str, float | None]:
        """The newest line of metrics."""
        return self.recent[-1].losses if self.recent else {}

    # ------------------------------------------------------------------------------------------------- the record

    def stamp(self) -> Stamp:
        """Stamp an event with the next number and the present step; a line of metrics that is under way goes before."""
        self.write_line()
        return self.record.stamp(self.progress.step)

    def write_line(self) -> None:
        """Write the line of metrics that is under way, if one is; waits for its losses."""
        if self.line is None:
            return
        line, self.line = self.line, None
        means = recordable(line.drained.means())
        losses = {name: value for name, value in means.items() if name in self.method.components}
        health = {name: value for name, value in means.items() if name in self.method.beliefs}
        if line.looks is not None:
            health |= recordable(line.looks.read())
        self.recent.append(Reading(step=line.said.step, losses=losses))
        self.unwatched = replace(line.said, losses=losses, health=health)
        self.record.write(self.unwatched)

    def alert(self, subject: str, fact: str, fix: str = "") -> None:
        """Journal what the user should know."""
        self.record.write(ev.Alert(**self.stamp(), subject=subject, fact=fact, fix=fix))

    def open_alert(self, alert: ev.Alert) -> None:
        """Journal what a sentinel has found; it is open until it is closed, or until another of that sentinel's is."""
        self.open_alerts.pop(alert.sentinel, None)  # so that the newest is the last
        self.open_alerts[alert.sentinel] = alert
        self.record.write(alert)

    def close_alert(self, sentinel: str, subject: str = "") -> None:
        """Journal that what a sentinel had found is over; nothing where it has found nothing."""
        alert = self.open_alerts.pop(sentinel, None)
        if alert is not None:
            self.record.write(ev.Recovered(**self.stamp(), sentinel=sentinel, subject=subject or alert.subject))

    def report_problems(self, problems: tuple[Problem, ...]) -> None:
        """Journal images that could not be used."""
        for problem in problems:
            fix = "Another image took its place; mend or remove the file."
            self.alert(str(problem.path), f"cannot be used ({problem.reason})", fix)

    # ----------------------------------------------------------------------------------------------------- controls

    def prepare(self, values: dict[str, float]) -> None:
        """Do what may fail of a change of controls, before it is made.

        Raises:
            WorkError: the sample images asked for cannot be read.
        """
        count = int(values.get("sample.count", len(self.shown)))
        if count != len(self.shown):
            images = self.source.validation(count)
            self.report_problems(images.problems)
            self.shown = images.on(self.device)

    def take_effect(self, values: dict[str, float]) -> None:
        """Put controls' values, prepared before, to work from the next step on."""
        self.saved_step = -1
        for name, value in values.items():
            match name:
                case "log.every":
                    self.log_cadence.every = int(value)
                case "sample.every":
                    self.sample_cadence.every = int(value)
                case "checkpoint.every":
                    self.checkpoint_cadence.every = int(value)
                case "sample.count" | "checkpoint.keep":
                    pass  # prepared before; read when a checkpoint is written
                case _ if name.startswith("loss."):
                    self.method.set_control(name, value)
                case _:
                    assert name in self.method.base_rates.values(), name
        self.set_rates()

    def set_rates(self) -> None:
        """Give each optimizer its learning rate, from controls and schedule."""
        set_rates(self.method, self.rates)
