"""What is wrong with the content of a download, as against a disk or a network that fails."""

from __future__ import annotations

from engine.errors import WorkError


class ContentError(WorkError):
    """Files have come whole and are not what they should be: fetched again from there, they would be so again."""
