"""The gan-tui command: one file per subcommand; heavy imports inside the commands."""

from __future__ import annotations

import sys

from engine.errors import INTERRUPTED


def main() -> None:
    """Run the command and exit: 0 done, 1 the work failed, 2 the request was wrong, 130 interrupted."""
    try:
        from gan_tui.cli.app import main as run  # within, so that Ctrl-C while it is read ends without a traceback

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
