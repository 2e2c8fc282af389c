"""Watches the connections of clients in one thread: who hangs up, and who lets the server wait for too long."""

from __future__ import annotations

import logging
import select
import socket
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from ..hang_up import HangUp

_log = logging.getLogger(__name__)
_TICK_S = 0.2
_YOUNG_S = 0.1
"""Work that takes less is not watched, so an instant reply needs no system call for it."""
_AT_ONCE = 500
"""As many sockets as ``select`` takes on Windows."""
_ENDED = getattr(select, "POLLRDHUP", 0) | getattr(select, "POLLHUP", 0) | getattr(select, "POLLERR", 0)


class Work(NamedTuple):
    """The work for a request, since a time of the monotonic clock."""

    since: float
    hang_up: HangUp

    def is_watched(self, now: float) -> bool:
        """Return whether it has taken so long that the client may have hung up."""
        return now - self.since > _YOUNG_S and not self.hang_up.happened


class Watched(Protocol):
    """A connection that can be watched."""

    socket: socket.socket

    @property
    def work(self) -> Work | None:
        """The request that is being answered, ``None`` if it is not to be watched."""
        ...

    @property
    def deadline(self) -> float:
        """When to give up waiting for the client, by the monotonic clock."""
        ...

    def expire(self) -> None:
        """Give up waiting for the client."""
        ...


class ConnectionWatch:
    """Looks at the open connections several times a second, as long as there are any.

    Args:
        connections: returns the open connections.
    """

    def __init__(self, connections: Callable[[], Collection[Watched]]) -> None:
        self._connections = connections
        self._some = Event()
        self._end = Event()
        self._thread = Thread(target=self._run, name="to11-local-watch", daemon=True)

    def start(self) -> None:
        """Start to watch."""
        self._thread.start()

    def wake(self) -> None:
        """Go on after there was no connection."""
        if not self._some.is_set():
            self._some.set()

    def stop(self) -> None:
        """Stop watching; nothing is reported after that."""
        self._end.set()
        self._some.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(_TICK_S):
            self._some.clear()
            if self._end.is_set():  # stop() may have come before the clear
                return
            if connections := self._connections():
                self._some.set()
                self._look(connections, monotonic())
            self._some.wait()

    def _look(self, connections: Collection[Watched], now: float) -> None:
        for connection in connections:
            if connection.deadline < now:
                connection.expire()
        working = ((connection.socket, connection.work) for connection in connections)
        # Looked at once: a report for a request that has just been answered reaches nobody.
        slow = {sock: work for sock, work in working if work is not None and work.is_watched(now)}
        for sock in _ended(slow):
            _report(slow[sock].hang_up)


def _report(hang_up: HangUp) -> None:
    try:
        hang_up.report()
    except Exception:  # of one request: the others are still watched
        _log.exception("the work for a client that has hung up could not be ended")


def _ended(sockets: Iterable[socket.socket]) -> list[socket.socket]:
    """Return the sockets whose clients have disconnected; unread bytes belong to the next request."""
    return [sock for sock, is_certain in _readable(list(sockets)) if is_certain or _has_ended(sock)]


if hasattr(select, "poll"):

    def _readable(sockets: list[socket.socket]) -> Iterator[tuple[socket.socket, bool]]:
        by_number = {number: sock for sock in sockets if (number := sock.fileno()) >= 0}
        poll = select.poll()
        for number in by_number:
            poll.register(number, select.POLLIN | _ENDED)
        return ((by_number[number], bool(event & _ENDED)) for number, event in poll.poll(0))

else:

    def _readable(sockets: list[socket.socket]) -> Iterator[tuple[socket.socket, bool]]:
        for start in range(0, len(sockets), _AT_ONCE):
            part = [sock for sock in sockets[start : start + _AT_ONCE] if sock.fileno() >= 0]
            yield from ((sock, False) for sock in (select.select(part, (), (), 0)[0] if part else ()))


def _has_ended(sock: socket.socket) -> bool:
    try:
        return not sock.recv(1, socket.MSG_PEEK | getattr(socket, "MSG_DONTWAIT", 0))
    except BlockingIOError:
        return False
    except OSError:
        return True
