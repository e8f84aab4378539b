"""Values of every kind of message, made from its type: each field filled, none left at its default."""

from __future__ import annotations

from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from engine.protocol import commands as cmd
from engine.protocol import events as ev

EVENTS: tuple[type[ev.Recorded], ...] = get_args(ev.Event)
COMMANDS: tuple[type[Any], ...] = get_args(cmd.Command)


def example(kind: type[Any]) -> Any:
    """A message of a kind."""
    return kind(**{name: _value(hint) for name, hint in get_type_hints(kind).items() if name in kind.__struct_fields__})


def _value(hint: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return example(hint)
    simple = {int: 7, float: 0.25, str: 'Grüße "\n\x1b[31m', bool: True}
    if hint in simple:
        return simple[hint]
    match get_origin(hint), get_args(hint):
        case (origin, (first, *_)) if origin is Literal:
            return first
        case (origin, (item, *_)) if origin is tuple:
            return (_value(item), _value(item))
        case (origin, (key, item)) if origin is dict:
            return {_value(key): _value(item)}
        case (_, (first, *_)):
            assert get_origin(hint) is Union or hasattr(hint, "__args__")
            return _value(first)
    raise AssertionError(f"no example of {hint}")
