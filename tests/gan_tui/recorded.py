"""A CycleGAN run as its record would hold it: start-up, curves, nudges, checkpoints, sheets; the same every time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from math import exp

from engine.config.controls import controls_of
from engine.config.methods import CycleGanConfig
from engine.config.weighing import weighed_by
from engine.protocol import events as ev
from tests.gan_tui import machines

BEGAN = 1_760_000_000.0
STEPS_PER_EPOCH = 1334
EPOCHS = 200
COMPONENTS = ("G_A", "cycle_A", "idt_A", "D_A", "G_B", "cycle_B", "idt_B", "D_B")
PACE = 61.2
LOG_EVERY = 50
READ_EVERY = 150
"""Steps between two readings of the machine: some two seconds."""
_SHAPES = {"G": (0.55, 0.32, 9000), "cycle": (3.6, 0.9, 7000), "idt": (1.9, 0.38, 6000), "D": (0.42, 0.17, 9000)}
_PARAMETERS = {"G_A": 11_378_179, "G_B": 11_378_179, "D_A": 2_764_737, "D_B": 2_764_737}


@dataclass
class Recording:
    """Makes events one after another, numbering and dating them."""

    seq: Iterator[int] = field(default_factory=lambda: count(1))
    noise: random.Random = field(default_factory=lambda: random.Random(0))
    sensors: random.Random = field(default_factory=lambda: random.Random(2))
    """Of their own, so that a reading more changes no loss."""

    def when(self, step: int) -> dict[str, float]:
        """The fields that every event has."""
        return {"seq": next(self.seq), "step": step, "time": BEGAN + 12 + step / PACE}

    def metrics(self, step: int, **changes: object) -> ev.Metrics:
        """A line of metrics as such a run has it at that step."""
        line = {
            **self.when(step),
            "epoch": step // STEPS_PER_EPOCH + 1,
            "images": step,
            "losses": {name: self.loss(name, step) for name in COMPONENTS},
            "lr": {"G": 2e-4, "D": 2e-4},
            "weights": {"adversarial": 1.0, "cycle_a": 10.0, "cycle_b": 10.0, "identity": 0.5},
            "throughput": PACE + self.noise.gauss(0, 0.4),
            "data_wait": 0.012,
            "machine": machines.reading(step / PACE, self.sensors) if step % READ_EVERY == 0 else None,
        }
        return ev.Metrics(**{**line, **changes})

    def loss(self, name: str, step: int) -> float:
        """A component's value: it falls to a level, with noise of its own."""
        kind, domain = name.split("_")
        start, level, scale = _SHAPES[kind]
        lean = 1.0 if domain == "A" else 1.22
        if kind == "cycle" and step > 30_000:
            level *= 0.62
        return (level + (start - level) * exp(-step / scale)) * lean * self.noise.lognormvariate(0, 0.13)

    def start_up(self) -> Iterator[ev.Event]:
        """From the engine's start to its first step."""
        began = {"pid": 4242, "host": "gpu-box"}
        yield ev.Started(**self.early(0.0), **began)
        yield ev.Phase(**self.early(0.1), name="importing torch")
        yield ev.Phase(**self.early(2.4), name="reading data", detail="horse2zebra: 1,067 + 1,334 images")
        yield ev.Phase(**self.early(3.1), name="building networks", detail="ResNet-9, PatchGAN 70x70")
        controls = controls_of(CycleGanConfig())
        yield ev.Announced(
            **self.early(4.0),
            controls=controls,
            values={control.name: control.default for control in controls},
            staged=(),
            rates={"G": "optim.lr_g", "D": "optim.lr_d"},
            components=COMPONENTS,
            objective=tuple(name for name in COMPONENTS if not name.startswith("D")),
            epochs=EPOCHS,
            steps_per_epoch=STEPS_PER_EPOCH,
            total_steps=EPOCHS * STEPS_PER_EPOCH,
            device="cuda:0 bf16",
            parameters=_PARAMETERS,
            weighed_by=weighed_by(CycleGanConfig()),
        )
        yield ev.Phase(**self.early(4.1), name="warming up", detail="capturing the step as a CUDA graph")

    def early(self, seconds: float) -> dict[str, float]:
        """The fields of an event before the first step."""
        return {"seq": next(self.seq), "step": 0, "time": BEGAN + seconds}

    def checkpoint(self, step: int) -> ev.Checkpointed:
        """A checkpoint of that step."""
        path = f"checkpoints/step-{step:08d}"
        return ev.Checkpointed(
            **self.when(step + 12), saved_step=step, path=path, seconds=0.41, size=339_000_000, reason="schedule"
        )

    def nudge(self, step: int, name: str, old: float, new: float, why: str = "", **more: object) -> ev.Nudged:
        """A change of one control."""
        stamp = {**self.when(step), **more}
        return ev.Nudged(**stamp, changes=(ev.Change(name=name, old=old, new=new),), by="you", why=why)

    def sheet(self, step: int, rows: tuple[tuple[str, ...], ...]) -> ev.Sampled:
        """A contact sheet."""
        return ev.Sampled(**self.when(step), path=f"samples/step-{step:08d}.png", tile=64, rows=rows)

    def health(self, step: int) -> dict[str, float | None]:
        """What sentinels go by, as such a run has it once its translations into B have collapsed."""
        beliefs = {"D_A_on_real": 0.91, "D_A_on_fake": 0.12, "D_B_on_real": 0.62, "D_B_on_fake": 0.41}
        looks = {"diversity_fake_B": 0.08, "change_fake_B": 0.31, "correlation_fake_B": 0.22}
        return {**beliefs, **looks, "diversity_fake_A": 0.84, "change_fake_A": 0.17, "correlation_fake_A": 0.71}

    def found(self, step: int) -> Iterator[ev.Event]:
        """Two sentinels find something at that step, a third did before, and one of them is over."""
        yield self.metrics(step, health=self.health(step))
        spike = {"sentinel": "spike", "suggestion": {"optim.lr_g": 1e-4}}
        high = "is far above its range: 3.1, of late 0.29"
        yield ev.Alert(**self.when(step), subject="G_A", fact=high, cause="A step that was too long.", **spike)
        yield ev.Recovered(**self.when(step + 200), sentinel="spike", subject="G_A")
        yield ev.Alert(
            **self.when(step + 300),
            subject="the losses",
            fact="have not moved by 1.0% in 20,000 steps",
            sentinel="stall",
            cause="The learning rates are too low for what is left to learn, or the run has learnt what it can.",
            fix="Look at the samples: if they change no more either, the run can be stopped.",
        )
        yield ev.Alert(
            **self.when(step + 400),
            subject="fake_B",
            fact="looks alike whatever is translated: 0.08 of the distances that real images have",
            fix="What is lost rarely comes back: branch from a checkpoint before it.",
            sentinel="collapse",
            cause="Mode collapse: the generator has found one picture that passes, and ignores its input.",
            suggestion={"loss.cycle_a": 16.0},
        )

    def run(self, steps: int, rows: tuple[tuple[str, ...], ...], sheets: tuple[int, ...]) -> Iterator[ev.Event]:
        """A whole course: start-up, then a line of metrics every LOG_EVERY steps and what users and engine do."""
        yield from self.start_up()
        yield ev.Training(**self.when(0))
        for step in range(LOG_EVERY, steps + 1, LOG_EVERY):
            yield self.metrics(step)
            if step % 10_000 == 0:
                yield self.checkpoint(step)
            if step in sheets:
                yield self.sheet(step, rows)
            if step == 18_000:
                yield self.nudge(step, "loss.identity", 0.5, 1.0, "colours invert")
            if step == 24_500:
                yield ev.Alert(
                    **self.when(step),
                    subject="data/horse2zebra/trainA/n02381460_[101].jpg",
                    fact="is no image that can be read",
                    fix="It is skipped; delete or replace it",
                )
            if step == 30_000:
                yield self.nudge(step, "loss.cycle_a", 10.0, 8.0)
            if step == 41_000:
                yield ev.Note(**self.when(step), text="stripes on the legs at last", by="you")
