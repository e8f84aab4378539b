"""Having published digits written as training reads them, by a process of its own: it takes PyTorch's libraries."""

from __future__ import annotations

from pathlib import Path

from engine.protocol.digits import ConvertDigitsJob, ConvertedDigits, PublishedDigits
from engine.protocol.jobs import Progress, Tell
from gan_tui.client.jobs import run_job


def convert_digits(digits: PublishedDigits, source: Path, into: Path, tell: Tell) -> None:
    """See gan_tui.datasets.sets.arrange.Convert.

    Raises:
        WorkError: the files are not right, the disk takes no more, or the process died.
    """
    tell(Progress(what=f"reading {digits} with torchvision", done=0, total=0))
    job = ConvertDigitsJob(digits=digits, source=str(source.resolve()), into=str(into.resolve()))
    run_job(job, ConvertedDigits, tell)
