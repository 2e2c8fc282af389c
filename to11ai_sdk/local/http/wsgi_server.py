"""Extends Werkzeug's server by keep-alive connections and a clean stop."""

from __future__ import annotations

import errno
import logging
import os
import selectors
import socket
import time
from contextlib import suppress
from http import HTTPStatus
from threading import Thread
from typing import TYPE_CHECKING, Any, cast

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from ..problems import Problem
from . import reply_envelope
from .disconnects import Disconnects

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import WSGIApplication

_log = logging.getLogger(__name__)
_HOST = "127.0.0.1"
_GRACE_S = 5.0
_LAST_CHUNK = b"0\r\n\r\n"
_BODILESS = {*range(100, 200), HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
"""Statuses whose replies end with their head (RFC 9112 section 6.3)."""


class PortTakenError(OSError):
    """Another program listens on the port."""


class Handler(WSGIRequestHandler):
    """Serves the requests of one connection.

    Werkzeug's own loop closes the connection after each request. Here it stays open, because the application reads
    every body to its end, or asks for ``Connection: close``.
    """

    protocol_version = "HTTP/1.1"
    close_connection: bool
    request_version: str
    disable_nagle_algorithm = True
    # Send head and body together; otherwise the second would wait for the acknowledgement of the first.
    wbufsize = 65_536

    def run_wsgi(self) -> None:
        """Answer one request."""
        try:
            environ = self.make_environ()
        except ValueError:
            self.send_error(HTTPStatus.BAD_REQUEST, "the request target is not a URL")
            return
        head: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            head[:] = status, headers

        try:
            chunks = self.server.app(environ, start_response)
        except ConnectionError:
            # Answer first: silence on an idle connection means "too late", and a client would repeat its request.
            self.wfile.write(b"HTTP/1.1 ")
            self.close_connection = True
            return
        try:
            self._send(head[0], head[1], chunks)
        finally:
            getattr(chunks, "close", lambda: None)()

    def _send(self, status: str, headers: list[tuple[str, str]], chunks: Iterable[bytes]) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        bodiless = self.command == "HEAD" or int(code) in _BODILESS
        streams = not bodiless and not any(name.lower() == "content-length" for name, _ in headers)
        for name, value in [*headers, *self._framing(streams)]:
            self.send_header(name, value)
        self.end_headers()
        if streams:
            self._stream(chunks)
        elif not bodiless:
            self.wfile.writelines(chunks)
        self.wfile.flush()

    @property
    def _chunked(self) -> bool:
        """Whether the client can read a chunked body."""
        return self.request_version != "HTTP/1.0"

    def _framing(self, streams: bool) -> list[tuple[str, str]]:
        """Return the header that marks the end of a body of unknown length (RFC 9112 section 6)."""
        if not streams:
            return []
        return [("Transfer-Encoding", "chunked") if self._chunked else ("Connection", "close")]

    def _stream(self, chunks: Iterable[bytes]) -> None:
        """Send each chunk at once, until the end or until the client hangs up."""
        frame = _frame if self._chunked else bytes
        try:
            self.wfile.flush()
            with cast("Server", self.server).disconnects.watching(
                self.connection, getattr(chunks, "abort", lambda: None)
            ):
                for chunk in filter(None, chunks):
                    self.wfile.write(frame(chunk))
                    self.wfile.flush()
            self.wfile.write(_LAST_CHUNK if self._chunked else b"")
        except ConnectionError:
            # Half a body was sent: only closing the connection shows that the rest will not come.
            self.close_connection = True

    def finish(self) -> None:
        """Close the connection, without an error if the client has disconnected."""
        with suppress(ConnectionError):
            super().finish()

    def handle_expect_100(self) -> bool:
        """Ask for the body at once."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer malformed HTTP with an envelope, too, and close the connection."""
        # Until a version is parsed, Python assumes HTTP/0.9, whose replies have no head.
        self.request_version = self.protocol_version
        problem = Problem(int(code), "INVALID_INPUT", message or HTTPStatus(code).phrase)
        content = reply_envelope.encode(reply_envelope.error_envelope(problem))
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content))), ("Connection", "close")]
        self._send(f"{int(code)} {HTTPStatus(code).phrase}", headers, [content])

    def version_string(self) -> str:
        """Return the value of the header ``Server``."""
        return "to11-local"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log a request quietly, whatever its target."""
        _log.debug("%s %s", self.requestline, code)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - Werkzeug's own name
        """Log quietly."""
        _log.debug(message, *args)


class Server(ThreadedWSGIServer):
    """Listens on the loopback address.

    Args:
        app: the application that answers.
        port: the port, 0 for a free one.

    Raises:
        PortTakenError: another program listens there.
    """

    def __init__(self, app: WSGIApplication, port: int) -> None:
        self._open: dict[socket.socket, Thread] = {}
        with _listen(port) as listener:
            super().__init__(_HOST, port, app, Handler, fd=listener.fileno())
        self.disconnects: Disconnects = Disconnects()
        self._stop_signal, self._stop_listener = socket.socketpair()
        self._thread = Thread(target=self._accept_until_stopped, name="to11-local", daemon=True)

    @property
    def url(self) -> str:
        """The URL it listens on."""
        return f"http://{_HOST}:{self.port}"

    def start(self) -> None:
        """Serve in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the requests in progress, close every connection and end every thread."""
        self._stop_signal.close()
        self._thread.join()
        self.disconnects.close()
        self._hang_up(socket.SHUT_RD, _GRACE_S)
        self._hang_up(socket.SHUT_RDWR, _GRACE_S)

    def _accept_until_stopped(self) -> None:
        # Not serve_forever(): it polls for the end, and every stop would wait for the next poll.
        with selectors.DefaultSelector() as selector, self._stop_listener:
            selector.register(self.socket, selectors.EVENT_READ)
            selector.register(self._stop_listener, selectors.EVENT_READ)
            while all(key.fileobj is not self._stop_listener for key, _ in selector.select()):
                self._accept()
        self.server_close()

    def _accept(self) -> None:
        try:
            request, client_address = self.get_request()
        except OSError:  # the client has already disconnected
            return
        try:
            self.process_request(request, client_address)
        except Exception:  # no thread available: the server continues
            self.handle_error(request, client_address)
            self.shutdown_request(request)

    def _hang_up(self, how: int, wait_s: float) -> None:
        """Shut down each connection, for reading or both ways, and wait for all their threads."""
        threads = list(self._open.items())
        for connection, _ in threads:
            with suppress(OSError):  # the client may have closed it first
                connection.shutdown(how)
        end = time.monotonic() + wait_s
        for _, thread in threads:
            thread.join(max(0.0, end - time.monotonic()))

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own."""
        thread = Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        super().shutdown_request(request)
        self._open.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log an exception that a connection's thread did not handle."""
        _log.exception("the connection from %s failed", client_address)


def _frame(chunk: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(chunk), chunk)


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    if os.name == "posix":  # on other systems this would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
        listener.listen(1024)
    except OSError as exc:
        listener.close()
        if exc.errno == errno.EADDRINUSE:
            raise PortTakenError(exc.errno, f"port {port} is taken; choose another one, or 0 for any") from exc
        raise
    return listener
