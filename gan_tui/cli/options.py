"""Options and arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from gan_tui.cli import completion

RunArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's name, unique beginning, or path.", autocompletion=completion.runs)
]
OptionalRun: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN",
        help="A run's name, unique beginning, or path.",
        show_default=False,
        autocompletion=completion.runs,
    ),
]
ReachableRun: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN",
        help="A run's name, unique beginning, or path; or an access file.",
        show_default=False,
        autocompletion=completion.runs,
    ),
]
CHECKPOINT = "STEP|latest|best[:FIGURE]"
"""What --checkpoint takes (engine.protocol.choice.choose_checkpoint)."""
RunsFolder: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--runs-dir",
        metavar="DIR",
        help="Folder of runs [default: $GAN_TUI_RUNS_DIR, or ./runs].",
        show_default=False,
    ),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Settings: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a key of the preset, such as generator.blocks=6; may repeat.",
        autocompletion=completion.settings,
    ),
]
Gpus: TypeAlias = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        max=1024,
        help="GPUs that share each batch; with device cpu, processes [default: run.gpus of the preset, 1].",
        show_default=False,
    ),
]
Headless: TypeAlias = Annotated[
    bool,
    typer.Option("--headless", help="Stay and show progress as text instead of the dashboard; Ctrl-C saves and stops."),
]
Detach: TypeAlias = Annotated[
    bool, typer.Option("--detach", help="Show nothing: return once the engine has taken the run up.")
]
