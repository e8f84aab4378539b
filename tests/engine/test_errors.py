"""Errors say subject, fact and fix on one line, and carry the exit status."""

from __future__ import annotations

from engine.errors import GanTuiError, RequestError, WorkError


def test_one_line_has_subject_fact_and_fix() -> None:
    error = WorkError("run r", "is lost", "Resume it.")
    assert error.one_line() == str(error) == "run r: is lost. Resume it."
    assert WorkError("run r", "is lost").one_line() == "run r: is lost"


def test_exit_statuses_tell_a_wrong_request_from_failed_work() -> None:
    assert (RequestError.exit_code, WorkError.exit_code) == (2, 1)
    assert issubclass(RequestError, GanTuiError)
    assert not issubclass(RequestError, WorkError)
