"""Kills engines at random moments and shows that nothing is lost and that the result is the uninterrupted run's.

    python benchmarks/kill_storm.py [--kills 200] [--seed 0] [--jobs 2] [--quick] [--json FILE]

Runs of a small CycleGAN, in turn on drawn images and on a folder of images with data workers, are started with
`gan-tui train --detach`. Their engines get SIGKILL: at any moment after the start, at any moment of training, while a
checkpoint is being written, right after its rename, while an old one is being deleted; they save every third step. Each
run is taken up with `gan-tui resume --detach`, killed again, and after twenty kills trained to its end. What must hold:

- every engine goes on from the checkpoint that was the newest whole one, and everything named as a checkpoint is whole;
- both files of the record begin, byte for byte, with what was in them at each earlier kill; where that ended within a
  line, a newline follows; what a viewer has read stays readable, and events are numbered 1, 2, 3 ...;
- every line of metrics ever written, in abandoned courses too, says of its step what the uninterrupted run says of it;
- nudges staged at the beginning take effect once each, at their steps;
- the last checkpoint equals the uninterrupted run's bit for bit: networks, optimizers, pools, schedule, meters,
  controls, PyTorch's random state, and the manifest;
- no process, draft or socket is left over.

A violation ends its storm; the run is kept and named, and the exit status is then 1. The moments follow from the seed;
what an engine is doing then is the machine's chance, so kills are counted by what was found on disk afterwards.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
import numpy as np
import tomli_w
from PIL import Image
from storm.life import ViolationError, require
from storm.moments import moments
from storm.outcome import Outcome, outcome_of
from storm.trial import PHASES, Kill, Trial

from engine.config.load import Tree
from engine.errors import GanTuiError
from engine.protocol import events as ev
from engine.protocol.commands import SetControls
from engine.protocol.rundir import RunDirectory

KILLS_PER_RUN = 20
STEPS = 480
QUICK_KILLS = 12
QUICK_STEPS = 120
"""Steps of a run, a multiple of all cadences; kills that would come after the last step fall on the next run."""
IMAGES = 12
"""Of each domain: steps in an epoch."""
CONFIG: Tree = {
    "generator": {"arch": "resnet", "width": 8, "blocks": 2, "dropout": True},
    "discriminator": {"arch": "patch", "width": 8, "layers": 2},
    "run": {"device": "cpu"},
    "log": {"every": 2},
    "sample": {"every": 5, "count": 2},
    "checkpoint": {"every": 3, "keep": 2, "keep_every": 60},
}
SIDES: Tree = {"resize": 36, "crop": 32}
NUDGES = (
    SetControls(values={"loss.cycle_a": 5.0}, at_step=20),
    SetControls(values={"optim.lr_g": 1e-4, "loss.identity": 0.0}, at_step=50),
    SetControls(values={"loss.identity": 0.25}, at_step=90),
)

Data: TypeAlias = Literal["drawn", "folder"]
DATA: tuple[Data, ...] = ("drawn", "folder")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """An uninterrupted run."""

    outcome: Outcome
    startup: float
    """Seconds to its first step."""


@dataclass
class Tally:
    """What the storms have seen so far; they run in threads."""

    wanted: int
    kills: list[Kill] = field(default_factory=list)
    finished: list[Trial] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def add(self, kill: Kill) -> None:
        """Count a kill and say how far the storm is."""
        self.kills.append(kill)
        phases = ", ".join(f"{count} {phase}" for phase, count in Counter(k.phase for k in self.kills).most_common())
        line = f"{len(self.kills)} of {self.wanted} kills ({phases}); {len(self.finished)} runs finished"
        if sys.stderr.isatty():
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
        elif len(self.kills) % 10 == 0:
            print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Where the runs are made and how long they are."""

    folder: Path
    steps: int
    halt: threading.Event

    def prepare(self) -> None:
        """Write the presets, and a folder of images of noise for the runs with data workers."""
        noise = np.random.default_rng(0)
        for name in ("trainA", "trainB", "testA", "testB"):
            folder = self.folder / "data" / name
            folder.mkdir(parents=True)
            for number in range(IMAGES):
                Image.fromarray(noise.integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(folder / f"{number}.png")
        epochs = self.steps // IMAGES
        optim = {"epochs": epochs // 3, "decay_epochs": epochs - epochs // 3, "pool": 8}
        images: dict[Data, Tree] = {
            "drawn": {"kind": "synthetic", "images": IMAGES},
            "folder": {"kind": "unpaired", "root": str(self.folder / "data"), "workers": 2},
        }
        for data in DATA:
            preset = {**CONFIG, "data": {**images[data], **SIDES}, "optim": optim}
            (self.folder / f"{data}.toml").write_text(tomli_w.dumps(preset))

    def trial(self, name: str, data: Data) -> Trial:
        """A run to be."""
        runs = self.folder / "runs"
        begin = ["train", str(self.folder / f"{data}.toml"), "--name", name, "--runs-dir", str(runs), "--detach"]
        return Trial(RunDirectory(runs / name), begin, NUDGES, self.halt)

    def uninterrupted(self, data: Data) -> Reference:
        """What a run that is left alone comes to."""
        trial = self.trial(f"uninterrupted-{data}", data)
        require(trial.live(None) is None, "the uninterrupted run was killed")
        outcome = outcome_of(trial.run)
        trial.check_end(outcome)
        require([step for step, _ in outcome.nudges] == [nudge.at_step for nudge in NUDGES], "nudges are missing")
        return Reference(outcome=outcome, startup=trial.startup)


def storm(number: int, kills: int, seed: int, ground: Ground, references: dict[Data, Reference], tally: Tally) -> None:
    """Kill engines so many times, run after run, and train every run to its end; ends with its first violation."""
    startup = max(reference.startup for reference in references.values())
    coming = moments(random.Random(f"{seed}/{number}"), startup)
    for made in itertools.count():
        data = DATA[(number + made) % len(DATA)]
        trial = ground.trial(f"storm-{number}-{made}-{data}", data)
        try:
            suffered = 0
            while kill := trial.live(next(coming) if suffered < min(kills, KILLS_PER_RUN) else None):
                suffered += 1
                tally.add(kill)
            trial.check_end(references[data].outcome)
        except (ViolationError, GanTuiError) as violation:
            tally.violations.append(f"{trial.run.root}: {violation}")
            return
        tally.finished.append(trial)
        shutil.rmtree(trial.run.root)
        kills -= suffered
        if not kills:
            return


def share(kills: int, jobs: int) -> list[int]:
    """How many kills fall on each storm."""
    return [kills // jobs + (number < kills % jobs) for number in range(jobs)]


def storms(ground: Ground, kills: int, jobs: int, seed: int) -> Tally:
    """The uninterrupted runs, then the storms side by side."""
    tally = Tally(kills)
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        try:
            outcomes = pool.map(ground.uninterrupted, DATA)
            references = dict(zip(DATA, outcomes, strict=True))
            parts = [
                pool.submit(storm, number, part, seed, ground, references, tally)
                for number, part in enumerate(share(kills, jobs))
                if part
            ]
            for part in parts:
                part.result()
        except ViolationError as violation:
            tally.violations.append(f"{ground.folder}: {violation}")
        except BaseException:
            ground.halt.set()  # the storms' engines are killed before the pool is left
            raise
    return tally


# --------------------------------------------------------------------------------------------------------- the table


def figures(tally: Tally, jobs: int, minutes: float) -> list[tuple[str, str]]:
    """The rows of the table."""
    phases = Counter(kill.phase for kill in tally.kills)
    begun = [kill for kill in tally.kills if kill.first_step_after is not None]
    lines = [[event.step for event in trial.events if isinstance(event, ev.Metrics)] for trial in tally.finished]
    given_up = sum(len(steps) - len(set(steps)) for steps in lines)
    anew = [max(0, kill.step - kill.resumes_from) for kill in begun] or [0]
    startups = [kill.first_step_after for kill in begun if kill.first_step_after is not None] or [0.0]
    return [
        ("kills", f"{len(tally.kills)}"),
        *((f"… {phase}", f"{phases[phase]}") for phase in PHASES),
        ("lines torn by a kill", f"{sum(trial.torn for trial in tally.finished)}"),
        ("engines that came to a first step, all from the newest checkpoint", f"{len(begun) + len(tally.finished)}"),
        ("… seconds to that step, median", f"{statistics.median(startups):.1f}"),
        ("lines of metrics on file, of them in courses given up", f"{sum(map(len, lines)):,}, {given_up:,}"),
        ("steps on record to be done anew after a kill, median, most", f"{statistics.median(anew):g}, {max(anew)}"),
        ("runs trained to their end, each the uninterrupted one bit for bit", f"{len(tally.finished)}"),
        ("violations", f"{len(tally.violations)}"),
        ("storms side by side, minutes", f"{jobs}, {minutes:.0f}"),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="how many, over all runs")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--jobs", type=int, default=2, help="storms side by side")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_KILLS} kills and shorter runs")
    parser.add_argument("--json", type=Path, help="also write the figures and every kill here")
    arguments = parser.parse_args()
    kills, steps = (QUICK_KILLS, QUICK_STEPS) if arguments.quick else (arguments.kills, STEPS)
    folder = Path(tempfile.mkdtemp(prefix="kill-storm-"))
    sockets = folder / "sockets"
    sockets.mkdir(mode=0o700)
    os.environ.update(XDG_RUNTIME_DIR=str(sockets), OMP_NUM_THREADS="1")
    ground = Ground(folder=folder, steps=steps, halt=threading.Event())
    ground.prepare()
    begun = time.monotonic()
    tally = storms(ground, kills, arguments.jobs, arguments.seed)
    left = [path.name for path in sockets.rglob("*") if path.is_socket()]
    if left and not tally.violations:  # a run that was given up keeps its sockets' names
        tally.violations.append(f"{sockets}: sockets are left over: {', '.join(left)}")
    rows = figures(tally, arguments.jobs, (time.monotonic() - begun) / 60)
    print("\n| | |\n|---|---|")
    for name, value in rows:
        print(f"| {name} | {value} |")
    if arguments.json:
        report = {"figures": dict(rows), "violations": tally.violations, "kills": tally.kills}
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    for violation in tally.violations:
        print(f"violation in {violation}", file=sys.stderr)
    if tally.violations:
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
