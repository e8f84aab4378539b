"""A run that no engine has trained: its directory, its record from a loss log, its checkpoint from imported weights."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from engine.config.architecture import networks_in_words
from engine.config.controls import controls_of
from engine.config.load import dump
from engine.config.methods import TrainConfig
from engine.config.weighing import weighed_by
from engine.errors import RequestError, WorkError
from engine.exchange.importing.log_metrics import Beginning, Measured, Scale
from engine.exchange.naming import give_names
from engine.exchange.workshop import workshop
from engine.protocol import events as ev
from engine.protocol.checkpoints import Reading
from engine.protocol.imported import IMPORTED
from engine.protocol.rundir import RunDirectory, create_run, read_identity, write_identity
from engine.record import Record

BY = "gan-tui import"
"""Who journals what is said of an import."""
RECENT_LINES = 64
"""As many as a checkpoint of an engine repeats (engine.train.session)."""
_OF_LOSS = "loss."


@contextmanager
def new_run(runs: Path, name: str, config: TrainConfig) -> Iterator[RunDirectory]:
    """A run directory that comes to lie among the others once the block is done, and not at all if that fails.

    Raises:
        RequestError: the name has been taken meanwhile; WorkError: it cannot be made.
    """
    try:
        runs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkError(str(runs), f"cannot be written ({error.strerror})", "Choose another --runs-dir.") from error
    try:
        with workshop(runs, "import") as folder:
            kind = str(config.method.__struct_config__.tag)
            run = create_run(folder, name=name, method=kind, preset=IMPORTED, config_toml=dump(config), parent=None)
            yield run
            identity = read_identity(run)
            write_identity(run, msgspec.structs.replace(identity, state="stopped", state_since=time.time()))
            give_names([run.root], [runs / name])
    except FileExistsError as error:
        raise RequestError(f"run {name}", f"exists already in {runs}", "Choose another --name.") from error
    except OSError as error:
        raise WorkError(str(runs), f"cannot be written ({error.strerror or error})", "Make room there.") from error


def is_of_discriminator(name: str) -> bool:
    """Whether a loss of the reference's is one that a discriminator minimises."""
    return name.startswith("D")


@dataclass(kw_only=True)
class Journal:
    """The pen of an imported run: lines of metrics in the order of their steps, and what is said of them."""

    record: Record
    config: TrainConfig
    course: list[tuple[int, Reading, Measured]] = field(default_factory=list)
    """The lines so far that no later session makes void, with their numbers."""
    lines: int = 0

    @property
    def weights(self) -> dict[str, float]:
        """The loss weights, as far as they are known."""
        controls = {control.name: control.default for control in controls_of(self.config)}
        of_loss = {name: value for name, value in controls.items() if name.startswith(_OF_LOSS)}
        return {name.removeprefix(_OF_LOSS): value for name, value in of_loss.items()}

    @property
    def step(self) -> int:
        """Of the newest line."""
        return self.course[-1][1].step if self.course else 0

    @property
    def recent(self) -> tuple[Reading, ...]:
        """The newest lines, as a checkpoint repeats them."""
        return tuple(reading for _, reading, _ in self.course[-RECENT_LINES:])

    def announce(self, scale: Scale, names: Sequence[str], parameters: dict[str, int], began: float) -> None:
        """Tell what can be seen of the run, before its first line."""
        config, controls = self.config, controls_of(self.config)
        ordered = sorted(names, key=is_of_discriminator)
        epochs = config.optim.total_epochs
        weighed = weighed_by(config)
        announced = ev.Announced(
            seq=self.record.last_seq + 1,
            step=0,
            time=began,
            controls=controls,
            values={control.name: control.default for control in controls},
            components=tuple(ordered),
            objective=tuple(name for name in ordered if not is_of_discriminator(name)),
            epochs=epochs,
            steps_per_epoch=scale.steps_per_epoch,
            total_steps=epochs * scale.steps_per_epoch,
            device="",
            parameters=parameters,
            weighed_by={name: weighed[name] for name in names if name in weighed},
            networks=networks_in_words(config) if parameters else {},
        )
        self.record.write(announced)

    def take(self, item: Measured | Beginning) -> None:
        """Write the next line of a loss log, or that a session takes up an epoch that was passed."""
        seq = self.record.last_seq + 1
        match item:
            case Beginning():
                self.course = [kept for kept in self.course if kept[1].step <= item.step]
                newest = self.course[-1][0] if self.course else 0
                self.record.write(
                    ev.Resumed(
                        seq=seq, step=item.step, time=item.time, from_step=item.step, checkpoint="", from_seq=newest
                    )
                )
            case Measured():
                self.record.write(item.as_event(seq, self.weights))
                self.course.append((seq, Reading(step=item.step, losses=item.losses), item))
                self.lines += 1

    def note(self, text: str) -> None:
        """Write down what the user should know."""
        self.record.write(ev.Note(**self.record.stamp(self.step), text=text, by=BY))

    def saved(self, run: RunDirectory, folder: Path, seconds: float) -> None:
        """Tell of the checkpoint, at the step that it is of."""
        step = int(folder.name.rpartition("-")[2])
        size = sum(path.stat().st_size for path in folder.iterdir())
        path = str(folder.relative_to(run.root))
        self.record.write(
            ev.Checkpointed(
                **self.record.stamp(max(step, self.step)), saved_step=step, path=path, seconds=round(seconds, 3),
                size=size, reason="request",
            )
        )  # fmt: skip

    def close(self, step: int, *, saved: bool) -> None:
        """End the journal: nobody is at work on the run."""
        self.record.write(ev.Stopped(**self.record.stamp(max(step, self.step)), by=BY, saved=saved))
