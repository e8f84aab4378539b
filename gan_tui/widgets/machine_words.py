"""How the dashboard words what a machine is at."""

from __future__ import annotations

from collections.abc import Sequence

from engine.protocol.machine import Gpu, Machine, StepTimes, Stuck
from engine.sizes import size_text
from gan_tui.state.machine import Outlook
from gan_tui.state.wording import duration
from gan_tui.widgets.line import Span

STARVED = 0.2
"""Share of the time waiting for data from which it is marked."""
FULL = 0.95
"""Share of a memory or a disk in use from which it is marked."""

SCARCE = 3
"""Room for fewer checkpoints than that is marked."""
_PHASE_NAMES = {"data": "data wait"}
"""Phases of a step that are called otherwise than by their names."""


def phase_name(phase: str) -> str:
    """What a phase of a step is called."""
    return _PHASE_NAMES.get(phase, phase)


def stuck_text(stuck: Stuck) -> str:
    """A step that does not end: stuck for 2m 05s in data wait."""
    return f"stuck for {span(stuck.seconds)} in {phase_name(stuck.phase)}"


def bar(share: float | None, cells: int, style: str, rest: str) -> list[Span]:
    """A bar of so many cells, full up to a share, in two styles."""
    full = round(min(1.0, max(0.0, share or 0.0)) * cells)
    return [("█" * full, style), ("░" * (cells - full), rest)]


def percent(share: float | None) -> str:
    """A share: 97%."""
    return "–" if share is None else f"{100 * share:.0f}%"


def size(number: float | None) -> str:
    """Bytes, where they are known: 339 MB, 1.2 GB."""
    return "–" if number is None else size_text(number)


def part_of(part: float | None, whole: float | None) -> str:
    """Bytes of so many: 41.2 of 150.8 GB."""
    if part is None or whole is None:
        return size(part)
    (amount, unit), of = size(part).split(), size(whole)
    return f"{amount} of {of}" if unit == of.split()[1] else f"{amount} {unit} of {of}"


def span(seconds: float) -> str:
    """How long a step takes: 16.2 ms, 1.25 s, 340 µs."""
    if seconds >= 100:
        return duration(seconds)
    if seconds >= 1:
        return f"{seconds:.2f} s"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.{0 if seconds >= 0.09995 else 1}f} ms"
    return f"{seconds * 1e6:.0f} µs"


def rates(machine: Machine) -> str:
    """What the disks do."""
    if machine.disk_read is None or machine.disk_written is None:
        return ""
    return f"reads {size(machine.disk_read)}/s · writes {size(machine.disk_written)}/s"


def how_long(found: Outlook | None) -> tuple[str, ...]:
    """How long a disk lasts, in more words and in fewer."""
    if found is None:
        return ()
    fits = f"{found.fit:,} more checkpoints"
    lasts = "; old ones make room" if found.steady else ""
    lasts = f": {duration(found.seconds)}" if found.seconds is not None else lasts
    return (f"{fits} of {size(found.size)}{lasts}", f"{fits}{lasts}", fits)


def names_of(gpus: Sequence[Gpu]) -> str:
    """Which GPUs these are: gpu 0 · NVIDIA H200."""
    names = list(dict.fromkeys(gpu.name for gpu in gpus if gpu.name))
    first = f"gpu {gpus[0].index}" if len(gpus) == 1 else f"{len(gpus)} gpus"
    return " · ".join([first, *names])


def clocks_of(gpus: Sequence[Gpu]) -> str:
    """Their clocks, the slowest's where there are several: 1,830 of 1,980 MHz."""
    known = [gpu for gpu in gpus if gpu.clock]
    if not known:
        return ""
    slowest = min(known, key=lambda gpu: gpu.clock or 0)
    return f"{slowest.clock:,} of {slowest.clock_most:,} MHz" if slowest.clock_most else f"{slowest.clock:,} MHz"


def slowed_by(gpus: Sequence[Gpu]) -> tuple[str, ...]:
    """What holds clocks down, of any of them."""
    return tuple(dict.fromkeys(reason for gpu in gpus for reason in gpu.slowed))


def heat(gpus: Sequence[Gpu]) -> str:
    """The hottest: 62 °C, and which one, where there are several."""
    known = [gpu for gpu in gpus if gpu.celsius is not None]
    if not known:
        return "–"
    hottest = max(known, key=lambda gpu: gpu.celsius or 0.0)
    return f"{hottest.celsius:.0f} °C" + (f", gpu {hottest.index}" if len(gpus) > 1 else "")


def power(gpus: Sequence[Gpu]) -> str:
    """What they take together: 512 of 700 W."""
    taken = [gpu.watts for gpu in gpus if gpu.watts is not None]
    most = [gpu.watts_most for gpu in gpus if gpu.watts_most is not None]
    if not taken:
        return "–"
    return f"{sum(taken):,.0f} of {sum(most):,.0f} W" if most else f"{sum(taken):,.0f} W"


def data_wait(times: StepTimes) -> float:
    """The share of the steps' time in which the loop waited for data."""
    total = sum(times.phases.values())
    return times.phases.get("data", 0.0) / total if total else 0.0
