"""Connects the supervisor with a worker: connections and words to the worker, a line about its start back."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECTION = b"c"
"""Comes with the connection of a client."""
DRAIN = b"d"
"""Finish what is in progress, within the time that the bounds allow, and end."""
HURRY = b"h"
"""End now."""
ASK = b"a"
"""Say that you are there."""
_HERE = b"."


class Received(NamedTuple):
    """What a worker received.

    Attributes:
        word: one of the words above; empty if the supervisor has ended.
        connection: the connection of a client, if one came.
    """

    word: bytes
    connection: socket.socket | None = None


class SupervisorEnd:
    """The supervisor's end of the channel to a worker.

    Args:
        end: its socket.

    Attributes:
        unanswered: how often the worker was asked whether it is there, since it last answered.
    """

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self.socket: socket.socket = end
        self.unanswered: int = 0
        self._line = b""

    def give(self, connection: socket.socket) -> bool:
        """Give a connection to the worker; return whether it took it."""
        try:
            socket.send_fds(self.socket, [CONNECTION], [connection.fileno()])
        except OSError:  # it has ended, or is too far behind
            return False
        return True

    def say(self, word: bytes) -> None:
        """Send a word; a worker that has ended needs none."""
        with suppress(OSError):
            self.socket.send(word)

    def ask(self) -> None:
        """Ask the worker whether it is there, unless an answer is due already."""
        if not self.unanswered:
            self.say(ASK)
        self.unanswered += 1

    def report(self) -> dict[str, Any] | None:
        """Return what the worker says of its start, ``None`` if it has not said all of that or says that it is there.

        Raises:
            EOFError: the worker has ended.
        """
        try:
            part = self.socket.recv(65_536)
        except BlockingIOError:
            return None
        except OSError as exc:
            raise EOFError from exc
        if not part:
            raise EOFError
        if self._line.endswith(b"\n"):
            self.unanswered = 0
            return None
        self._line += part
        return json.loads(self._line) if self._line.endswith(b"\n") else None

    def close(self) -> None:
        """Close this end, which the worker notices."""
        self.socket.close()


class WorkerEnd:
    """A worker's end of its channel.

    Args:
        end: its socket.
    """

    def __init__(self, end: socket.socket) -> None:
        self.socket: socket.socket = end

    def say(self, report: Mapping[str, Any]) -> None:
        """Say how the start went."""
        self.socket.setblocking(True)
        with suppress(OSError):  # without a supervisor the worker is about to end
            self.socket.sendall(json.dumps(dict(report)).encode() + b"\n")
        self.socket.setblocking(False)

    def answer(self) -> None:
        """Say that this worker is there."""
        with suppress(OSError):
            self.socket.send(_HERE)

    def receive(self) -> Received | None:
        """Return what has come, ``None`` if nothing has."""
        try:
            word, files, _, _ = socket.recv_fds(self.socket, 1, 1)
        except BlockingIOError:
            return None
        except OSError:  # the supervisor was killed with something unread
            return Received(b"")
        return Received(word, socket.socket(fileno=files[0]) if files else None)
