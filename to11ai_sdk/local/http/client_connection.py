"""Serves the requests of one connection, one after the other."""

from __future__ import annotations

import logging
import math
import socket
from contextlib import suppress
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from ..hang_up import HangUp
from ..problems import Problem
from . import reply_writer, request_body, request_parser
from .application import HttpRequest
from .connection_watch import Work
from .reply_envelope import error_reply, failure_reply
from .reply_writer import ReplyContext
from .request_reader import ClosedError, RequestReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from .application import Application
    from .request_parser import RequestHead

_log = logging.getLogger(__name__)
_LINGER_S = 1.0
_LINGER_READS = 64


class ClientConnection:
    """The connection of one client.

    Args:
        sock: its socket.
        application_for: returns the application that answers a path.
        is_draining: returns whether the next reply is the last one.

    Attributes:
        socket: its socket.
    """

    def __init__(
        self, sock: socket.socket, application_for: Callable[[str], Application], is_draining: Callable[[], bool]
    ) -> None:
        self.socket: socket.socket = sock
        self._work: Work | None = None
        self._application_for = application_for
        self._reader = RequestReader(sock)
        self._closing = Lock()
        self._is_ending = False
        self._is_stopping = False
        self._is_draining = is_draining

    @property
    def work(self) -> Work | None:
        """The request that is being answered, ``None`` if nothing shows that its client hangs up."""
        # After its own shutdown for reading, any connection looks like one that the client has closed.
        return None if self._reader.is_late else self._work

    @property
    def is_busy(self) -> bool:
        """Whether a request is being answered."""
        return self._work is not None

    @property
    def deadline(self) -> float:
        """When to give up waiting for the client, by the monotonic clock."""
        return self._reader.deadline

    def expire(self) -> None:
        """Give up waiting for the client; a reply says so if a request had begun."""
        self._reader.deadline = math.inf
        self._reader.expire()
        self.shutdown(socket.SHUT_RD)

    def stop(self) -> None:
        """Read no further request, and refuse long work for the one in progress."""
        self.refuse_long_work()
        self.shutdown(socket.SHUT_RD)

    def refuse_long_work(self) -> None:
        """Refuse long work for the request in progress and for those that follow, because the server stops."""
        self._is_stopping = True
        if (work := self._work) is not None:
            work.hang_up.is_stopping = True

    def end(self) -> None:
        """Shut the connection down both ways, and end the work for it."""
        self.shutdown(socket.SHUT_RDWR)

    def shutdown(self, how: int) -> None:
        """Shut the connection down, for reading or both ways, from any thread; both ways end the work for it, too."""
        if how == socket.SHUT_RDWR:
            self._is_ending = True
            if (work := self._work) is not None:
                work.hang_up.report()
        # Once it is closed, its number may be that of another connection.
        with self._closing, suppress(OSError):  # the client may have closed it first
            self.socket.shutdown(how)

    def serve(self) -> None:
        """Answer requests until either side closes the connection."""
        try:
            while self._serve_one():
                pass
            self._linger()
        except (ClosedError, OSError):
            return
        except Exception:  # within a stream: half a reply was sent
            _log.exception("a reply broke off")
        finally:
            # A forked process may have the socket, too: only a shutdown ends the connection then.
            self.shutdown(socket.SHUT_WR)
            with self._closing:
                self.socket.close()

    def _serve_one(self) -> bool:
        """Answer one request, and return whether another may follow."""
        raw = b""
        try:
            raw = self._reader.head()
            head = request_parser.parse(raw)
        except Problem as exc:
            self._reader.deadline = math.inf
            context = ReplyContext("HEAD" if raw.startswith(b"HEAD ") else "GET", is_last=True)
            return reply_writer.send(self.socket, context, error_reply(exc))
        try:
            application = self._application_for(head.target.path)
        except Exception as exc:
            return self._fail(exc, head.target.path, ReplyContext(head.method, head.is_old, is_last=True))
        body, problem = self._body(head, application.max_body)
        self._reader.deadline = math.inf
        request = HttpRequest(head.method, head.target, head.headers, body, HangUp(), problem)
        context = ReplyContext(head.method, head.is_old, is_last=head.is_last or problem is not None)
        self._work = Work(monotonic(), request.hang_up)
        # What was said before there was work to end.
        request.hang_up.is_stopping = self._is_stopping
        if self._is_ending:
            request.hang_up.report()
        try:
            return self._answer(application, request, context)
        finally:
            self._work = None

    def _answer(self, application: Application, request: HttpRequest, context: ReplyContext) -> bool:
        try:
            reply = application(request)
        except ConnectionError:
            # Answer first: silence on an idle connection means "too late", and a client would repeat its request.
            self.socket.sendall(reply_writer.BEGINNING)
            raise
        except Exception as exc:
            return self._fail(exc, request.target.path, context)
        if self._is_draining():
            context = context._replace(is_last=True)
        try:
            return reply_writer.send(self.socket, context, reply) and not request.hang_up.happened
        except reply_writer.UnsendableError as exc:
            return self._fail(exc, request.target.path, context)
        finally:
            if not isinstance(reply.body, bytes):
                reply.body.close()

    def _fail(self, exc: Exception, path: str, context: ReplyContext) -> bool:
        """Answer that the application failed."""
        _log.error("%s %s failed", context.method, path, exc_info=exc)
        return reply_writer.send(self.socket, context, failure_reply(exc))

    def _body(self, head: RequestHead, limit: int) -> tuple[bytes, Problem | None]:
        """Read the body; the rest of one that is not read to its end would be taken for the next request."""
        try:
            size = request_body.length(head)
            if size == 0:
                return b"", None
            expects = head.headers.get("expect", "").lower() == "100-continue" and not head.is_old
            if expects and self._reader.is_empty():
                self.socket.sendall(reply_writer.CONTINUE)
            return request_body.read(self._reader, size, limit), None
        except Problem as exc:
            return b"", exc

    def _linger(self) -> None:
        """Let the client read the last reply: closing with unread data would reset the connection."""
        self.shutdown(socket.SHUT_WR)
        self.socket.settimeout(_LINGER_S)
        with suppress(OSError):
            for _ in range(_LINGER_READS):
                if not self.socket.recv(65_536):
                    return
