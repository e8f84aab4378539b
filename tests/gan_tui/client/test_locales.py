"""Locales that cannot show more than ASCII."""

from __future__ import annotations

import pytest

from gan_tui.client.locales import is_ascii_locale


@pytest.mark.parametrize(
    ("environ", "utf8_mode", "ascii_only"),
    [
        ({}, False, False),
        ({"LANG": "C"}, False, True),
        ({"LANG": "POSIX"}, False, True),
        ({"LANG": "de_DE.ISO-8859-1"}, False, True),
        ({"LANG": "de_DE.UTF-8"}, False, False),
        ({"LANG": "de_DE.utf8"}, False, False),
        ({"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, False, True),
        ({"LC_ALL": "", "LC_CTYPE": "C.UTF-8", "LANG": "C"}, False, False),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, True, True),
        ({"LC_CTYPE": "C.UTF-8"}, True, False),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C", "PYTHONUTF8": "1"}, True, False),
    ],
    ids=str,
)
def test_what_the_environment_names_decides(environ: dict[str, str], utf8_mode: bool, ascii_only: bool) -> None:
    """In its UTF-8 mode Python has set LC_CTYPE itself, if that is one of its own names."""
    assert is_ascii_locale(environ, utf8_mode=utf8_mode) == ascii_only
