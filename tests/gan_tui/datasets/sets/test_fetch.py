"""A set from a server to its folder: whole or not there, once, and gone on with after any end."""

from __future__ import annotations

import errno
import fcntl
import gzip
import hashlib
import os
import random
import signal
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import pytest

from engine.config.data import DigitsData, UnpairedData
from engine.config.data_check import check_data, training_items
from engine.errors import GanTuiError, RequestError, WorkError
from gan_tui.datasets.sets.download import Patience
from gan_tui.datasets.sets.fetch import NOTE, Fetched, FetchedNote, fetch, part_here
from gan_tui.datasets.sets.known import KnownSet, SetFile, catalogue
from gan_tui.datasets.sets.single_file import fetch_file
from tests.disks import small_disk
from tests.gan_tui.datasets.sets.archive_files import paired_set, picture, tarred, unpaired_set, zipped
from tests.gan_tui.datasets.sets.conftest import Heard
from tests.gan_tui.datasets.sets.described import known_set, no_conversion
from tests.gan_tui.datasets.sets.server import SetServer
from tests.until import until

PARTS = {"trainA": 3, "trainB": 4, "testA": 1, "testB": 2}
CONTENT = zipped(unpaired_set("cats2dogs"))
CATS = known_set("cats2dogs", CONTENT, images=PARTS)

ELSEWHERE = """
import sys
from pathlib import Path
import msgspec
from gan_tui.datasets.sets.fetch import fetch
from gan_tui.datasets.sets.known import KnownSet
from tests.gan_tui.datasets.sets.conftest import Heard
from tests.gan_tui.datasets.sets.described import no_conversion
wanted = msgspec.json.decode(sys.argv[1], type=KnownSet)
try:
    fetch(wanted, Path(sys.argv[2]), [sys.argv[3]], Heard(), no_conversion)
except Exception as error:
    sys.exit(str(error))
"""


class Fetching:
    """What a test fetches with."""

    def __init__(self, server: SetServer, root: Path, patience: Patience) -> None:
        self.server, self.root, self.patience = server, root, patience
        self.heard = Heard()

    def __call__(self, wanted: KnownSet = CATS) -> Fetched:
        return fetch(wanted, self.root, [self.server.address], self.heard, no_conversion, self.patience)

    @contextmanager
    def elsewhere(self, wanted: KnownSet = CATS) -> Iterator[subprocess.Popen[bytes]]:
        """The same in a process of its own, which does not outlive the block."""
        arguments = (msgspec.json.encode(wanted).decode(), str(self.root), self.server.address)
        command = [sys.executable, "-c", ELSEWHERE, *arguments]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
            try:
                yield process
            finally:
                process.kill()

    @property
    def all_files(self) -> set[str]:
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}


@pytest.fixture
def fetching(server: SetServer, tmp_path: Path, patience: Patience) -> Fetching:
    return Fetching(server, tmp_path / "datasets", patience)


def test_a_set_arrives_and_nothing_else(fetching: Fetching, server: SetServer) -> None:
    server.offer("cats2dogs.zip", CONTENT)
    fetched = fetching()
    assert fetched.images == PARTS
    assert fetching.all_files == {*unpaired_set("cats2dogs"), f"cats2dogs/{NOTE}"}
    assert [path.name for path in fetching.root.iterdir()] == ["cats2dogs"]
    note = msgspec.json.decode((fetched.folder / NOTE).read_bytes(), type=FetchedNote)
    assert note == fetched.note
    [file] = note.files
    assert (file.url, file.sha256) == (server.url("cats2dogs.zip"), hashlib.sha256(CONTENT).hexdigest())
    assert file.compared
    assert training_items(UnpairedData(root=str(fetched.folder))) == 4


def test_what_is_here_is_left_alone(fetching: Fetching, server: SetServer) -> None:
    server.offer("cats2dogs.zip", CONTENT)
    first = fetching()
    (first.folder / "trainA" / "mine.png").write_bytes(picture())
    again = fetching()
    assert (again.folder, again.note, again.images["trainA"]) == (first.folder, None, 4)
    assert len(server.asked) == 1


def test_what_a_fetch_left_that_was_killed_at_its_very_end_is_swept_away(fetching: Fetching, server: SetServer) -> None:
    """When the set had its name and the download was still there."""
    server.offer("cats2dogs.zip", CONTENT)
    whole = {*unpaired_set("cats2dogs"), f"cats2dogs/{NOTE}"}
    waiting = fetching.root / ".fetch/cats2dogs"
    fetching()
    for left in ("cats2dogs.zip", "cats2dogs.zip.part", "cats2dogs.zip.part.json", "work/unpacked/half.png"):
        (waiting / left).parent.mkdir(parents=True, exist_ok=True)
        (waiting / left).write_bytes(CONTENT)
    assert fetching().note is None
    assert fetching.all_files == whole
    assert not waiting.parent.exists()


def test_a_download_beside_a_folder_that_was_not_made_of_it_is_kept(fetching: Fetching) -> None:
    (fetching.root / "cats2dogs/trainA").mkdir(parents=True)
    (fetching.root / "cats2dogs/trainA/mine.png").write_bytes(picture())
    waiting = fetching.root / ".fetch/cats2dogs"
    waiting.mkdir(parents=True)
    (waiting / "cats2dogs.zip").write_bytes(CONTENT)
    assert fetching().note is None
    assert (waiting / "cats2dogs.zip").read_bytes() == CONTENT


def test_something_else_in_its_place_is_refused(fetching: Fetching, server: SetServer) -> None:
    place = fetching.root / "cats2dogs"
    place.mkdir(parents=True)
    with pytest.raises(RequestError, match=r"is there and holds no cats2dogs. Move it away"):
        fetching()
    assert list(place.iterdir()) == []
    assert server.asked == []


def test_an_archive_of_something_else_leaves_its_download_and_no_set(fetching: Fetching, server: SetServer) -> None:
    content = zipped({"cats2dogs/readme.txt": b"moved"})
    server.offer("cats2dogs.zip", content)
    wanted = known_set("cats2dogs", content, images=PARTS)
    for _ in range(2):
        with pytest.raises(WorkError, match=r"cats2dogs: has come as something else: .* has no trainA and no trainB"):
            fetching(wanted)
    assert fetching.all_files == {".fetch/cats2dogs/cats2dogs.zip", ".fetch/cats2dogs/lock"}
    assert len(server.asked) == 1, "what is downloaded and right is not fetched again"


def test_a_hostile_archive_leaves_nothing_unpacked(fetching: Fetching, server: SetServer) -> None:
    content = zipped({**unpaired_set("cats2dogs"), "../../../../gotcha": b"x"})
    server.offer("cats2dogs.zip", content)
    with pytest.raises(WorkError, match="leads out of its folder"):
        fetching(known_set("cats2dogs", content, images=PARTS))
    assert fetching.all_files == {".fetch/cats2dogs/cats2dogs.zip", ".fetch/cats2dogs/lock"}
    assert not list(fetching.root.parents[1].rglob("gotcha"))


@pytest.mark.parametrize(
    "content", [b"<html>We have moved.</html>", zipped({"cats2dogs/readme.txt": b"moved"})], ids=["page", "archive"]
)
def test_what_no_checksum_vouches_for_and_is_not_right_is_fetched_anew(
    fetching: Fetching, server: SetServer, content: bytes
) -> None:
    """Such as a page that is sent in place of a file."""
    wanted = known_set("cats2dogs", b"", images=PARTS, checked=False)
    server.offer("cats2dogs.zip", content)
    with pytest.raises(WorkError, match=r"is damaged|has come as something else"):
        fetching(wanted)
    assert fetching.all_files == set()
    server.offer("cats2dogs.zip", CONTENT)
    assert fetching(wanted).images == PARTS


def test_what_an_interrupted_unpacking_left_is_swept_away(fetching: Fetching, server: SetServer) -> None:
    server.offer("cats2dogs.zip", CONTENT)
    half = fetching.root / ".fetch/cats2dogs/work/unpacked/cats2dogs/trainA/junk.png"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")
    assert fetching().images == PARTS
    assert "cats2dogs/trainA/junk.png" not in fetching.all_files


@pytest.mark.parametrize("around", ["", "other/", "a/b/"])
def test_a_set_may_have_folders_around_it(fetching: Fetching, server: SetServer, around: str) -> None:
    files = {name.replace("cats2dogs/", around): content for name, content in unpaired_set("cats2dogs").items()}
    content = zipped(files)
    server.offer("cats2dogs.zip", content)
    assert fetching(known_set("cats2dogs", content, images=PARTS)).images == PARTS


def test_pairs_from_a_tar_of_which_no_checksum_is_known(fetching: Fetching, server: SetServer) -> None:
    server.offer("streets.tar.gz", tarred(paired_set("streets")), cuts=deque([100]))
    images = {"train": 3, "val": 3}
    wanted = known_set("streets", b"", file="streets.tar.gz", layout="paired", images=images, checked=False)
    fetched = fetching(wanted)
    assert fetched.images == images
    assert fetched.note is not None
    assert not fetched.note.files[0].compared


def test_digits_with_lists_of_labels(fetching: Fetching, server: SetServer) -> None:
    """As MNIST-M comes."""
    files = {f"dots/dots_{split}/{n:08}.png": picture(n) for split in ("train", "test") for n in range(4)}
    files["dots/dots_train_labels.txt"] = b"".join(b"%08d.png %d\n" % (n, n % 2) for n in range(4))
    files["dots/dots_test_labels.txt"] = b"".join(b"%08d.png 7\n" % n for n in range(4))
    wanted = known_set("dots", b"", file="dots.tar.gz", layout="digits", arrives="labelled",
                       images={"train": 4, "test": 4}, checked=False)  # fmt: skip
    server.offer("dots.tar.gz", tarred(files))
    fetched = fetching(wanted)
    assert fetched.images == {"train": 4, "test": 4}
    assert sorted(path.name for path in (fetched.folder / "train/1").iterdir()) == ["00000001.png", "00000003.png"]
    check_data(DigitsData(root=str(fetching.root), A="dots", B="dots"))


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (b"../../../../gotcha 3\n", "has a line that is none of a label"),
        (b"00000009.png 3\n", "00000009.png: is not in the archive"),
        (b"\xff\n", "is no list of labels"),
        (None, "dots_train_labels.txt: is not in the archive"),
    ],
)
def test_lists_of_labels_that_are_wrong(fetching: Fetching, server: SetServer, labels: bytes | None, told: str) -> None:
    files = {"dots/dots_train/00000000.png": picture(), "dots/dots_test/0.png": b"x"}
    if labels is not None:
        files["dots/dots_train_labels.txt"] = labels
    content = tarred(files)
    server.offer("dots.tar.gz", content)
    with pytest.raises(WorkError, match=told):
        fetching(known_set("dots", content, file="dots.tar.gz", layout="digits", arrives="labelled"))
    assert not (fetching.root / "dots").exists()


def test_a_set_of_several_files(fetching: Fetching, server: SetServer) -> None:
    """MNIST itself, described as the catalogue does, with other files of that form."""
    mnist = catalogue().sets["mnist"]
    files = idx_files()
    known = [
        SetFile(name=file.name, bytes=len(files[file.name]), sha256=hashlib.sha256(files[file.name]).hexdigest())
        for file in mnist.files
    ]
    for name, content in files.items():
        server.offer(name, content)
    fetched = fetching(msgspec.structs.replace(mnist, files=known))
    assert fetched.images == {"train": 20, "test": 20}
    assert fetching.all_files == {f"mnist/{name}" for name in (*files, NOTE)}


def idx_files() -> dict[str, bytes]:
    files = {}
    for split in ("train", "t10k"):
        pixels = struct.pack(">4I", 0x803, 20, 4, 4) + bytes(20 * 16)
        labels = struct.pack(">2I", 0x801, 20) + bytes(n % 10 for n in range(20))
        files[f"{split}-images-idx3-ubyte.gz"] = gzip.compress(pixels)
        files[f"{split}-labels-idx1-ubyte.gz"] = gzip.compress(labels)
    return files


def test_a_fetch_that_is_killed_is_gone_on_with(fetching: Fetching, server: SetServer) -> None:
    """By SIGKILL, when half of the bytes are here."""
    server.offer("cats2dogs.zip", CONTENT)
    server.hold.clear()
    with fetching.elsewhere() as process:
        assert server.held.wait(60)
        part = fetching.root / ".fetch/cats2dogs/cats2dogs.zip.part"
        until(lambda: part.exists() and part.stat().st_size == len(CONTENT) // 2, "half of the bytes")
        process.send_signal(signal.SIGKILL)
    server.hold.set()
    assert part_here(CATS, fetching.root) == len(CONTENT) // 2
    assert fetching().images == PARTS
    assert server.ranges == [None, f"bytes={len(CONTENT) // 2}-"]


def test_two_fetches_at_once(fetching: Fetching, server: SetServer) -> None:
    """The second is refused while the first is at it, and finds the set afterwards."""
    server.offer("cats2dogs.zip", CONTENT)
    server.hold.clear()
    with fetching.elsewhere() as first:
        assert server.held.wait(60)
        with pytest.raises(WorkError, match="cats2dogs: is being fetched into that folder by another process"):
            fetching()
        server.hold.set()
        assert first.wait(60) == 0, first.stderr.read().decode()  # type: ignore[union-attr]
    assert fetching().note is None
    assert len(server.asked) == 1


def test_many_fetches_at_once_make_one_set(fetching: Fetching, server: SetServer) -> None:
    """Each of them makes the set, finds it, or is told that another is at it."""
    server.offer("cats2dogs.zip", CONTENT)
    with ExitStack() as stack:
        processes = [stack.enter_context(fetching.elsewhere()) for _ in range(6)]
        for process in processes:
            _, said = process.communicate(timeout=120)
            assert process.returncode == 0 or b"is being fetched into that folder by another process" in said, said
    assert any(process.returncode == 0 for process in processes)
    assert len(server.asked) == 1
    assert [path.name for path in fetching.root.iterdir()] == ["cats2dogs"]


@pytest.mark.parametrize(
    ("root", "told"),
    [
        ("/proc/none", r"/proc/none/.fetch/cats2dogs: cannot be written \(.*\). .* another folder: --root DIR"),
        ("/dev/null", "/dev/null: is not a folder. Name another: --root DIR"),
    ],
)
def test_a_folder_that_cannot_be(fetching: Fetching, server: SetServer, root: str, told: str) -> None:
    fetching.root = Path(root)
    with pytest.raises(GanTuiError, match=told):
        fetching()
    assert server.asked == []


def test_a_file_system_without_locks(
    fetching: Fetching, server: SetServer, tmp_path: Path, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one does; a link in .fetch would not, as what is fetched is renamed to its place."""

    def refused(descriptor: int, command: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "lockf", refused)
    fact = r"cannot be claimed: the file system refuses locks \(No locks available\)"
    with pytest.raises(WorkError, match=rf"cats2dogs: {fact}\. Fetch into a folder on another disk: --root DIR\.$"):
        fetching()
    with pytest.raises(WorkError, match=rf"weights.pth: {fact}\. Fetch into a folder on another disk\.$"):
        fetch_file(server.url("weights.pth"), tmp_path / "weights.pth", heard)
    assert server.asked == []


def test_a_disk_with_room_for_the_download_alone(fetching: Fetching, server: SetServer, tmp_path: Path) -> None:
    """Its size is not known before, and a tar does not tell what it comes to."""
    noise = random.Random(1).randbytes(30_000)
    files = {name: content + noise for name, content in paired_set("streets").items()}
    server.offer("streets.tar.gz", tarred(files))
    wanted = known_set("streets", b"", file="streets.tar.gz", layout="paired", checked=False)
    with small_disk(tmp_path / "small", 120) as disk:
        fetching.root = disk / "datasets"
        with pytest.raises(WorkError, match="No space left on device"):
            fetching(wanted)
        assert fetching.all_files == {".fetch/streets/streets.tar.gz", ".fetch/streets/lock"}


def test_what_may_not_be_passed_on(fetching: Fetching) -> None:
    with pytest.raises(RequestError, match=r"cityscapes: is not passed on by its licence. .*register at"):
        fetching(catalogue().sets["cityscapes"])
    assert not fetching.root.exists()


def test_svhn_needs_scipy_and_says_so_before_the_download(
    fetching: Fetching, server: SetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)  # as where it is not installed
    with pytest.raises(RequestError, match=r"pip install 'gan-tui\[svhn\]'"):
        fetching(catalogue().sets["svhn"])
    assert server.asked == []
