"""From a job to whoever does it. What can be refused without PyTorch is, before that is imported."""

from __future__ import annotations

from typing import assert_never

from engine.evaluation.request import request_of
from engine.exchange.exporting import request as exporting
from engine.exchange.importing.sources import sources_of
from engine.imports import nothing_is_garbage
from engine.jobs.probe import probe
from engine.protocol.digits import ConvertDigitsJob
from engine.protocol.evaluation import EvaluateJob
from engine.protocol.exchange import ExportJob, ImportJob
from engine.protocol.jobs import Answer, Job, Tell
from engine.protocol.probe import ProbeJob
from engine.protocol.room import RoomJob
from engine.protocol.translation import TranslateJob
from engine.translation.request import request_of as translation_of


def do(job: Job, tell: Tell) -> Answer:
    """Do a job.

    Args:
        job: what is asked for.
        tell: takes what is said while it is done.

    Raises:
        RequestError: the request was wrong.
        WorkError: the work failed.
    """
    match job:
        case EvaluateJob():
            request = request_of(job)
            with nothing_is_garbage():
                from engine.evaluation.evaluate import evaluate

            return evaluate(request, tell)
        case TranslateJob():
            wanted = translation_of(job)
            with nothing_is_garbage():
                from engine.translation.translate import translate

            return translate(wanted, tell)
        case ExportJob():
            export_request = exporting.request_of(job)
            with nothing_is_garbage():
                from engine.exchange.exporting.export import export

            return export(export_request, tell)
        case ImportJob():
            sources = sources_of(job)
            with nothing_is_garbage():
                from engine.exchange.importing.import_run import import_run

            return import_run(job, sources, tell)
        case ConvertDigitsJob():
            with nothing_is_garbage():
                from engine.data.published_digits import convert_digits

            return convert_digits(job, tell)
        case RoomJob():
            with nothing_is_garbage():
                from engine.room import find_room

            return find_room(job, tell)
        case ProbeJob():
            with nothing_is_garbage():
                return probe()
        case _:
            assert_never(job)
