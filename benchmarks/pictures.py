"""Bytes that pictures cost on the wire: a sheet after another, one picture large, before and after a nudge.

    python benchmarks/pictures.py [--photos FOLDER] [--images half kitty ...] [--sizes 200x50 ...] [--json FILE]

A record of a CycleGAN run with a nudge and three sheets is written, and attached to in a pseudo-terminal of each size.
Every generated picture of a sheet is another photograph than on the sheet before, which no training does: the figures
are upper bounds. Without photographs, noise stands in, of which every cell is unlike its neighbours.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import msgspec
import pexpect
from PIL import Image
from startup import GAN_TUI

from engine.config.load import dump, read_toml, resolve
from engine.config.presets import shipped_presets
from engine.protocol import events as ev
from engine.protocol.codec import encode
from engine.protocol.rundir import RunDirectory, create_run, read_identity, write_identity

TILE = 256
ROWS = (("real_A", "fake_B", "rec_A"), ("real_B", "fake_A", "rec_B")) * 4
STEPS = (1000, 2000, 3000)
FIRST_SECONDS = 30.0
"""So long the first byte may take."""
QUIET_SECONDS = 3.0
"""So long nothing is written when all is drawn."""
KEYS = {
    "an older sheet": ",",
    "a picture large": "o",
    "an older sheet of it": ",",
    "back": "q",
    "before and after": "b",
}


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What a key had written."""

    size: str
    images: str
    what: str
    bytes: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, help="a folder of photographs")
    parser.add_argument("--images", nargs="+", default=["half", "256", "kitty", "sixel"])
    parser.add_argument("--sizes", nargs="+", default=["80x24", "120x40", "200x50"])
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = write_run(Path(folder), arguments.photos)
        costs = []
        for size in arguments.sizes:
            for images in arguments.images:
                for cost in costs_of(run, size, images):
                    costs.append(cost)
                    print(f"{cost.size:>7}  {cost.images:6} {cost.what:22} {cost.bytes / 1000:8.1f} kB", flush=True)
    if arguments.json:
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(costs)) + b"\n")


def write_run(folder: Path, photos: Path | None) -> RunDirectory:
    """An ended run with its sheets."""
    preset = shipped_presets()["quickstart"]
    toml = dump(resolve(read_toml(preset), str(preset)))
    run = create_run(folder, name="photos", method="cyclegan", preset="quickstart", config_toml=toml, parent=None)
    write_identity(run, msgspec.structs.replace(read_identity(run), state="stopped"))
    run.samples.mkdir()
    change = ev.Change(name="loss.cycle_a", old=10.0, new=8.0)
    record: list[ev.Event] = []
    for number, step in enumerate(STEPS):
        path = f"samples/step-{step:08d}.png"
        sheet_of(photos, number).save(run.root / path)
        record.append(ev.Sampled(seq=len(record) + 1, step=step, time=step, path=path, tile=TILE, rows=ROWS))
        if step == STEPS[1]:
            record.append(ev.Nudged(seq=len(record) + 1, step=step, time=step, changes=(change,), by="you"))
    run.events.write_bytes(b"".join(encode(event) + b"\n" for event in record))
    line = {"losses": {"G_A": 1.0}, "lr": {"G": 2e-4}, "weights": {}, "throughput": 1.0, "data_wait": 0.0}
    lines = [ev.Metrics(seq=10 + at, step=3001 + at, time=3001 + at, epoch=1, images=1, **line) for at in range(2)]
    run.metrics.write_bytes(b"".join(encode(each) + b"\n" for each in lines))
    return run


def sheet_of(photos: Path | None, number: int) -> Image.Image:
    """The real images are the same on every sheet, the others are not."""
    files = sorted(photos.iterdir()) if photos else []
    sheet = Image.new("RGB", (3 * TILE, len(ROWS) * TILE))
    for row in range(len(ROWS)):
        for column in range(3):
            place = row if column == 0 else 100 * (number + 1) + 3 * row + column
            if files:
                whole = Image.open(files[place % len(files)]).convert("RGB")
                side = min(whole.size)
                picture = whole.crop((0, 0, side, side)).resize((TILE, TILE))
            else:
                bands = [Image.effect_noise((TILE, TILE), 80 + place % 7) for _ in range(3)]
                picture = Image.merge("RGB", bands)
            sheet.paste(picture, (column * TILE, row * TILE))
    return sheet


def costs_of(run: RunDirectory, size: str, images: str) -> list[Cost]:
    """Attach, press the keys, and count what each has written."""
    columns, rows = map(int, size.split("x"))
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "" if images == "256" else "truecolor"}
    option = "half" if images == "256" else images
    command = [*GAN_TUI, "attach", str(run.root), "--images", option]
    child = pexpect.spawn(command[0], command[1:], dimensions=(rows, columns), env=environment)
    counted(child)
    child.send("2")
    counted(child)
    costs = []
    for what, key in KEYS.items():
        child.send(key)
        costs.append(Cost(size=size, images=images, what=what, bytes=counted(child)))
    child.close(force=True)
    return costs


def counted(child: pexpect.spawn[bytes]) -> int:
    """The bytes that are written until it is quiet."""
    total, last = 0, time.monotonic()
    began = last
    while time.monotonic() - last < QUIET_SECONDS or (not total and time.monotonic() - began < FIRST_SECONDS):
        with suppress(pexpect.TIMEOUT):
            read = len(child.read_nonblocking(1 << 16, timeout=0.05))
            total, last = total + read, time.monotonic()
    return total


if __name__ == "__main__":
    main()
