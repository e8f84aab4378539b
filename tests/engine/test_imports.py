"""Importing without searching for garbage: off within, on again after, also where an import fails."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from engine.imports import nothing_is_garbage


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    """What is frozen here is searched in the tests that follow."""
    yield
    gc.unfreeze()


def test_nothing_is_searched_while_it_is_imported_nor_later() -> None:
    with nothing_is_garbage():
        assert not gc.isenabled()
        stays = {"a": object()}
    assert gc.isenabled()
    assert not any(each is stays for each in gc.get_objects())


def test_an_import_that_fails_leaves_the_search_on() -> None:
    with pytest.raises(ImportError), nothing_is_garbage():
        raise ImportError
    assert gc.isenabled()
