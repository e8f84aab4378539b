"""Archives that nobody vouches for: what is refused, and that nothing of it lands outside."""

from __future__ import annotations

import gzip
import tarfile
import zipfile
from pathlib import Path

import pytest

from engine.errors import WorkError
from gan_tui.datasets.sets.archives import Limits, unpack
from tests.disks import small_disk
from tests.gan_tui.datasets.sets.archive_files import tar_entry, tar_of, tarred, zip_entry, zipped
from tests.gan_tui.datasets.sets.conftest import Heard

AMPLE = Limits(files=100, bytes=1 << 20)
FINE = {"set/trainA/1 a:b.jpg": b"one", "set/trainB/2.jpg": b"two" * 1000, "set/empty": b""}
LITTER = {"__MACOSX/set/._1.jpg": b"x", "set/.DS_Store": b"x", "set/trainA/._1.jpg": b"x", "set/trainA/Thumbs.db": b"x"}
BOMB = b"\0" * (4 << 20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where to unpack; a link out of it could only lead to what is beside it."""
    inside = tmp_path / "inside" / "folder"
    inside.mkdir(parents=True)
    (tmp_path / "victim").write_text("untouched")
    return inside


def refused(content: bytes, folder: Path, limits: Limits = AMPLE) -> str:
    """The fact of a refusal, after which there is nothing outside and no link inside."""
    archive = folder.parent / "set.archive"
    archive.write_bytes(content)
    before = everything_but(folder)
    with pytest.raises(WorkError) as refusal:
        unpack(archive, folder, limits, Heard())
    assert everything_but(folder) == before
    assert all(path.is_dir() or (path.is_file() and not path.is_symlink()) for path in folder.rglob("*"))
    assert refusal.value.subject == "set.archive"
    return refusal.value.fact


def everything_but(folder: Path) -> dict[Path, bytes]:
    around = folder.parents[1]
    return {path: path.read_bytes() for path in around.rglob("*") if path.is_file() and folder not in path.parents}


@pytest.mark.parametrize(
    "content",
    [zipped(FINE | LITTER), zipped(FINE, zipfile.ZIP_STORED), tarred(FINE | LITTER), tarred(FINE, "w")],
    ids=["zip", "stored", "tar.gz", "tar"],
)
def test_files_arrive_and_litter_does_not(content: bytes, folder: Path) -> None:
    archive = folder.parent / "set.archive"
    archive.write_bytes(content)
    heard = Heard()
    unpack(archive, folder, AMPLE, heard)
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == FINE
    [(what, total, done)] = heard.parts
    assert (what, done) == (f"unpacking {archive.name}", sum(map(len, FINE.values())))
    assert total >= done or total == 0, "a tar does not say"


def test_folders_may_be_named_and_paths_begin_with_a_dot(folder: Path) -> None:
    archive = folder.parent / "set.archive"
    archive.write_bytes(tar_of(tar_entry("./set", tarfile.DIRTYPE), tar_entry("./set/a.jpg", tarfile.REGTYPE, size=3)))
    unpack(archive, folder, AMPLE, Heard())
    assert (folder / "set/a.jpg").read_bytes() == b"\0\0\0"


PATHS = [
    ("/etc/x.jpg", "an absolute path"),
    ("C:/x.jpg", "an absolute path"),
    ("../../victim", "leads out of its folder"),
    ("set/../../../victim", "leads out of its folder"),
    ("set\\..\\..\\victim", "a name that is none of an image"),
    ("set/a\x1b[2Jb.jpg", "a name that is none of an image"),
    ("a/" * 40 + "x.jpg", "a path that is too long"),
    ("é" * 200 + ".jpg", "a path that is too long"),
]


@pytest.mark.parametrize(("name", "fact"), PATHS)
def test_paths_that_lead_elsewhere(name: str, fact: str, folder: Path) -> None:
    for content in (zipped({"set/ok.jpg": b"1", name: b"owned"}), tarred({"set/ok.jpg": b"1", name: b"owned"})):
        assert fact in refused(content, folder)
        (folder / "set/ok.jpg").unlink(missing_ok=True)


def test_a_folder_that_leads_out_is_refused_too(folder: Path) -> None:
    assert "leads out" in refused(tar_of(tar_entry("../../escape", tarfile.DIRTYPE)), folder)


@pytest.mark.parametrize(
    ("mode", "fact"),
    [(0o120777, "a symbolic link"), (0o020666, "a file that is none"), (0o010666, "a file that is none")],
    ids=["symlink", "device", "pipe"],
)
def test_what_is_no_file_in_a_zip(mode: int, fact: str, folder: Path) -> None:
    assert f"has {fact}, 'set/x'" in refused(zip_entry("set/x", mode, b"../../victim"), folder)


@pytest.mark.parametrize(
    ("kind", "link", "fact"),
    [
        (tarfile.SYMTYPE, "../../victim", "a symbolic link"),
        (tarfile.SYMTYPE, "inside.jpg", "a symbolic link"),
        (tarfile.LNKTYPE, "../../victim", "a hard link"),
        (tarfile.CHRTYPE, "", "a device or a pipe"),
        (tarfile.BLKTYPE, "", "a device or a pipe"),
        (tarfile.FIFOTYPE, "", "a device or a pipe"),
    ],
)
def test_what_is_no_file_in_a_tar(kind: bytes, link: str, fact: str, folder: Path) -> None:
    assert f"has {fact}, 'set/x'" in refused(tar_of(tar_entry("set/x", kind, link)), folder)


def test_a_link_cannot_be_written_through(folder: Path) -> None:
    through = tar_entry("set/victim", tarfile.REGTYPE, size=5)
    for link in (tar_entry("set", tarfile.SYMTYPE, "../.."), tar_entry("set", tarfile.LNKTYPE, "../..")):
        assert "link" in refused(tar_of(link, through), folder)


@pytest.mark.parametrize(
    "names",
    [
        ("set/a.jpg", "set/A.jpg"),
        ("set/a.jpg", "SET/b.jpg"),
        ("set/a.jpg", "set/a.jpg"),
        ("set/a.jpg", "set/a.jpg/b.jpg"),
        ("set/a.jpg/b.jpg", "set/a.jpg"),
        ("set/caf\u00e9.jpg", "set/cafe\u0301.jpg"),
    ],
)
def test_two_names_for_one_file(names: tuple[str, str], folder: Path) -> None:
    content = tar_of(*(tar_entry(name, tarfile.REGTYPE, size=1) for name in names))
    assert "two paths that are one" in refused(content, folder)


def test_more_bytes_than_such_a_set_has(folder: Path) -> None:
    assert "comes to more than the 1.0 MB" in refused(zipped({"set/x": BOMB}), folder)
    assert list(folder.iterdir()) == [], "a zip tells beforehand"
    assert "comes to more" in refused(tarred({"set/x": BOMB}), folder)


def test_a_header_that_is_a_bomb(folder: Path) -> None:
    """Names may be long in a tar, and are held in memory."""
    info = tarfile.TarInfo("set/x")
    info.pax_headers = {"comment": "x" * (4 << 20)}
    assert "comes to more bytes" in refused(tar_of((info, b"")), folder)


def test_a_zip_that_says_less_than_it_has(folder: Path) -> None:
    content = bytearray(zipped({"set/x": BOMB}))
    for at in (content.index(b"PK\x03\x04") + 22, content.index(b"PK\x01\x02") + 24):
        content[at : at + 4] = (1000).to_bytes(4, "little")
    assert "is damaged" in refused(bytes(content), folder)
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= 1000


def test_more_files_than_such_a_set_has(folder: Path) -> None:
    many = {f"set/{n}.jpg": b"" for n in range(101)}
    for content in (zipped(many), tarred(many)):
        assert "more than the 100 files" in refused(content, folder)
        for path in folder.glob("set/*"):
            path.unlink()


def test_damaged_ones(folder: Path) -> None:
    whole = {"zip": zipped({"set/x": b"abc" * 1000}), "gz": tarred(FINE), "tar": tarred(FINE, "w")}
    for content in (b"", b"no archive at all", *(each[: len(each) // 3] for each in whole.values())):
        assert "is damaged" in refused(content, folder)
    flipped = bytearray(zipped({"other/x": bytes(range(256)) * 10}, zipfile.ZIP_STORED))
    flipped[100] ^= 1
    assert "is damaged (Bad CRC-32" in refused(bytes(flipped), folder)


def test_a_tar_is_held_against_the_checksum_of_its_compression(folder: Path) -> None:
    """A tar has none for what its members hold; gzip's lies behind the tar's end, where tar need not read on."""
    content = bytearray(gzip.compress(tarred(FINE, "w"), compresslevel=0))
    content[content.index(b"twotwo")] ^= 1
    assert "is damaged (CRC check failed" in refused(bytes(content), folder)


def test_one_with_a_password(folder: Path) -> None:
    content = bytearray(zipped({"set/x": b"abc"}))
    for at in (content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8):
        content[at] |= 1
    assert "is encrypted, password required" in refused(bytes(content), folder)


def test_a_disk_that_is_too_small(tmp_path: Path) -> None:
    """A zip tells how much it will be; a tar is found out on the way."""
    big = {"set/x": b"\1" * 900_000}
    with small_disk(tmp_path / "small", 300) as disk:
        for content, told in ((zipped(big), "needs 900 kB on the disk"), (tarred(big), "No space left on device")):
            archive = disk / "set.archive"
            archive.write_bytes(content)
            (disk / "folder").mkdir(exist_ok=True)
            with pytest.raises(WorkError, match=told):
                unpack(archive, disk / "folder", AMPLE, Heard())
