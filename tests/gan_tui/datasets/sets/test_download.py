"""A file over a network that breaks off, lies, and changes its mind."""

from __future__ import annotations

import hashlib
import io
import random
from collections import deque
from http.client import HTTPMessage
from pathlib import Path
from urllib.request import Request

import pytest

from engine.errors import WorkError
from engine.protocol.jobs import Progress, Remark
from engine.sizes import size_text
from gan_tui.datasets.sets.download import Arrived, Patience, download
from gan_tui.datasets.sets.known import SetFile
from gan_tui.datasets.sets.partial import Begun, Partial
from gan_tui.datasets.sets.transfer import SafeRedirects, UselessError
from tests.disks import small_disk
from tests.gan_tui.datasets.sets.conftest import Heard
from tests.gan_tui.datasets.sets.server import Served, SetServer

BODY = random.Random(1).randbytes(300_000)
OTHER = random.Random(2).randbytes(300_000)
NAME = "set.zip"
UNCHECKED = SetFile(name=NAME)
CHECKED = SetFile(name=NAME, bytes=len(BODY), sha256=hashlib.sha256(BODY).hexdigest())


class StoppedError(Exception):
    """In place of a kill."""


class Getting:
    """What a test downloads with."""

    def __init__(self, server: SetServer, folder: Path, heard: Heard, patience: Patience) -> None:
        self.server, self.folder, self.heard, self.patience = server, folder, heard, patience

    def __call__(self, file: SetFile, *urls: str) -> Arrived:
        return download(file, urls or [self.server.url(NAME)], self.folder, self.heard, self.patience)

    def refused(self, file: SetFile, *urls: str) -> WorkError:
        with pytest.raises(WorkError) as refused:
            self(file, *urls)
        return refused.value

    @property
    def left(self) -> dict[str, int]:
        return {path.name: path.stat().st_size for path in self.folder.iterdir() if path.suffix != ".json"}


@pytest.fixture
def get(server: SetServer, tmp_path: Path, heard: Heard, patience: Patience) -> Getting:
    return Getting(server, tmp_path, heard, patience)


def test_a_file_arrives_whole_with_its_checksum_told(get: Getting, server: SetServer, heard: Heard) -> None:
    server.offer(NAME, BODY)
    arrived = get(UNCHECKED)
    assert arrived.path.read_bytes() == BODY
    assert (arrived.sha256, arrived.compared) == (CHECKED.sha256, False)
    assert get.left == {NAME: len(BODY)}
    assert heard.parts == [(NAME, len(BODY), len(BODY)), (f"checking {NAME}", len(BODY), len(BODY))]
    assert heard.progress[0] == Progress(what=NAME, done=0, total=len(BODY), unit="bytes")
    assert server.asked == [(NAME, None, None)]


def test_what_is_here_already_is_checked_and_not_fetched(get: Getting, server: SetServer, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(BODY)
    assert get(CHECKED) == Arrived(
        path=tmp_path / NAME, url="", bytes=len(BODY), sha256=CHECKED.sha256, compared=True
    )  # fmt: skip
    (tmp_path / NAME).write_bytes(OTHER)
    assert "Move it away" in get.refused(CHECKED).fix
    assert server.asked == []
    assert (tmp_path / NAME).read_bytes() == OTHER


@pytest.mark.parametrize("file", [CHECKED, UNCHECKED], ids=["checked", "unchecked"])
def test_cuts_are_gone_on_from(get: Getting, server: SetServer, waits: list[float], file: SetFile) -> None:
    served = server.offer(NAME, BODY, cuts=deque([100_000, 50_000, 0]))
    assert get(file).path.read_bytes() == BODY
    assert server.ranges == [None, "bytes=100000-", "bytes=150000-", "bytes=150000-"]
    assert {each.if_range for each in server.asked[1:]} == {served.tag}
    assert waits == [1, 1, 2], "what brings something new is not waited for longer and longer"


def test_a_later_fetch_goes_on_where_one_gave_up(get: Getting, server: SetServer, waits: list[float]) -> None:
    served = server.offer(NAME, BODY, cuts=deque([200_000, 0, 0, 0, 0]))
    error = get.refused(UNCHECKED)
    assert "breaks off after 200,000 of 300,000 bytes" in error.fact
    assert "What has come is kept" in error.fix
    assert waits == [1, 2, 4, 8]
    assert get.left == {f"{NAME}.part": 200_000}
    assert not served.cuts
    server.asked.clear()
    assert get(UNCHECKED).path.read_bytes() == BODY
    assert server.ranges == ["bytes=200000-"]


def test_a_server_that_passes_over_range_begins_anew(get: Getting, server: SetServer) -> None:
    server.offer(NAME, BODY, ranges=False, cuts=deque([100_000]))
    assert get(UNCHECKED).path.read_bytes() == BODY
    assert server.ranges == [None, "bytes=100000-"]


def test_one_that_passes_over_range_and_cuts_for_ever_is_given_up(get: Getting, server: SetServer) -> None:
    server.offer(NAME, BODY, ranges=False, cuts=deque([100_000] * 100))
    assert "breaks off after 100,000" in get.refused(UNCHECKED).fact
    assert len(server.asked) == 5, "only the first brings something new"


@pytest.mark.parametrize("tag", [None, "", 'W/"1"'], ids=["by tag", "no tag", "weak tag"])
def test_a_file_that_changes_in_between_is_never_mixed(get: Getting, server: SetServer, tag: str | None) -> None:
    server.offer(NAME, BODY, etag=tag, cuts=deque([100_000, 0, 0, 0, 0]))
    get.refused(UNCHECKED)
    server.offer(NAME, OTHER, etag=tag)
    assert get(UNCHECKED).path.read_bytes() == OTHER


def test_parts_that_do_not_belong_together_are_fetched_anew(get: Getting, server: SetServer, heard: Heard) -> None:
    """Where a checksum is known the rest may be another mirror's; if that has another file, the sum tells."""
    get.folder.joinpath(f"{NAME}.part").write_bytes(OTHER[:100_000])
    server.offer(NAME, BODY)
    assert get(CHECKED).path.read_bytes() == BODY
    assert server.ranges == ["bytes=100000-", None]
    assert "do not belong together" in " ".join(heard.said)


def test_a_part_of_another_address_is_gone_on_with_only_where_a_checksum_tells(get: Getting, server: SetServer) -> None:
    server.offer("one", BODY, cuts=deque([100_000, 0, 0, 0, 0]))
    server.offer("two", BODY)
    assert get(CHECKED, server.url("one"), server.url("two")).compared
    assert server.asked[-1] == ("two", "bytes=100000-", None)
    get.folder.joinpath(NAME).unlink()
    server.offer("one", BODY, cuts=deque([100_000, 0, 0, 0, 0]))
    get(UNCHECKED, server.url("one"), server.url("two"))
    assert server.asked[-1] == ("two", None, None)


def test_a_complete_part_needs_no_request(get: Getting, server: SetServer) -> None:
    """As a kill leaves it between the last byte and the file's name."""
    get.folder.joinpath(f"{NAME}.part").write_bytes(BODY)
    assert get(CHECKED).compared
    assert server.asked == []


def test_a_part_that_is_longer_than_the_file_is_thrown_away(get: Getting, server: SetServer) -> None:
    get.folder.joinpath(f"{NAME}.part").write_bytes(BODY + b"x")
    server.offer(NAME, BODY)
    assert get(CHECKED).path.read_bytes() == BODY
    shorter = SetFile(name=NAME, sha256=hashlib.sha256(BODY[:1000]).hexdigest())
    get.folder.joinpath(NAME).unlink()
    get.folder.joinpath(f"{NAME}.part").write_bytes(BODY)
    server.offer(NAME, BODY[:1000])
    assert get(shorter).bytes == 1000, "416: there is no such range"


def test_a_part_from_elsewhere_than_asked_is_not_taken(get: Getting, server: SetServer) -> None:
    served = server.offer(NAME, BODY, cuts=deque([100_000]), shift=7)
    assert get(CHECKED).path.read_bytes() == BODY
    assert server.ranges == [None, "bytes=100000-", None]
    assert served.shift == 7


def test_lies_about_the_length(get: Getting, server: SetServer) -> None:
    """More than comes; less than comes; none."""
    server.offer(NAME, BODY, declared=len(BODY) + 10)
    assert "breaks off after 300,000 of 300,010 bytes" in get.refused(UNCHECKED).fact
    get.folder.joinpath(f"{NAME}.part").unlink()
    assert "has 300,010 bytes under that name, not 300,000" in get.refused(CHECKED).fact
    server.offer(NAME, BODY, declared=1000)
    assert "has 1,000 bytes under that name" in get.refused(CHECKED).fact
    server.offer(NAME, BODY + b"more", declared=-1)
    assert "sends more than the 300,000 bytes" in get.refused(CHECKED).fact
    server.offer(NAME, BODY[:-1], declared=-1)
    assert "breaks off after 299,999 of 300,000 bytes" in get.refused(CHECKED).fact
    server.offer(NAME, BODY, declared=-1)
    assert get(CHECKED).compared


def test_a_wrong_checksum_counts_for_nothing(get: Getting, server: SetServer) -> None:
    """The next mirror is asked, and nothing is left of the wrong file."""
    server.offer("bad", OTHER)
    error = get.refused(CHECKED, server.url("bad"))
    assert f"has the SHA-256 {hashlib.sha256(OTHER).hexdigest()}, not {CHECKED.sha256} as published" in error.fact
    assert get.left == {}
    server.offer("good", BODY)
    arrived = get(CHECKED, server.url("bad"), server.url("good"))
    assert (arrived.url, arrived.path.read_bytes()) == (server.url("good"), BODY)


def test_an_md5_is_compared_where_no_better_is_known(get: Getting, server: SetServer) -> None:
    known = SetFile(name=NAME, md5=hashlib.md5(BODY).hexdigest())
    server.offer(NAME, OTHER)
    assert "has the MD5" in get.refused(known).fact
    server.offer(NAME, BODY)
    assert get(known).compared


def test_mirrors_that_have_nothing_are_passed_over_at_once(get: Getting, server: SetServer, waits: list[float]) -> None:
    server.offer("gone", BODY, statuses=deque([(403, {})]))
    server.offer(NAME, BODY)
    assert get(CHECKED, server.url("absent"), server.url("gone"), server.url(NAME)).url == server.url(NAME)
    assert [each.path for each in server.asked] == ["absent", "gone", NAME]
    assert waits == []
    assert "absent answers 404" in get.heard.said[0]


def test_a_busy_server_is_asked_again_when_it_says(get: Getting, server: SetServer, waits: list[float]) -> None:
    busy = [(503, {"Retry-After": "7"}), (429, {}), (500, {"Retry-After": "99999"})]
    server.offer(NAME, BODY, statuses=deque(busy))
    assert get(UNCHECKED).bytes == len(BODY)
    assert waits == [7, 2, 60]


def test_redirects_are_followed_and_a_loop_is_not(get: Getting, server: SetServer) -> None:
    server.offer("old", b"", statuses=deque([(302, {"Location": server.url(NAME)})]))
    server.offer(NAME, BODY)
    assert get(UNCHECKED, server.url("old")).path.read_bytes() == BODY
    get.folder.joinpath(NAME).unlink()
    server.offer("loop", b"", statuses=deque([(302, {"Location": server.url("loop")})] * 50))
    assert "infinite loop" in get.refused(UNCHECKED, server.url("loop")).fact
    assert len(server.asked) < 50


@pytest.mark.parametrize("address", ["http://a..b/", "http://a.org:port/", "http://["])
def test_a_redirect_to_what_is_no_address(get: Getting, server: SetServer, waits: list[float], address: str) -> None:
    server.offer(NAME, b"", statuses=deque([(302, {"Location": address})]))
    assert "leads to an address that is none (" in get.refused(UNCHECKED).fact
    assert waits == []


def test_a_redirect_does_not_weaken_an_address() -> None:
    def redirected(old: str, new: str) -> str | None:
        request = SafeRedirects().redirect_request(Request(old), io.BytesIO(), 302, "", HTTPMessage(), new)
        return None if request is None else request.full_url

    assert redirected("http://a.org/x", "http://b.org/x") == "http://b.org/x"
    assert redirected("http://a.org/x", "https://a.org/x") == "https://a.org/x"
    assert redirected("https://a.org/x", "https://b.org/x") == "https://b.org/x"
    with pytest.raises(UselessError, match=r"redirects from https to http://a.org/x"):
        redirected("https://a.org/x", "http://a.org/x")


def test_nobody_listens(get: Getting, server: SetServer) -> None:
    error = get.refused(UNCHECKED, "http://127.0.0.1:9/set.zip")
    assert "http://127.0.0.1:9/set.zip cannot be reached: Connection refused" in error.fact


def test_a_host_that_nobody_knows_is_told_as_no_network_and_not_tried_again(get: Getting, waits: list[float]) -> None:
    error = get.refused(UNCHECKED, "http://no.such.host.invalid/set.zip")
    assert "set.zip cannot be reached: no network, no name server, or no such host (" in error.fact
    assert error.fix == "Try again later."
    assert waits == [] or "Temporary" in error.fact, "a name server that does not answer may do so in a moment"


def test_no_address_is_known(get: Getting) -> None:
    with pytest.raises(WorkError, match="no address of it is known"):
        download(UNCHECKED, [], get.folder, get.heard)


def test_a_damaged_note_costs_the_part_and_no_more(get: Getting, server: SetServer) -> None:
    partial = Partial(get.folder / NAME)
    partial.part.write_bytes(OTHER[:1000])
    partial.part.with_name(f"{NAME}.part.json").write_text("{")
    server.offer(NAME, BODY)
    assert get(UNCHECKED).path.read_bytes() == BODY
    assert server.ranges == [None]


def test_a_disk_that_is_too_small_is_told_before_a_byte_is_fetched(
    server: SetServer, tmp_path: Path, heard: Heard, patience: Patience
) -> None:
    server.offer(NAME, BODY)
    with small_disk(tmp_path / "small", 200) as folder, pytest.raises(WorkError) as refused:
        download(UNCHECKED, [server.url(NAME)], folder, heard, patience)
    assert "set.zip: needs 300 kB on the disk of" in str(refused.value)
    assert [told.done for told in heard.progress] == [0]


def test_a_disk_that_fills_up_meanwhile_keeps_what_has_come(
    server: SetServer, tmp_path: Path, heard: Heard, patience: Patience
) -> None:
    """Nothing says how long it is, so nothing can be asked for beforehand."""
    server.offer(NAME, BODY, declared=-1)
    with small_disk(tmp_path / "small", 200) as folder:
        with pytest.raises(WorkError) as refused:
            download(UNCHECKED, [server.url(NAME)], folder, heard, patience)
        assert "No space left on device" in refused.value.fact
        assert "What has come is kept" in refused.value.fix
        assert (folder / f"{NAME}.part").stat().st_size > 100_000
        assert len(server.asked) == 1, "a full disk is no network to be tried again"


def test_a_file_has_its_name_once_it_is_checked(get: Getting, server: SetServer) -> None:
    """A kill while the sum is taken leaves no file that is wrong under the name of one that is right."""
    server.offer(NAME, OTHER)

    def stop_at_the_check(said: Progress | Remark) -> None:
        if isinstance(said, Progress) and said.what.startswith("checking"):
            raise StoppedError

    with pytest.raises(StoppedError):
        download(CHECKED, [server.url(NAME)], get.folder, stop_at_the_check, get.patience)
    assert get.left == {f"{NAME}.part": len(OTHER)}
    server.offer(NAME, BODY)
    assert get(CHECKED).path.read_bytes() == BODY


def test_more_than_the_answer_says_is_not_taken(get: Getting, server: SetServer) -> None:
    """The whole of a part's answer is told by Content-Range, which the connection's end need not agree with."""
    server.offer(NAME, BODY, cuts=deque([1000]))
    with pytest.raises(StoppedError):
        download(UNCHECKED, [server.url(NAME)], get.folder, get.heard, Patience(sleep=_stop))
    server.offer(NAME, BODY + OTHER, declared=-1, etag=f'"{hashlib.md5(BODY).hexdigest()}"', whole=len(BODY))
    error = get.refused(UNCHECKED)
    assert "sends more than the 300,000 bytes of that file" in error.fact
    assert error.fix == "Try again later.", "nothing of it is kept"
    assert get.left == {}


def test_a_length_that_parts_do_not_tell_is_still_known(get: Getting, server: SetServer) -> None:
    """The first answer told it, so that a second cut is not the end."""
    server.offer(NAME, BODY, whole="*", cuts=deque([100_000, 50_000]))
    assert get(UNCHECKED).path.read_bytes() == BODY
    assert server.ranges == [None, "bytes=100000-", "bytes=150000-"]


def test_a_part_goes_to_its_own_end_where_no_answer_tells_the_length(get: Getting, server: SetServer) -> None:
    served = server.offer(NAME, BODY, whole="*", declared=-1, cuts=deque([50_000]))
    begin_without_length(get, served)
    assert get(UNCHECKED).path.read_bytes() == BODY
    assert server.ranges == ["bytes=100000-", "bytes=150000-"]


def test_a_part_whose_end_no_such_file_has_is_refused(get: Getting, server: SetServer) -> None:
    served = server.offer(NAME, BODY, whole="*", last=10**13 - 1)
    begin_without_length(get, served)
    assert "has 10.0 TB under that name, more than the 4.3 GB expected" in get.refused(UNCHECKED).fact


def begin_without_length(get: Getting, served: Served) -> None:
    """A third of a file is here, of which no answer told the length."""
    partial = Partial(get.folder / NAME)
    partial.begin(Begun(url=get.server.url(NAME), validator=served.tag))
    partial.part.write_bytes(served.body[:100_000])


def _stop(seconds: float) -> None:
    raise StoppedError


def test_a_body_without_an_end_is_not_taken_for_ever(get: Getting, server: SetServer) -> None:
    file = SetFile(name=NAME, about_bytes=20_000)
    server.offer(NAME, bytes(1 << 20), declared=-1, endless=True)
    assert f"sends more than the {size_text(file.at_most)} of that file" in get.refused(file).fact
    assert max(told.done for told in get.heard.progress) <= file.at_most
    assert get.left == {}


def test_a_length_that_no_such_file_has_is_refused_at_once(get: Getting, server: SetServer) -> None:
    server.offer(NAME, BODY, declared=10**13)
    known = SetFile(name=NAME, about_bytes=20_000_000)
    assert "has 10.0 TB under that name, more than the 107 MB expected" in get.refused(known).fact
    assert "more than the 4.3 GB expected" in get.refused(UNCHECKED).fact
    assert get.left == {}
