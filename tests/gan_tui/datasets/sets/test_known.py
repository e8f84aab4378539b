"""The catalogue, held against what the presets say and against itself; and where files are looked for."""

from __future__ import annotations

import re

import pytest

from engine.config.load import read_toml
from engine.config.presets import shipped_presets
from engine.errors import RequestError
from gan_tui.datasets.sets.known import KnownSet, addresses, catalogue, find_set
from gan_tui.datasets.sets.mirrors import VARIABLE, wished_mirrors

SETS = catalogue().sets


@pytest.mark.parametrize("known", SETS.values(), ids=SETS.keys())
def test_what_is_said_of_a_set_is_whole(known: KnownSet) -> None:
    assert re.fullmatch(r"[\w-]+", known.name)
    assert known.licence
    assert known.terms.endswith(".")
    assert known.cite
    assert set(known.cite) <= set(catalogue().citations)
    assert known.collection in catalogue().collections
    assert bool(known.files) is not bool(known.refused)
    assert re.fullmatch(r"(\d+x\d+)?", known.size)


@pytest.mark.parametrize("known", SETS.values(), ids=SETS.keys())
def test_files_have_an_address_and_over_http_a_checksum(known: KnownSet) -> None:
    """Over plain http anybody on the way could put another archive in its place."""
    for file in known.files:
        found = addresses(file, known, ())
        assert found
        assert all(url.startswith(("https://", "http://")) and " " not in url for url in found)
        assert file.sha256 or file.md5 or all(url.startswith("https://") for url in found)
        assert re.fullmatch(r"([0-9a-f]{64})?", file.sha256)
        assert re.fullmatch(r"([0-9a-f]{32})?", file.md5)
        assert (file.bytes is None) or (file.about_bytes is None)


def test_names_of_files_are_their_own() -> None:
    """A mirror is a folder of all of them."""
    names = [file.name for known in SETS.values() for file in known.files]
    assert len(names) == len(set(names))


def test_numbers_are_those_that_the_presets_speak_of() -> None:
    """ "(1,067 and 1,334 training images)", "(400 training pairs)"."""
    compared = 0
    for path in shipped_presets().values():
        root = read_toml(path)["data"].get("root", "")
        known = SETS.get(root.removeprefix("datasets/"))
        if known is None:
            continue
        text = path.read_text()
        unpaired = re.search(r"\(([\d,]+) and ([\d,]+) training images\)", text)
        paired = re.search(r"\(([\d,]+) training pairs\)", text)
        said = [int(number.replace(",", "")) for found in (unpaired, paired) if found for number in found.groups()]
        for number, part in zip(
            said, ("trainA", "trainB") if "trainA" in known.images else ("train", "train"), strict=False
        ):
            assert known.images[part] == number, path.name
            compared += 1
    assert compared > 10


def test_a_name_that_is_not_known() -> None:
    assert find_set("maps", SETS).name == "maps"
    with pytest.raises(RequestError, match=r"horse2zebras: is not a known set. Did you mean horse2zebra\?"):
        find_set("horse2zebras", SETS)
    with pytest.raises(RequestError, match="`gan-tui data list` has those that are"):
        find_set("qqq", SETS)


def test_mirrors_come_before_the_publishers() -> None:
    known = SETS["horse2zebra"]
    found = addresses(known.files[0], known, ["https://a.org/sets/", "http://b.org"])
    assert found[:3] == [
        "https://a.org/sets/horse2zebra.zip",
        "http://b.org/horse2zebra.zip",
        "https://people.eecs.berkeley.edu/~taesung_park/CycleGAN/datasets/horse2zebra.zip",
    ]
    moved = SETS["mnist_m"]
    assert addresses(moved.files[0], moved, ["https://a.org"]) == [
        "https://a.org/mnist_m.tar.gz",
        "https://cornell.box.com/shared/static/jado7quprg6hzzdubvwzh9umr75damwi",
    ]


def test_mirrors_of_the_option_then_the_environment_then_the_file() -> None:
    environ = {VARIABLE: "https://b.org/x https://c.org"}
    assert wished_mirrors(["https://a.org"], environ, ["https://d.org", "https://a.org"]) == (
        "https://a.org",
        "https://b.org/x",
        "https://c.org",
        "https://d.org",
    )
    assert wished_mirrors([], {}, []) == ()


NO_FOLDERS = ["a.org", "ftp://a.org", "file:///etc", "https://", "https://[", "https://a.org/?x=1"]
NO_HOSTS = ["https://a.org:port/sets", "https://a.org:99999", "https://a..org", f"https://{'a' * 64}.org"]


@pytest.mark.parametrize("mirror", NO_FOLDERS + NO_HOSTS)
def test_what_is_no_mirror(mirror: str) -> None:
    with pytest.raises(RequestError, match="is not an http or https address of a folder"):
        wished_mirrors([mirror], {}, [])
    with pytest.raises(RequestError, match=VARIABLE):
        wished_mirrors([], {VARIABLE: mirror}, [])


@pytest.mark.parametrize("mirror", ["https://a.org/b\u00fccher", "https://b\u00fccher.org", "https://a.org/\udcff"])
def test_a_mirror_in_letters_that_no_request_can_have(mirror: str) -> None:
    with pytest.raises(RequestError, match=r"has letters beyond ASCII.* %XX"):
        wished_mirrors([mirror], {}, [])
