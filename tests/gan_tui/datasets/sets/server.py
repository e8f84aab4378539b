"""A server of files on the loopback that does what servers do on bad days."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, NamedTuple


@dataclass(kw_only=True)
class Served:
    """A file, and how it is served."""

    body: bytes
    etag: str | None = None
    """None: one that follows from the body; empty: none is sent."""
    ranges: bool = True
    """Else Range is passed over."""
    declared: int | None = None
    """Content-Length, if it is to be a lie; a negative one: none is sent."""
    cuts: deque[int] = field(default_factory=deque)
    """The next answers end after so many bytes each."""
    statuses: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    """The next answers are these instead."""
    shift: int = 0
    """Parts that are sent begin so many bytes later than was asked for."""

    whole: int | Literal["*"] | None = None
    """What Content-Range says of the file's length, if it is to be a lie; "*": that it is not known."""
    last: int | None = None
    """Which byte Content-Range says is the last, if it is to be a lie."""
    endless: bool = False
    """The body is sent again and again."""

    @property
    def tag(self) -> str:
        return f'"{hashlib.md5(self.body).hexdigest()}"' if self.etag is None else self.etag


class Asked(NamedTuple):
    """A request that came."""

    path: str
    range: str | None
    if_range: str | None


class SetServer:
    """What is served, and what was asked for."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.files: dict[str, Served] = {}
        self.asked: list[Asked] = []
        self.hold = threading.Event()
        """While it is not set, an answer waits in the middle of its body."""
        self.hold.set()
        self.held = threading.Event()
        """Somebody waits."""

    def url(self, name: str) -> str:
        return f"{self.address}/{name}"

    def offer(self, name: str, body: bytes, **how: object) -> Served:
        self.files[name] = served = Served(body=body, **how)  # type: ignore[arg-type]
        return served

    @property
    def ranges(self) -> list[str | None]:
        return [each.range for each in self.asked]


@contextmanager
def serving() -> Iterator[SetServer]:
    """A server on a free port of the loopback, for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.lstrip("/")
            asked = Asked(name, self.headers["Range"], self.headers["If-Range"])
            shop.asked.append(asked)
            served = shop.files.get(name)
            if served is None:
                self.send_error(404)
            elif served.statuses:
                status, headers = served.statuses.popleft()
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._send(served, asked)

        def _send(self, served: Served, asked: Asked) -> None:
            whole, first = len(served.body), 0
            if asked.range and served.ranges and asked.if_range in (None, served.tag):
                first = int(asked.range.removeprefix("bytes=").rstrip("-"))
                if first >= whole:
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{whole}")
                    self.end_headers()
                    return
                first += served.shift
                self.send_response(206)
                last = whole - 1 if served.last is None else served.last
                self.send_header("Content-Range", f"bytes {first}-{last}/{served.whole or whole}")
            else:
                self.send_response(200)
            body = served.body[first:]
            if served.declared is None or served.declared >= 0:
                self.send_header("Content-Length", str(len(body) if served.declared is None else served.declared))
            if served.tag:
                self.send_header("ETag", served.tag)
            self.end_headers()
            if served.cuts:
                body = body[: served.cuts.popleft()]
            half = len(body) // 2
            with suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(body[:half])
                self.wfile.flush()
                if not shop.hold.is_set():
                    shop.held.set()
                    shop.hold.wait(120)
                self.wfile.write(body[half:])
                while served.endless:
                    self.wfile.write(body)
            self.close_connection = True

        def log_message(self, *args: object) -> None:  # type: ignore[override]
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        shop = SetServer(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield shop
        finally:
            shop.hold.set()
            server.shutdown()
            thread.join()
