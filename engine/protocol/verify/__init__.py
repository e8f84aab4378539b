"""Verifying a run: whether its record, checkpoints and pictures are still what was written."""

from __future__ import annotations

from engine.protocol.verify.findings import LISTED, Finding, Severity, Topic, Verdict
from engine.protocol.verify.whole_run import ReportProgress, verify_run

__all__ = ["LISTED", "Finding", "ReportProgress", "Severity", "Topic", "Verdict", "verify_run"]
