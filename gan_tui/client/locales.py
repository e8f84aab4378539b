"""Whether the user's locale can show more than ASCII."""

from __future__ import annotations

import sys
from collections.abc import Mapping

_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
"""What Python sets LC_CTYPE to where it finds the locale C (PEP 538): then the user has not said so."""


def is_ascii_locale(environ: Mapping[str, str], *, utf8_mode: bool = bool(sys.flags.utf8_mode)) -> bool:
    """Whether the environment names a locale whose encoding is not UTF-8.

    Where it names none, nothing is known: containers and SSH sessions often have none on terminals that know UTF-8.

    Args:
        environ: the process's variables.
        utf8_mode: whether Python is in its UTF-8 mode, in which it is where it has coerced the locale.
    """
    coerced = utf8_mode and environ.get("PYTHONUTF8") != "1" and environ.get("LC_CTYPE") in _COERCED
    names = ("LC_ALL", "LANG") if coerced else ("LC_ALL", "LC_CTYPE", "LANG")
    name = next((environ[each] for each in names if environ.get(each)), "")
    return bool(name) and "utf8" not in name.lower().replace("-", "")
