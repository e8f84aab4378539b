"""How what a refusal advises is done: by commands, or by keys where it was asked for in the runs browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gan_tui.state.key_words import with_keys
from gan_tui.state.option_words import by_settings, without_options


class Ways(Protocol):
    """Each as it stands in a sentence behind a colon."""

    def told(self, text: str) -> str:
        """A refusal of settings, which is worded for a command line, as it is to be read."""

    def attach(self, run: str) -> str:
        """Look at a run that is being trained."""

    def branch(self) -> str:
        """Go on from a checkpoint in a new run."""

    def checkpoints(self, run: str) -> str:
        """See what checkpoints a run has."""

    def resume(self, run: str, step: int, settings: Mapping[str, str]) -> str:
        """Go on from a checkpoint, with other settings if any are given."""

    def settings(self, settings: Mapping[str, str]) -> str:
        """Have other settings in what was asked for."""

    def train(self, preset: str) -> str:
        """Begin a run of a preset; empty for any."""

    def stop(self, run: str) -> str:
        """End a run that is being trained."""

    def unstar(self) -> str:
        """Take a run's star away."""


class Commands:
    """For who asked on a command line, by `gan-tui resume`."""

    def told(self, text: str) -> str:
        """See Ways, as for all of these."""
        return by_settings(text)

    def attach(self, run: str) -> str:
        """A new command."""
        return f"gan-tui attach {run}"

    def branch(self) -> str:
        """An option of the command that was given."""
        return "--branch"

    def checkpoints(self, run: str) -> str:
        """The list."""
        return f"gan-tui checkpoints {run}"

    def resume(self, run: str, step: int, settings: Mapping[str, str]) -> str:
        """A new command."""
        return " ".join(["gan-tui resume", run, "--checkpoint", str(step), *filter(None, [self.settings(settings)])])

    def settings(self, settings: Mapping[str, str]) -> str:
        """Options; that of run.steps is shorter."""
        return " ".join(
            f"--steps {value}" if key == "run.steps" else f"--set {key}={value}" for key, value in settings.items()
        )

    def train(self, preset: str) -> str:
        """A new command."""
        return f"gan-tui train {preset}".rstrip()

    def stop(self, run: str) -> str:
        """The state is saved, and it is waited for."""
        return f"gan-tui ctl {run} stop --wait"

    def unstar(self) -> str:
        """No command does it."""
        return "in `gan-tui runs`"


COMMANDS = Commands()


@dataclass(frozen=True, kw_only=True)
class BrowserKeys:
    """For who asked in the browser."""

    keys: Mapping[str, str] = field(default_factory=dict)
    """The browser's and the dashboard's as they are shown, by the id of the action; those that are built in may be left
    out."""

    def told(self, text: str) -> str:
        """Options are settings there."""
        return without_options(text)

    def attach(self, run: str) -> str:
        """Open it."""
        return self._key("{runs-open|Enter}") + f" on {run}"

    def branch(self) -> str:
        """Of the run under the cursor."""
        return self._key("{runs-branch|b}")

    def checkpoints(self, run: str) -> str:
        """The picker."""
        return self._key("{runs-resume|r}") + f" on {run}"

    def resume(self, run: str, step: int, settings: Mapping[str, str]) -> str:
        """Settings are typed first, then the checkpoint is chosen."""
        begun = self.branch() if settings else self._key("{runs-resume|r}")
        typed = f" with {self.settings(settings)}" if settings else ""
        return f"{begun} on {run}{typed}, then step {step:,}"

    def settings(self, settings: Mapping[str, str]) -> str:
        """As they are typed."""
        return " ".join(f"{key}={value}" for key, value in settings.items())

    def train(self, preset: str) -> str:
        """The dialog of a new run."""
        return self._key("{runs-new|n}") + (f" with {preset}" if preset else "")

    def stop(self, run: str) -> str:
        """In its view, which is a key away."""
        return self._key("{runs-open|Enter}, then {stop|X}")

    def unstar(self) -> str:
        """Of the run under the cursor."""
        return self._key("{runs-star|*}")

    def _key(self, text: str) -> str:
        return with_keys(text, self.keys)
