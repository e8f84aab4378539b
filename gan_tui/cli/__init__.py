"""The gan-tui command: one file per subcommand; heavy imports inside the commands."""

from __future__ import annotations

from gan_tui.cli.app import main

__all__ = ["main"]
