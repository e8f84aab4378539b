"""The strings below the fields of a section, read from its source: the one place where a preset key is explained."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
import threading

from engine.config.schema import Section

_parsing = threading.Lock()
"""CPython counts the depth of a tree that it builds for all threads together, and fails where two build at once."""


@functools.cache
def field_docs(section: type[Section]) -> dict[str, str]:
    """Each field's docstring, folded to one line; inherited fields included."""
    docs: dict[str, str] = {}
    for owner in reversed(section.__mro__):
        if issubclass(owner, Section) and owner is not Section:
            docs.update(_own_docs(owner))
    return docs


def _own_docs(owner: type[Section]) -> dict[str, str]:
    with _parsing:
        body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
    assert isinstance(body, ast.ClassDef)
    docs = {}
    for field, below in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            docs[field.target.id] = " ".join(below.value.value.split())
    return docs
