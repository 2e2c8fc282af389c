"""Waits for the signals that end a server."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

STOP_SIGNALS = [signal.SIGINT, signal.SIGTERM]
"""The signals that end a server; a terminal that is closed sends the last one, if the system has it."""
if hasattr(signal, "SIGHUP"):
    STOP_SIGNALS.append(signal.SIGHUP)


class StopSignals:
    """SIGINT, SIGTERM and SIGHUP, within a block in the main thread; SIGHUP not under ``nohup``.

    Attributes:
        woken: a socket that can be read once one has come.
        must_hurry: whether to end without a wait: after Ctrl-C, or the second signal.
    """

    def __init__(self) -> None:
        self.woken: socket.socket
        self.woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._count = 0
        self.must_hurry: bool = False

    def __enter__(self) -> Self:
        heard = [number for number in STOP_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._stop) for number in heard}
        # The system may give a signal to any thread, and only this wakes the main one then.
        self._before_fd = signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(self, *exc_info: object) -> None:
        signal.set_wakeup_fd(self._before_fd)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self.woken.close()
        self._waker.close()

    @property
    def have_come(self) -> bool:
        """Whether one has come."""
        return self._count > 0

    def wait(self) -> None:
        """Wait for the first one."""
        while not self.have_come:
            self.woken.recv(1)

    def _stop(self, number: int, frame: object) -> None:
        self._count += 1
        self.must_hurry = number == signal.SIGINT or self._count > 1
