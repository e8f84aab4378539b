"""Controls: the settings of a run that can be changed while it trains, read off the preset's types."""

from __future__ import annotations

from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from engine.config.documentation import field_docs
from engine.config.methods import TrainConfig
from engine.config.schema import Scale, Section
from engine.config.techniques import idle_settings
from engine.errors import RequestError


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """A setting that the engine lets viewers change; what they are told about it."""

    name: str
    """Its preset key, such as "loss.cycle_a"."""
    default: float
    """The value that the run's config.toml gives it."""
    minimum: float
    maximum: float
    scale: Scale
    """How a viewer should step it: by an amount or by a factor."""
    integer: bool
    unit: str
    doc: str
    """One line saying what it is."""

    def check(self, value: float) -> float:
        """The value as the control takes it.

        Raises:
            RequestError: it is not finite, out of bounds, or a fraction where a whole number is needed.
        """
        if value != value or value in (float("inf"), float("-inf")):
            raise RequestError(self.name, f"{value} is not a finite number", f"Give {self.range_text()}.")
        if self.integer and value != int(value):
            raise RequestError(self.name, f"{value:g} is not a whole number", f"Give {self.range_text()}.")
        if value < self.minimum or value > self.maximum:
            raise RequestError(self.name, f"{value:g} is out of range", f"Give {self.range_text()}.")
        return float(value)

    def range_text(self) -> str:
        """The bounds in words, such as "a number from 0 to 1"."""
        kind = "a whole number" if self.integer else "a number"
        return f"{kind} from {self.minimum:g} to {self.maximum:g}"


def controls_of(config: TrainConfig) -> tuple[Control, ...]:
    """Every control of a run, in the order of its preset's sections; none that would do nothing in it."""
    idle = idle_settings(config)
    found: list[Control] = []
    for section_name in config.__struct_fields__:
        section = getattr(config, section_name)
        assert isinstance(section, Section)
        found.extend(control for control in _controls_in(section_name, section) if control.name not in idle)
    return tuple(found)


def _controls_in(prefix: str, section: Section) -> list[Control]:
    hints = get_type_hints(type(section), include_extras=True)
    docs = field_docs(type(section))
    found = []
    for field in section.__struct_fields__:
        value = getattr(section, field)
        if isinstance(value, Section):
            found.extend(_controls_in(f"{prefix}.{field}", value))
            continue
        meta = _live_meta(hints[field])
        if meta is None:
            continue
        assert meta.ge is not None, "a control has bounds"
        assert meta.le is not None, "a control has bounds"
        extra = meta.extra or {}
        found.append(
            Control(
                name=f"{prefix}.{field}",
                default=float(value),
                minimum=float(meta.ge),
                maximum=float(meta.le),
                scale=extra["scale"],
                integer=get_args(hints[field])[0] is int,
                unit=extra["unit"],
                doc=docs.get(field, ""),
            )
        )
    return found


def _live_meta(hint: Any) -> msgspec.Meta | None:
    if get_origin(hint) is not Annotated:
        return None
    metas = [item for item in get_args(hint)[1:] if isinstance(item, msgspec.Meta)]
    return next((meta for meta in metas if (meta.extra or {}).get("live")), None)
