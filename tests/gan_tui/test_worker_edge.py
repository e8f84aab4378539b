"""A worker's failure is told and ends nothing, and there is no worker whose failure is not told."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from textual.app import App

import gan_tui
from engine.errors import RequestError
from gan_tui.worker_edge import failure_told


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RequestError("run.seed", "is no number", "Give one."), "run.seed: is no number. Give one."),
        (PermissionError(13, "Permission denied", "x"), "It cannot be done (Permission denied). Try again."),
        (SyntaxError("broken PNG file"), "It cannot be done (broken PNG file). Try again."),
        (ZeroDivisionError(), "It cannot be done (ZeroDivisionError). Try again."),
    ],
)
async def test_a_failure_is_told_and_the_application_goes_on(error: Exception, told: str) -> None:
    app: App[None] = App()
    heard: list[str] = []

    def fail() -> None:
        with failure_told("It cannot be done", heard.append, "Try again."):
            raise error

    async with app.run_test():
        await app.run_worker(fail, thread=True).wait()
        assert (heard, app.is_running) == ([told], True)


def test_every_worker_has_its_failure_told() -> None:
    sources = "".join(path.read_text() for path in sorted(Path(gan_tui.__file__).parent.rglob("*.py")))
    workers = [
        function
        for function in ast.walk(ast.parse(sources.replace("from __future__ import annotations", "")))
        if isinstance(function, ast.FunctionDef)
        and any(ast.unparse(decorator).startswith("work(") for decorator in function.decorator_list)
    ]
    assert len(workers) > 5
    for worker in workers:
        acts = [line for line in worker.body if not isinstance(line, ast.Assign)]
        assert all(isinstance(line, ast.With) for line in acts), f"{worker.name} does something before its edge"
