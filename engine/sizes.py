"""Numbers of bytes in words, for all that is told of files and memory."""

from __future__ import annotations


def size_text(size: float) -> str:
    """Bytes for people: 512 B, 812 kB, 22.8 MB, 1.4 GB, 210 GB, 3.4 TB."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:  # what is rounded to 1000 is one of the next unit
            return f"{size:.{0 if size >= 99.95 or unit == 'B' else 1}f} {unit}"
        size /= 1000
    return f"{size:.{0 if size >= 99.95 else 1}f} TB"
