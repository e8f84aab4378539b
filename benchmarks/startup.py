"""How long `gan-tui --help` takes, and `gan-tui attach` until it has painted: medians of interleaved runs.

    python benchmarks/startup.py [--runs 9] [--json FILE]

The run that is attached to is made first: twenty steps on synthetic images, headless. A bare `python -c pass` is timed
in turn with the others, so that a slow machine can be told from a slow program.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pyte

GAN_TUI = [sys.executable, "-c", "from gan_tui.cli import main; main()"]
SIZE = (40, 120)
SMALL = ["generator.width=4", "generator.blocks=1", "discriminator.width=4", "data.images=8", "log.every=1"]
TARGETS = {"--help": 0.25, "attach to first paint": 0.6}
"""Seconds, from the design."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9, help="timed runs of each")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_run(folder)
        cases: dict[str, Callable[[], float]] = {
            "python -c pass": lambda: wall([sys.executable, "-c", "pass"]),
            "--help": lambda: wall([*GAN_TUI, "--help"]),
            "attach to first paint": lambda: first_paint(folder),
        }
        seconds: dict[str, list[float]] = {name: [] for name in cases}
        for case in cases.values():
            case()  # a first, untimed run fills the caches
        for _ in range(arguments.runs):
            for name, case in cases.items():
                seconds[name].append(case())
    rows = [
        {"case": name, "median_s": statistics.median(taken), "least_s": min(taken), "target_s": TARGETS.get(name)}
        for name, taken in seconds.items()
    ]
    for row in rows:
        target = f"  (target {row['target_s']} s)" if row["target_s"] else ""
        print(f"{row['case']:24} median {row['median_s']:.3f} s  least {row['least_s']:.3f} s{target}")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")


def make_run(folder: str) -> None:
    settings = [word for setting in SMALL for word in ("--set", setting)]
    command = [*GAN_TUI, "train", "quickstart", "--headless", "--steps", "20", "--runs-dir", folder, *settings]
    subprocess.run(command, check=True, capture_output=True)


def wall(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def first_paint(folder: str) -> float:
    """Seconds from the start of the process until the screen shows the run's name and its panes' frames."""
    screen = pyte.Screen(SIZE[1], SIZE[0])
    stream = pyte.ByteStream(screen)
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    begun = time.perf_counter()
    arguments = [*GAN_TUI[1:], "attach", "quickstart", "--runs-dir", folder]
    child = pexpect.spawn(GAN_TUI[0], arguments, dimensions=SIZE, env=environment, timeout=20)
    while True:
        stream.feed(child.read_nonblocking(1 << 16, timeout=20))
        shown = "\n".join(screen.display)
        if "quickstart" in shown and "losses" in shown and "journal" in shown:
            break
    taken = time.perf_counter() - begun
    child.send("q")
    child.expect(pexpect.EOF)
    child.close()
    return taken


if __name__ == "__main__":
    main()
