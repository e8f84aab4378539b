"""The exceptions a user may see: each names its subject, the fact and the fix, and carries an exit status."""

from __future__ import annotations

INTERRUPTED = 130
"""Exit status of work that Ctrl-C has ended, as shells have it."""


class GanTuiError(Exception):
    """A failure told to the user in one or two lines.

    Args:
        subject: what the message is about: a preset key, a path, a run name.
        fact: what is the case, as a clause: "is not a preset key".
        fix: what to do about it, as an imperative sentence; empty when nothing can be done.
    """

    exit_code = 1

    def __init__(self, subject: str, fact: str, fix: str = "") -> None:
        self.subject = subject
        self.fact = fact
        self.fix = fix
        super().__init__(self.one_line())

    def one_line(self) -> str:
        """The whole message on one line, for logs, run.json and stderr."""
        return f"{self.subject}: {self.fact}" + (f". {self.fix}" if self.fix else "")


class RequestError(GanTuiError):
    """The request was wrong: nothing was started. Exit status 2."""

    exit_code = 2


class WorkError(GanTuiError):
    """The work was asked for rightly and failed. Exit status 1."""

    exit_code = 1
