"""The machine strip: GPU, processors, memory and disk, and where a step's time goes."""

from __future__ import annotations

from math import inf
from typing import ClassVar

from msgspec.structs import replace

from engine.protocol.machine import Gpu, Machine
from gan_tui.state.machine import memory_share, outlook
from gan_tui.state.run_view import RunView
from gan_tui.state.wording import count
from gan_tui.widgets import machine_words as words
from gan_tui.widgets.columns import clipped
from gan_tui.widgets.line import Lines, Span

AT_REST_SECONDS = 60.0
"""Between two readings that are shown of a paused run's machine."""
LABEL, VALUE, WARN = "pace--label", "pace--value", "pace--warn"


class PacePane(Lines):
    """What matters most first: a low pane shows the first of the lines alone."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {LABEL, VALUE, WARN, "pace--bar", "pace--rest"}
    DEFAULT_CSS = """
    PacePane { height: 3; }
    PacePane .pace--label { color: $faint; }
    PacePane .pace--value { color: $foreground; }
    PacePane .pace--warn { color: $warning; text-style: bold; }
    PacePane .pace--bar { color: $primary; }
    PacePane .pace--rest { color: $frame; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._view: RunView | None = None

    def show(self, view: RunView) -> None:
        """Take the run's view. Paused, what room there is is renewed once a minute, or when it begins to lack.

        So next to nothing is sent of a run at rest.
        """
        before = self._view
        if before is not None and before.machine is not None and before.state == view.state == "paused":
            new = view.machine_time - before.machine_time >= AT_REST_SECONDS or _lacking(view) != _lacking(before)
            view = view if new else replace(view, machine=before.machine, machine_time=before.machine_time)
        self._view = view
        self.redraw()

    def lines(self, width: int) -> list[list[Span]]:
        """GPU, step, processors and memory, disk, images, networks; without readings of the machine, what is left.

        Paused, without rates: those of the last steps would pass for what is going on.
        """
        view = self._view
        if view is None:
            return []
        machine = view.machine
        paused = view.state == "paused"
        if paused and machine is not None:
            machine = _at_rest(machine)
        networks = " · ".join(f"{name} {count(number)}" for name, number in view.parameters.items())
        found: list[list[Span]] = []
        if machine is not None and (machine.gpus or machine.gpu_trouble):
            found.append(_gpu_line(machine, width))
        if not paused:
            found.append(_step_line(view, width))
        if machine is not None:
            found.append(_host_line(machine, width))
            found.append(_disk_line(view, machine, width))
        if paused:  # below what there is room for, which a low pane is to show
            found.append([("step ", LABEL), ("– paused", VALUE)])
        found.append([("images   ", LABEL), (f"{view.images:,} of each domain", VALUE)])
        found.append([("networks ", LABEL), (clipped(networks, width - 9), VALUE)])
        return found


def _at_rest(machine: Machine) -> Machine:
    """What there is room for: how busy, hot and fast things are stands for nothing in a run that is paused."""
    gpus = tuple(Gpu(index=gpu.index, memory=gpu.memory, memory_total=gpu.memory_total) for gpu in machine.gpus)
    return replace(machine, gpus=gpus, cpu=None)


def _lacking(view: RunView) -> tuple[bool, ...]:
    """Of what there is too little: GPU memory, memory, disk."""
    machine = view.machine
    return (_is_full(machine.gpus), _is_short(machine), _is_scarce(view, machine)) if machine is not None else ()


def _gpu_line(machine: Machine, width: int) -> list[Span]:
    gpus = machine.gpus
    if not gpus:
        return [("gpu  ", LABEL), (clipped(f"! {machine.gpu_trouble}", width - 5), WARN)]
    busy = [gpu.busy for gpu in gpus if gpu.busy is not None]
    mean = sum(busy) / len(busy) if busy else None
    slowed = words.slowed_by(gpus)
    full = _is_full(gpus)
    memory: Span = (f"  {'! ' if full else ''}{_memory(gpus)}", WARN if full else VALUE)
    heat = power = ""
    if any(gpu.celsius is not None for gpu in gpus):
        heat = f"  {words.heat(gpus).partition(',')[0].replace(' ', '')}"
    if any(gpu.watts is not None for gpu in gpus):
        power = f"  {words.power(gpus).partition(' of')[0].removesuffix(' W')} W"
    warning = f"  ! {' and '.join(slowed)}" if slowed else ""
    label = "gpu  " if len(gpus) == 1 else f"{len(gpus)} gpus "
    head = f"{words.percent(mean):>4} "
    room = width - len(label) - len(head) - len(memory[0]) - len(warning)
    rest = next(told for told in (heat + power, heat, "") if len(told) <= room or not told)
    cells = max(0, min(20, room - len(rest))) if mean is not None else 0
    return [
        (label, LABEL),
        (head, VALUE),
        *words.bar(mean, cells, "pace--bar", "pace--rest"),
        memory,
        (rest, VALUE),
        (warning, WARN),
    ]


def _is_full(gpus: tuple[Gpu, ...]) -> bool:
    return (memory_share(gpus) or 0.0) >= words.FULL


def _memory(gpus: tuple[Gpu, ...]) -> str:
    used = sum(gpu.memory or 0 for gpu in gpus)
    total = sum(gpu.memory_total or 0 for gpu in gpus)
    return f"{used / 1e9:.0f}/{total / 1e9:.0f} GB" if total else "–"


def _step_line(view: RunView, width: int) -> list[Span]:
    if view.stuck is not None:
        return [("step ", LABEL), (f"! {words.stuck_text(view.stuck)}", WARN)]
    if not view.throughput and view.step_times is None:
        return [("step ", LABEL), ("–", VALUE)]
    median = view.step_times.median if view.step_times else 1 / view.throughput
    share = words.data_wait(view.step_times) if view.step_times else min(1.0, max(0.0, view.data_wait))
    starved = share >= words.STARVED
    head, told = words.span(median).ljust(8), f"{'! ' if starved else ''}{words.percent(share)} "
    cells = max(0, min(20, width - 17 - len(head) - len(told)))
    return [
        ("step ", LABEL),
        (head, VALUE),
        (" data wait ", LABEL),
        (told, WARN if starved else VALUE),
        *words.bar(share, cells, WARN if starved else "pace--bar", "pace--rest"),
    ]


def _host_line(machine: Machine, width: int) -> list[Span]:
    full = _is_short(machine)
    memory = words.part_of(machine.memory, machine.memory_total).replace(" of ", "/")
    head = f"{words.percent(machine.cpu):>4} "
    told = f"{'! ' if full else ''}{memory}"
    cells = max(0, min(20, width - 12 - len(head) - len(told))) if machine.cpu is not None else 0
    return [
        ("cpu  ", LABEL),
        (head, VALUE),
        *words.bar(machine.cpu, cells, "pace--bar", "pace--rest"),
        ("  ram ", LABEL),
        (told, WARN if full else VALUE),
    ]


def _is_short(machine: Machine) -> bool:
    return (machine.memory or 0) >= words.FULL * (machine.memory_total or inf)


def _disk_line(view: RunView, machine: Machine, width: int) -> list[Span]:
    found = outlook(machine.disk_free, view)
    scarce = _is_scarce(view, machine)
    room = f"{'! ' if scarce else ''}{words.size(machine.disk_free)} free"
    last = next((told for told in words.how_long(found) if len(room) + 8 + len(told) <= width), "")
    return [("disk ", LABEL), (room, WARN if scarce else VALUE), (f"   {last}", LABEL)]


def _is_scarce(view: RunView, machine: Machine) -> bool:
    found = outlook(machine.disk_free, view)
    return found is not None and found.fit < words.SCARCE
