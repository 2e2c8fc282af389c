from __future__ import annotations

import math
import socket
import threading
from time import monotonic

from to11ai_sdk.local.hang_up import HangUp
from to11ai_sdk.local.http.connection_watch import ConnectionWatch, Work


class Client:
    """A connection to watch, with both of its ends."""

    def __init__(self) -> None:
        self.socket, self.theirs = socket.socketpair()
        self.deadline = math.inf
        self.hang_up = HangUp()
        self.work: Work | None = Work(monotonic() - 60, self.hang_up)

    def expire(self) -> None:
        self.deadline = math.inf


def test_bytes_of_the_next_request_are_no_hang_up_and_the_end_behind_them_is_none_after_the_stop() -> None:
    early, gone, instant = Client(), Client(), Client()
    instant.work = None
    watch = ConnectionWatch(lambda: [early, gone, instant])
    ended = threading.Event()
    watch.start()
    with gone.hang_up.ending(ended.set):
        early.theirs.send(b"GET / HTTP/1.1")
        gone.theirs.close()
        instant.theirs.close()
        assert ended.wait(60)
    watch.stop()
    early.theirs.close()
    for client in (early, gone, instant):
        client.socket.close()
    assert [client.hang_up.happened for client in (early, gone, instant)] == [False, True, False]
