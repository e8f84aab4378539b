"""What each part of the program loads: the process that draws never loads PyTorch."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import pytest

import engine.config
import engine.protocol
import gan_tui
import gan_tui.client
import gan_tui.datasets


def below(package: object, name: str) -> list[str]:
    """Every module of a package, by its full name."""
    return [found.name for found in pkgutil.walk_packages(package.__path__, f"{name}.")]  # type: ignore[attr-defined]


def loaded_after(modules: list[str], watched: tuple[str, ...]) -> list[str]:
    """Which of the watched modules a fresh process has loaded once it has imported these."""
    program = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        f"print(*[name for name in {watched!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_watching_would_notice() -> None:
    assert loaded_after(["engine.device"], ("torch", "json", "absent")) == ["torch", "json"]


def test_the_interface_as_a_whole_never_loads_pytorch() -> None:
    everything = below(gan_tui, "gan_tui")
    assert {"gan_tui.app", "gan_tui.cli.app", "gan_tui.client.stream"} <= set(everything)
    assert loaded_after(everything, ("torch", "torchvision", "safetensors")) == []


@pytest.mark.parametrize(
    ("package", "name"), [(engine.protocol, "engine.protocol"), (engine.config, "engine.config")], ids=str
)
def test_what_the_interface_may_use_of_the_engine_is_light(package: object, name: str) -> None:
    modules = below(package, name)
    assert len(modules) > 4
    assert loaded_after(modules, ("torch", "numpy", "PIL.Image", "textual", "rich", "typer")) == []


def test_the_command_line_loads_no_dashboard_before_it_is_wanted() -> None:
    assert loaded_after(["gan_tui.cli.app"], ("torch", "textual", "zmq", "numpy", "PIL")) == []


def test_the_client_and_the_sets_draw_nothing() -> None:
    modules = below(gan_tui.client, "gan_tui.client") + below(gan_tui.datasets, "gan_tui.datasets")
    assert loaded_after(modules, ("torch", "textual", "typer")) == []
