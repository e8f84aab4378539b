"""One request for a file, which goes on where an earlier one ended; and what the server's answer means."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import urllib.error
import urllib.request
from email.message import Message
from io import RawIOBase
from typing import IO, Any

from engine.protocol.jobs import Progress, Tell
from engine.sizes import size_text
from gan_tui.datasets.sets.known import SetFile
from gan_tui.datasets.sets.partial import Begun, Partial
from gan_tui.datasets.sets.space import require_room

CHUNK = 1 << 18
SILENCE_SECONDS = 60.0
"""After which a server that sends nothing is given up."""

_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
_PASSING = {408, 425, 429, 500, 502, 503, 504}
"""Statuses of servers that may answer otherwise in a moment."""


class PassingError(Exception):
    """A transfer ended that may go on if it is tried again.

    Args:
        reason: a clause.
        wait: seconds that the server asks for; 0 where it asks for none.
    """

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class UselessError(Exception):
    """This address will not give the file, however often it is tried."""


class SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but not from https to http."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """As the base class has it, but for a weaker address."""
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise UselessError(f"redirects from https to {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_opener = urllib.request.build_opener(SafeRedirects)


def transfer(url: str, partial: Partial, file: SetFile, tell: Tell) -> None:
    """Ask for what is missing of a file, and write it to its part until all of it is there.

    Args:
        url: where from.
        partial: what is here of it.
        file: which. Where its checksum is known, the rest may come from another address than the beginning.
        tell: hears how many bytes are here.

    Raises:
        PassingError: it broke off; UselessError: there is no such file there; WorkError: the disk takes no more.
    """
    begun = partial.begun
    known = begun if begun is not None and begun.url == url else Begun(url=url)
    offset = partial.here if known.validator or file.sha256 or file.md5 else 0
    whole = known.total if file.bytes is None else file.bytes
    if offset and whole is not None and offset >= whole:
        if offset == whole:
            return
        partial.drop()
        offset = 0
    try:
        with _opener.open(_request(url, offset, known.validator), timeout=SILENCE_SECONDS) as response:
            total = _agree(response, known, partial, offset, file)
            _receive(response, partial, total, file, tell)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # no such range: the file is shorter than what is here, or as long
            partial.drop()
            raise PassingError("has another file by now") from error
        if error.code in _PASSING:
            raise PassingError(f"answers {error.code} {error.reason}", _asked_wait(error.headers)) from error
        raise UselessError(f"answers {error.code} {error.reason}") from error
    except (ValueError, http.client.InvalidURL) as error:
        raise UselessError(f"leads to an address that is none ({error})") from error
    except (OSError, http.client.HTTPException) as error:
        raise _failure(error) from error


def _request(url: str, offset: int, validator: str) -> urllib.request.Request:
    headers = {"User-Agent": "gan-tui", "Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
        if validator:
            headers["If-Range"] = validator
    return urllib.request.Request(url, headers=headers)


def _agree(response: Any, known: Begun, partial: Partial, offset: int, file: SetFile) -> int | None:
    """Prepare for what the server sends: the rest, or the whole; returns how many bytes are here then, if it is known.

    The rest may come without the size of the whole: then that holds which an earlier answer told of this version.
    """
    length = response.headers.get("Content-Length", "")
    end = None
    if response.status == 206:
        found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if found is None or found[1] is None or int(found[1]) != offset:
            partial.drop()
            raise PassingError("sends another part than was asked for")
        told_before = known.total if known.validator else None
        total = told_before if found[3] == "*" else int(found[3])
        end = int(found[2]) + 1
    else:
        total = int(length) if length.isdecimal() else None
    if total is not None and file.bytes is not None and total != file.bytes:
        raise UselessError(f"has {total:,} bytes under that name, not {file.bytes:,}")
    expected = next((size for size in (total, file.bytes, end) if size is not None), None)
    if expected is not None and expected > file.at_most:
        most = size_text(file.at_most)
        raise UselessError(f"has {size_text(expected)} under that name, more than the {most} expected")
    begun = Begun(url=known.url, validator=_validator(response.headers), total=total)
    if response.status == 206 and offset:
        partial.remember(begun)
    else:
        partial.begin(begun)
    return expected


def _receive(response: Any, partial: Partial, total: int | None, file: SetFile, tell: Tell) -> None:
    here = partial.here

    def tell_here() -> None:
        tell(Progress(what=file.name, done=here, total=total or 0, unit="bytes"))

    tell_here()
    if total is not None:
        require_room(partial.path.parent, total - here, file.name)
    most = file.at_most if total is None else total
    with partial.written():
        part = partial.part.open("ab", buffering=0)
    with part:
        while data := response.read1(CHUNK):
            here += len(data)
            if here > most:
                partial.drop()
                expected = size_text(most) if total is None else f"{total:,} bytes"
                raise UselessError(f"sends more than the {expected} of that file")
            with partial.written():
                _write(part, data)
            tell_here()
    if total is not None and here < total:
        raise PassingError(f"breaks off after {here:,} of {total:,} bytes")


def _write(file: RawIOBase, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) or 0 :]


def _validator(headers: http.client.HTTPMessage) -> str:
    """By what a later request asks for the same version; a weak tag is of no use for parts of a file."""
    tag = str(headers.get("ETag", ""))
    return str(headers.get("Last-Modified", "")) if not tag or tag.startswith("W/") else tag


def _asked_wait(headers: Message | None) -> float:
    asked = headers.get("Retry-After", "") if headers is not None else ""
    return float(asked) if asked.isdecimal() else 0.0


def _failure(error: OSError | http.client.HTTPException) -> PassingError | UselessError:
    """What a failure of the network means."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    match reason:
        case ssl.SSLCertVerificationError(verify_message=message):
            return UselessError(f"has a certificate that does not hold: {message}")
        case socket.gaierror(errno=code) as unknown:
            fact = f"cannot be reached: no network, no name server, or no such host ({unknown.strerror})"
            return PassingError(fact) if code == socket.EAI_AGAIN else UselessError(fact)
        case _:
            return PassingError(f"{'breaks off' if reason is error else 'cannot be reached'}: {_told(reason)}")


def _told(reason: object) -> str:
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return str(reason) or type(reason).__name__
