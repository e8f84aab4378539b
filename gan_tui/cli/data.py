"""gan-tui data: the images that are trained on."""

from __future__ import annotations

import typer

from gan_tui.cli import data_check

app = typer.Typer(help="Look through folders of images.", no_args_is_help=True, rich_markup_mode=None)
app.command("check")(data_check.check)
