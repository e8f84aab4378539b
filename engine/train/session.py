"""A run at work: its parts, and what can be done with them at a step boundary."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import torch

from engine.batch import UnpairedBatch
from engine.checkpoint import Snapshot, copy_state, load_checkpoint, remove_old, write_checkpoint
from engine.config.controls import controls_of
from engine.config.methods import TrainConfig
from engine.config.rate_curves import curve_of
from engine.data.build import Source
from engine.data.domains import Problem
from engine.link import Link
from engine.methods.method import Method
from engine.protocol import events as ev
from engine.protocol.checkpoints import Manifest
from engine.protocol.codec import encode
from engine.protocol.commands import Report
from engine.protocol.rundir import RunDirectory
from engine.record import Record, Stamp, Standing
from engine.schedules import Schedule
from engine.train.cadence import Cadence
from engine.train.errands import Errands
from engine.train.meters import Meters, recordable
from engine.train.panel import ControlPanel, PanelState
from engine.train.progress import Pace, Progress
from engine.train.rates import effective_rates, set_rates
from engine.train.samples import Sheet, lay_out, write_sheet

log = logging.getLogger(__name__)

TICK_SECONDS = 0.5


@dataclass(frozen=True)
class Saved:
    """A checkpoint that reached the disk."""

    manifest: Manifest
    path: str
    seconds: float
    size: int


@dataclass(frozen=True)
class Shown:
    """A contact sheet that reached the disk."""

    sheet: Sheet
    path: str
    png: bytes


@dataclass(kw_only=True)
class Session:
    """What the step loop works with. All of it belongs to the loop's thread, but for the link's own."""

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
    shown: UnpairedBatch
    """The fixed images of the contact sheets."""

    total_steps: int
    steps_per_epoch: int
    log_cadence: Cadence
    sample_cadence: Cadence
    checkpoint_cadence: Cadence

    state: ev.State = "starting"
    begun: bool = False
    """Whether this engine has done a step."""
    resumed_step: int = -1
    """The step of the checkpoint that was taken up; -1 for a run that begins."""
    phase: str = ""
    pace: Pace = field(default_factory=Pace)
    throughput: float = 0.0
    """Steps a second over the last whole interval."""
    losses: dict[str, float | None] = field(default_factory=dict)
    """The newest line of metrics."""
    saves: Errands[Saved] = field(default_factory=lambda: Errands("checkpoint"))
    sheets: Errands[Shown] = field(default_factory=lambda: Errands("samples"))
    saved_step: int = -1
    """The step whose whole state, controls included, is in a checkpoint of this run, or on its way there; else -1."""
    sampled_step: int = -1
    """The step of the newest contact sheet."""
    _last_tick: float = 0.0

    # ------------------------------------------------------------------------------------------------- the record

    def stamp(self) -> Stamp:
        """Stamp an event with the next number and the present step."""
        return self.record.stamp(self.progress.step)

    def alert(self, subject: str, fact: str, fix: str = "") -> None:
        """Journal what the user should know."""
        self.record.write(ev.Alert(**self.stamp(), subject=subject, fact=fact, fix=fix))

    def report_problems(self, problems: tuple[Problem, ...]) -> None:
        """Journal images that could not be used."""
        for problem in problems:
            fix = "Another image took its place; mend or remove the file."
            self.alert(str(problem.path), f"cannot be used ({problem.reason})", fix)

    def enter(self, state: ev.State) -> None:
        """Enter a state, in run.json and for whoever asks."""
        self.state = state
        self.standing.enter(state)
        self.refresh_report()

    @property
    def epoch(self) -> int:
        """The epoch of the newest step, from 1."""
        return max(1, self.progress.epoch + (self.progress.index > 0))

    @property
    def epochs(self) -> int:
        """Epochs that the run will train for, the last one perhaps in part."""
        return -(-self.total_steps // self.steps_per_epoch)

    @property
    def rates(self) -> dict[str, float]:
        """The effective learning rates."""
        return effective_rates(self.method, self.schedule, self.panel.values)

    def announce(self, device: str) -> None:
        """Tell what can be seen and steered."""
        parameters = {
            name: sum(tensor.numel() for tensor in network.parameters())
            for name, network in self.method.networks.items()
        }
        announced = ev.Announced(
            **self.stamp(),
            controls=controls_of(self.config),
            values=dict(self.panel.values),
            staged=self.panel.staged,
            rates=dict(self.method.base_rates),
            components=self.method.components,
            epochs=self.epochs,
            steps_per_epoch=self.steps_per_epoch,
            total_steps=self.total_steps,
            device=device,
            parameters=parameters,
        )
        self.record.write(announced)

    def refresh_report(self) -> None:
        """Renew what Status is answered with."""
        self.link.report = Report(
            run=self.run.name,
            state=self.state,
            phase=self.phase,
            step=self.progress.step,
            total_steps=self.total_steps,
            epoch=self.epoch,
            epochs=self.epochs,
            throughput=round(self.throughput, 4),
            controls=dict(self.panel.values),
            staged=self.panel.staged,
            lr=self.rates,
            losses=self.losses,
            last_seq=self.record.last_seq,
        )

    def tick(self) -> None:
        """Say where the loop is, a few times a second at most."""
        now = time.monotonic()
        if now - self._last_tick < TICK_SECONDS:
            return
        self._last_tick = now
        tick = ev.Tick(
            step=self.progress.step,
            epoch=self.epoch,
            throughput=round(self.throughput or self.pace.throughput, 4),
            state=self.state,
            time=round(time.time(), 3),
            last_seq=self.record.last_seq,
        )
        self.link.publish(encode(tick))

    # ---------------------------------------------------------------------------------------------------- cadences

    def write_metrics(self) -> None:
        """Drain the meters into a line of the record."""
        means = self.meters.drain()
        self.throughput = self.pace.throughput
        self.losses = recordable(means)
        metrics = ev.Metrics(
            **self.stamp(),
            epoch=self.epoch,
            images=self.progress.images,
            losses=self.losses,
            lr=self.rates,
            weights=self._loss_weights(),
            throughput=round(self.throughput, 4),
            data_wait=round(self.pace.data_wait, 4),
        )
        self.pace.restart()
        broken = [name for name, value in self.losses.items() if value is None]
        self.record.write(metrics)
        if broken:
            fix = "Resume the last checkpoint before this step, with a lower learning rate."
            self.alert(", ".join(broken), "is not finite (NaN or infinity)", fix)

    def _loss_weights(self) -> dict[str, float]:
        prefix = "loss."
        return {
            name.removeprefix(prefix): value for name, value in self.panel.values.items() if name.startswith(prefix)
        }

    def take_sample(self) -> bool:
        """Translate the fixed images; the sheet is written on a thread. False while that has one to write."""
        if self.sheets.busy:
            return False
        self.sampled_step = self.progress.step
        sheet = lay_out(self.method.sample(self.shown), self.progress.step)
        self.sheets.send(lambda: Shown(sheet, *write_sheet(self.run, sheet)))
        return True

    def save(self, reason: ev.SaveReason) -> None:
        """Copy the whole state now; it is hashed and written on a thread."""
        manifest = Manifest(
            run=self.standing.identity.id,
            step=self.progress.step,
            epoch=self.epoch,
            images=self.progress.images,
            time=round(time.time(), 3),
            reason=reason,
            losses=self.losses,
            controls=dict(self.panel.values),
            files={},
        )
        snapshot = copy_state(self.method, self._training_state(), manifest)
        keep = int(self.panel.values["checkpoint.keep"])
        self.saved_step = self.progress.step
        self.saves.send(lambda: _write(self.record, snapshot, keep))

    def settle(self) -> None:
        """Journal what the threads have finished."""
        self._settle_saves(self.saves.take_done())
        self._settle_sheets(self.sheets.take_done())

    def finish_errands(self) -> bool:
        """Wait for the threads, journal what they did; whether every checkpoint was written."""
        self._settle_sheets(self.sheets.finish())
        saves = self.saves.finish()
        self._settle_saves(saves)
        return not any(isinstance(save, Exception) for save in saves)

    def _settle_saves(self, outcomes: list[Saved | Exception]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                log.error("checkpoint failed", exc_info=outcome)
                self.saved_step = -1
                fix = "Training goes on; make room and save again."
                self.alert("checkpoint", f"could not be written ({outcome})", fix)
                continue
            checkpointed = ev.Checkpointed(
                **self.stamp(),
                saved_step=outcome.manifest.step,
                path=outcome.path,
                seconds=round(outcome.seconds, 3),
                size=outcome.size,
                reason=outcome.manifest.reason,
            )
            self.record.write(checkpointed)

    def _settle_sheets(self, outcomes: list[Shown | Exception]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                log.error("contact sheet failed", exc_info=outcome)
                self.alert("contact sheet", f"could not be written ({outcome})", "Training goes on.")
                continue
            sampled = ev.Sampled(
                **self.record.stamp(outcome.sheet.step),
                path=outcome.path,
                tile=outcome.sheet.tile,
                rows=outcome.sheet.rows,
            )
            self.record.write(sampled)
            self.link.publish_sheet(encode(sampled), outcome.png)

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

    # -------------------------------------------------------------------------------------------------------- state

    def _training_state(self) -> dict[str, Any]:
        return {
            "progress": msgspec.to_builtins(self.progress),
            "panel": msgspec.to_builtins(self.panel.state),
            "batch": self.config.run.batch,
            "schedule": {"kind": self.config.optim.schedule, "state": self.schedule.state_dict()},
            "meters": self.meters.state_dict(),
            "losses": dict(self.losses),
        }

    def restore(self, folder: Path, manifest: Manifest) -> None:
        """Take up a checkpoint: everything that it holds, as it was at its step boundary.

        Raises:
            WorkError: it is damaged or belongs to another kind of run.
        """
        of_parent = not folder.is_relative_to(self.run.root)
        training = load_checkpoint(folder, manifest, self.method)
        self.progress = msgspec.convert(training["progress"], Progress)
        self._count_batches_anew(training["batch"])
        panel = msgspec.convert(training["panel"], PanelState)
        self.prepare(panel.values)
        self.panel.restore(panel, of_parent=of_parent)
        self._restore_schedule(training["schedule"])
        self.meters.load_state_dict(training["meters"])
        self.losses = training["losses"]
        for cadence in (self.log_cadence, self.sample_cadence, self.checkpoint_cadence):
            cadence.seen = self.progress.step
        self.resumed_step = self.sampled_step = self.progress.step
        self.take_effect(dict(self.panel.values))
        self.saved_step = -1 if of_parent else self.progress.step

    def _count_batches_anew(self, batch: int) -> None:
        """Where a branch has another batch size, its place in the epoch is as many images on, in whole batches."""
        self.progress.index = min(self.progress.index * batch // self.config.run.batch, self.steps_per_epoch - 1)
        epochs_left = self.config.optim.total_epochs - self.progress.epoch
        whole = self.progress.step + epochs_left * self.steps_per_epoch - self.progress.index
        self.total_steps = min(self.config.run.steps or whole, whole)

    def _restore_schedule(self, saved: Mapping[str, Any]) -> None:
        """Go on in the schedule; one of another kind, in a branch, begins at the epochs completed."""
        if saved["kind"] == self.config.optim.schedule:
            self.schedule.load_state_dict(saved["state"])
        elif curve_of(self.config.optim) is not None:
            self.schedule.load_state_dict({"done": self.progress.epoch})


def _write(record: Record, snapshot: Snapshot, keep: int) -> Saved:
    begun = time.monotonic()
    record.sync()
    folder = write_checkpoint(record.run, snapshot)
    size = sum(path.stat().st_size for path in folder.iterdir())
    remove_old(record.run, keep, newest=folder)
    return Saved(snapshot.manifest, str(folder.relative_to(record.run.root)), time.monotonic() - begun, size)
