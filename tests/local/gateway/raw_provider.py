"""A provider made of plain sockets, which counts its connections and sees when one of them ends."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from to11ai_sdk.local.gateway.provider import UpstreamReply, UpstreamRequest
from to11ai_sdk.local.gateway.upstream.http_provider import UpstreamProvider

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

    Answer = Callable[[bytes], bytes | Iterable[bytes] | None]

OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
CHAT = UpstreamRequest("POST", "/chat/completions", {}, b'{"model":"m"}')


def reply(body: bytes, *fields: str, status: int = 200) -> bytes:
    """A reply of known length with these header lines."""
    lines = "".join(f"{field}\r\n" for field in (*fields, f"content-length: {len(body)}"))
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode("latin-1") + body


class RawProvider:
    """Answers each request with the bytes that ``answer`` returns for it, and closes the connection at ``None``."""

    def __init__(
        self,
        answer: Callable[[bytes], bytes | Iterable[bytes] | None] = lambda request: OK,
        tls: ssl.SSLContext | None = None,
    ):
        self.answer = answer
        self.connections: list[socket.socket] = []
        self.requests: list[bytes] = []
        self.closed = 0
        self.sent = 0
        self._tls = tls
        self._changed = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> RawProvider:
        return self

    def __exit__(self, *exc: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    @property
    def config(self) -> dict[str, Any]:
        return {"kind": "upstream", "dialect": "openai", "base_url": self.url, "models": ["*"]}

    def provider(self, context: ssl.SSLContext | None = None, **given: Any) -> UpstreamProvider:
        return UpstreamProvider(dialect="openai", base_url=self.url, context=context, **given)

    def wait_for(self, is_so: Callable[[], bool], seconds: float = 20) -> None:
        with self._changed:
            assert self._changed.wait_for(is_so, seconds)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            while (request := _read(connection)) is not None:
                self._note(request)
                answer = self.answer(request)
                if answer is None:
                    break
                for piece in [answer] if isinstance(answer, bytes) else answer:
                    connection.sendall(piece)
                    self.sent += len(piece)
        connection.close()
        with self._changed:
            self.closed += 1
            self._changed.notify_all()

    def _note(self, request: bytes) -> None:
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()


def _read(connection: socket.socket) -> bytes | None:
    """The next request on a connection, ``None`` at its end."""
    request = b""
    while b"\r\n\r\n" not in request:
        piece = connection.recv(65_536)
        if not piece:
            return None
        request += piece
    head, _, body = request.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        piece = connection.recv(65_536)
        if not piece:
            return None
        body += piece
    return head + b"\r\n\r\n" + body


def content(got: UpstreamReply) -> bytes:
    """The whole body of a reply."""
    return b"".join(got.body)
