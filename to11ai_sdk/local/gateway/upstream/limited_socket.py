"""Limits each wait of a socket, where possible by a setting of the socket instead of a system call before each wait."""

from __future__ import annotations

import os
import socket
import struct
import sys
from typing import Any

_CONNECTS_BY_SETTING = sys.platform == "linux"
"""Whether the limit of sending is that of connecting, too."""


class LimitedSocket:
    """A connected socket whose waits end.

    Args:
        opened: the socket, plain or with TLS.
    """

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened
        # With a timeout of Python's, each read and write begins with a call of poll. TLS needs that one, and Windows
        # has another form of the setting.
        self._by_setting = os.name == "posix" and type(opened) is socket.socket
        self._set_to: float | None = None

    def within(self, timeout_s: float) -> None:
        """Let each wait end after some seconds with a ``TimeoutError``."""
        if not self._by_setting:
            self._socket.settimeout(timeout_s)
        elif timeout_s != self._set_to:
            _block(self._socket)
            for wait in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
                self._socket.setsockopt(socket.SOL_SOCKET, wait, _limit(timeout_s))
        self._set_to = timeout_s

    def send(self, data: bytes) -> None:
        """Send bytes that mostly fit into the socket's buffer."""
        try:
            self._socket.sendall(data)
        except BlockingIOError as exc:
            raise TimeoutError from exc

    def send_long(self, data: bytes) -> None:
        """Send any number of bytes, all of them within the limit of one wait."""
        if not self._by_setting:
            self._socket.sendall(data)
            return
        self._socket.settimeout(self._set_to)
        try:
            self._socket.sendall(data)
        finally:
            self._socket.settimeout(None)

    def read(self, most: int) -> bytes:
        """Return the bytes that arrive next, none at the end."""
        try:
            return self._socket.recv(most)
        except BlockingIOError as exc:
            raise TimeoutError from exc


def connect(opened: socket.socket, place: Any, timeout_s: float) -> None:
    """Connect a new socket within some seconds, in as few system calls as possible: each gives way to other threads.

    Raises:
        OSError: nobody answers, ``TimeoutError`` if not within the limit.
    """
    if not _CONNECTS_BY_SETTING:
        opened.settimeout(timeout_s)
        opened.connect(place)
        return
    _block(opened)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _limit(timeout_s))
    try:
        opened.connect(place)
    except BlockingIOError as exc:
        raise TimeoutError from exc


def _block(opened: socket.socket) -> None:
    if opened.gettimeout() is not None:
        opened.settimeout(None)


def _limit(timeout_s: float) -> bytes:
    return struct.pack("ll", int(timeout_s), max(1, int(timeout_s % 1 * 1e6)))
