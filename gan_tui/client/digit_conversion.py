"""Having published digits written as training reads them, by a process of its own: it takes PyTorch's libraries."""

from __future__ import annotations

from pathlib import Path

from engine.protocol import jobs
from engine.protocol.digits import ConvertDigitsJob, ConvertedDigits, PublishedDigits
from gan_tui.client.jobs import run_job
from gan_tui.datasets.sets.progress import Progress


def convert_digits(digits: PublishedDigits, source: Path, into: Path, progress: Progress) -> None:
    """See gan_tui.datasets.sets.progress.Convert.

    Raises:
        WorkError: the files are not right, the disk takes no more, or the process died.
    """
    shown = jobs.Progress(what="", done=0, total=0)

    def tell(said: jobs.Progress | jobs.Remark) -> None:
        nonlocal shown
        if isinstance(said, jobs.Remark):
            progress.say(said.text)
            return
        if said.what != shown.what:
            progress.begin(said.what, said.total or None, unit="images")
            shown = jobs.Progress(what=said.what, done=0, total=said.total)
        progress.advance(said.done - shown.done)
        shown = said

    progress.begin(f"reading {digits} with torchvision", None, unit="images")
    job = ConvertDigitsJob(digits=digits, source=str(source.resolve()), into=str(into.resolve()))
    run_job(job, ConvertedDigits, tell)
