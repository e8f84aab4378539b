"""What the machine's screen says, section by section: titles, gauges, and how many rows each needs."""

from __future__ import annotations

from typing import NamedTuple

from engine.protocol.machine import Gpu, Machine, StepPhase
from gan_tui.state.machine import Outlook, Reading, memory_share, most_watts
from gan_tui.state.run_view import RunView
from gan_tui.state.wording import pace
from gan_tui.widgets import machine_words as words
from gan_tui.widgets.line import Span

PLAIN, FAINT, WARN, NAME = "board--plain", "board--faint", "board--warn", "board--name"

PHASES: tuple[tuple[StepPhase, str, str], ...] = (
    ("data", "░", "board--data"),
    ("prepare", "▒", "board--prepare"),
    ("compute", "█", "board--compute"),
    ("device", "▓", "board--device"),
    ("record", "≡", "board--record"),
    ("sample", "▤", "board--sample"),
    ("checkpoint", "◆", "board--checkpoint"),
    ("other", "·", "board--other"),
)
"""In the order in which they are drawn, each with its sign and its colour."""


class Gauge(NamedTuple):
    """A value that is seen over time."""

    label: str
    value: str
    reading: Reading
    top: float
    """What the top of its curve stands for."""
    style: str
    share: float | None = None
    """How much of its bar is full; None for one without."""
    warns: bool = False


def gpu_gauges(gpus: tuple[Gpu, ...]) -> list[Gauge]:
    """What is seen of GPUs."""
    busy = [gpu.busy for gpu in gpus if gpu.busy is not None]
    mean = sum(busy) / len(busy) if busy else None
    spread = f" ({words.percent(min(busy))} to {words.percent(max(busy))})" if len(busy) > 1 else ""
    used = [gpu.memory for gpu in gpus if gpu.memory is not None]
    there = [gpu.memory_total for gpu in gpus if gpu.memory_total is not None]
    memory = words.part_of(sum(used) if used else None, sum(there) if there else None)
    share = memory_share(gpus)
    hottest = max((gpu.celsius for gpu in gpus if gpu.celsius is not None), default=None)
    watts, most = sum(gpu.watts or 0.0 for gpu in gpus), most_watts(gpus)
    slowed = words.slowed_by(gpus)
    return [
        Gauge("busy", words.percent(mean) + spread, "gpu busy", 1.0, "board--one", mean),
        Gauge("memory", memory, "gpu memory", 1.0, "board--two", share, (share or 0) >= words.FULL),
        Gauge(
            "heat", words.heat(gpus), "gpu heat", 100.0, "board--three",
            None if hottest is None else hottest / 100, "heat" in slowed,
        ),
        Gauge(
            "power", words.power(gpus), "gpu power", most or 1000.0, "board--four",
            watts / most if most else None, "power brake" in slowed,
        ),
    ]  # fmt: skip


def host_gauges(machine: Machine) -> list[Gauge]:
    """What is seen of the host."""
    share = machine.memory / machine.memory_total if machine.memory and machine.memory_total else None
    memory = words.part_of(machine.memory, machine.memory_total)
    return [
        Gauge("cpu", words.percent(machine.cpu), "cpu", 1.0, "board--five", machine.cpu),
        Gauge("memory", memory, "memory", 1.0, "board--two", share, (share or 0) >= words.FULL),
    ]


def gpu_told(gpus: tuple[Gpu, ...]) -> list[Span]:
    """Their clocks, and what slows them."""
    slowed = words.slowed_by(gpus)
    clocks = words.clocks_of(gpus)
    if not slowed:
        return [(clocks, FAINT)] if clocks else []
    return [(f"{clocks} · " if clocks else "", FAINT), (f"! slowed by {' and '.join(slowed)}", WARN)]


def gpu_lines(gpus: tuple[Gpu, ...], width: int) -> list[list[Span]]:
    """Several GPUs, each on a line; their bars have what room is left."""
    slowed = [f"  ! {' and '.join(gpu.slowed)}" if gpu.slowed else "" for gpu in gpus]
    cells = max(0, min(40, (width - 50 - max(map(len, slowed), default=0)) // 2))
    return [_gpu_line(gpu, cells, told) for gpu, told in zip(gpus, slowed, strict=True)]


def _gpu_line(gpu: Gpu, cells: int, slowed: str) -> list[Span]:
    memory = words.part_of(gpu.memory, gpu.memory_total)
    return [
        (f"{gpu.index:>3} ", NAME),
        (f"{words.percent(gpu.busy):>5} ", PLAIN),
        *words.bar(gpu.busy, cells, "board--one", "board--rest"),
        (f"{memory:>16} ", PLAIN),
        *words.bar(memory_share((gpu,)), cells, "board--two", "board--rest"),
        (f"{words.heat((gpu,)):>7} {words.power((gpu,)):>13}", PLAIN),
        (slowed, WARN),
    ]


def host_told(machine: Machine) -> list[Span]:
    """What of it the engine takes."""
    own = [f"{machine.engine_cpu:.1f} cores"] if machine.engine_cpu is not None else []
    own += [words.size(machine.rss)] if machine.rss is not None else []
    return [(f"the engine's own {', '.join(own)}", FAINT)] if own else []


def step_line(view: RunView) -> list[Span]:
    """How long steps took lately; of one that does not end, how long so far."""
    if view.stuck is not None:
        usual = f", {words.span(view.stuck.usual)} are usual"
        return [(f"! {words.stuck_text(view.stuck)}", WARN), (usual, FAINT)]
    times = view.step_times
    if times is None:
        return [(f"{1000 / view.throughput:.1f} ms" if view.throughput else "–", PLAIN)]
    return [
        (words.span(times.median), PLAIN),
        (" median   ", FAINT),
        (words.span(times.fastest), PLAIN),
        (" fastest   ", FAINT),
        (words.span(times.slowest), PLAIN),
        (" slowest", FAINT),
    ]


def step_told(view: RunView) -> list[Span]:
    """How many those were, and how many there are a second."""
    count = view.step_times.steps if view.step_times else 0
    steps = "the last step" if count == 1 else f"the last {count:,} steps" if count else ""
    told = " · ".join(part for part in (steps, pace(view.throughput) if view.throughput else "") if part)
    return [(told, FAINT)] if told else []


def phase_bar(view: RunView, width: int) -> list[Span]:
    """The phases of the newest steps as parts of a bar; what took any time at all and has room for it is seen."""
    shares = _shares(view)
    edges, reached = [0], 0.0
    for _, _, _, share in shares:
        reached += share
        edges.append(round(min(1.0, reached) * width))
    return [
        (sign * (end - start), style)
        for (_, sign, style, _), start, end in zip(shares, edges, edges[1:], strict=False)
        if end > start
    ]


def phase_legend(view: RunView, width: int) -> list[Span]:
    """What the signs of the bar mean, largest first, with what a step spends on each, as many as fit."""
    times = view.step_times
    if times is None:
        return []
    found: list[Span] = []
    taken = 0
    for phase, sign, style, share in sorted(_shares(view), key=lambda each: -each[3]):
        spent = times.phases.get(phase, 0.0) / max(1, times.steps)
        if share < 0.0005:
            continue
        starved = phase == "data" and share >= words.STARVED
        told: list[Span] = [
            (f"{sign} ", style),
            (f"{words.phase_name(phase)} ", FAINT),
            (f"{'! ' if starved else ''}{_fine(share)}", WARN if starved else PLAIN),
            (f" {words.span(spent)}   ", FAINT),
        ]
        taken += sum(len(text) for text, _ in told)
        if taken - 3 > width:
            break
        found += told
    return found


def disk_line(machine: Machine, found: Outlook | None, width: int) -> list[Span]:
    """The room left, and how long it lasts, as far as there is room to say that."""
    scarce = found is not None and found.fit < words.SCARCE
    room = f"{'! ' if scarce else ''}{words.part_of(machine.disk_free, machine.disk_total)} free"
    last = next((told for told in words.how_long(found) if len(room) + 3 + len(told) <= width), "")
    return [(room, WARN if scarce else PLAIN), (f"   {last}", FAINT)]


def _shares(view: RunView) -> list[tuple[StepPhase, str, str, float]]:
    phases = view.step_times.phases if view.step_times else {}
    total = sum(phases.values())
    if not total:
        return []
    return [(phase, sign, style, phases.get(phase, 0.0) / total) for phase, sign, style in PHASES]


def _fine(share: float) -> str:
    return f"{100 * share:.1f}%" if share < 0.0995 else f"{100 * share:.0f}%"
