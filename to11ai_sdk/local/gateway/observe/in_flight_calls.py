"""Lets identical calls that are in flight at the same time share one reply.

The first of them asks, the others wait for it. If it brings no reply to share (an error, an exception, a stream, or its
caller hangs up), one of those that wait asks next.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import Condition, Lock
from typing import TYPE_CHECKING

from ...bounds import MAX_AWAITED_CALLS, MAX_AWAITED_S
from ..gateway_problem import hung_up

if TYPE_CHECKING:
    from collections.abc import Generator

    from ...hang_up import HangUp
    from ..answer import Answer


class Turn:
    """What a call does about its reply.

    Attributes:
        reply: the reply of another call, ``None`` if this one is to ask.
    """

    def __init__(self, reply: Answer | None = None) -> None:
        self.reply: Answer | None = reply

    def share(self, reply: Answer | None) -> None:
        """Give a reply to those that wait for this call, once its turn is over."""
        self.reply = reply


class _InFlightCall:
    """A call that asks the provider, as those see it that wait for it."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._is_over = False
        self._reply: Answer | None = None

    def end(self, reply: Answer | None) -> None:
        with self._changed:
            self._is_over, self._reply = True, reply
            self._changed.notify_all()

    def wait(self, hang_up: HangUp) -> Answer | None:
        """Return the shared reply; ``None`` without one, or if it takes too long.

        Raises:
            GatewayProblem: 499 if the caller hangs up.
        """
        with hang_up.ending(self._wake), self._changed:
            self._changed.wait_for(lambda: self._is_over or hang_up.happened, MAX_AWAITED_S)
            reply = self._reply
        if hang_up.happened:
            raise hung_up()
        return reply

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


class InFlightCalls:
    """The calls that wait for a provider, whose reply identical calls may share."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asking: dict[tuple[str, ...], _InFlightCall] = {}

    @contextmanager
    def turn(self, key: tuple[str, ...], hang_up: HangUp) -> Generator[Turn]:
        """Wait for identical calls, and return whether one of them has a reply for this one.

        Args:
            key: the same for identical calls.
            hang_up: the event that the caller of this one hangs up.

        Raises:
            GatewayProblem: 499 if the caller hangs up while it waits.
        """
        own = _InFlightCall()
        for _ in range(MAX_AWAITED_CALLS):
            with self._lock:
                first = self._asking.setdefault(key, own)
            if first is own:
                break
            reply = first.wait(hang_up)
            if reply is not None:
                yield Turn(reply)
                return
        turn = Turn()
        try:
            yield turn
        finally:
            with self._lock:
                if self._asking.get(key) is own:
                    del self._asking[key]
            own.end(turn.reply)
