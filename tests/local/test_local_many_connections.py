"""Many connections, one after another and at once: threads are used again and end, and nobody is left waiting."""

from __future__ import annotations

import gc
import json
import sys
import threading
import time
import weakref
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from bound import connection, plain, rest, send

from to11ai_sdk.local import LocalTo11, bounds
from to11ai_sdk.local.http import thread_turns
from to11ai_sdk.local.http.connection_watch import ConnectionWatch
from to11ai_sdk.local.processes import garbage

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

    import pytest

MANY = 200
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


def connection_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "to11-local-connection"}


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.005)


def is_healthy(to11: LocalTo11) -> bool:
    with connection(to11) as opened:
        return send(opened, "GET", "/health").status == 200


def open_many(to11: LocalTo11, stack: ExitStack) -> list[socket]:
    """Connections that are served at the same time."""
    opened = [stack.enter_context(plain(to11)) for _ in range(MANY)]
    for each in opened:
        each.sendall(HEALTH)
    for each in opened:
        assert each.recv(65_536).startswith(b"HTTP/1.1 200 ")
    return opened


def test_many_streams_opened_at_once_are_all_complete_and_others_are_served_meanwhile() -> None:
    with LocalTo11() as to11, ExitStack() as stack:
        body = json.dumps({"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "Hello!"}]})
        call = (
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"x-to11-authorization: Bearer {to11.api_key}\r\nx-to11-project-id: {to11.project_id}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        opened = [stack.enter_context(plain(to11)) for _ in range(MANY)]
        for each in opened:
            each.sendall(call)
        assert is_healthy(to11)
        for reply in map(rest, opened):
            assert reply.startswith(b"HTTP/1.1 200 ")
            assert b"data: [DONE]" in reply
            assert reply.endswith(b"\r\n0\r\n\r\n")


def test_connections_one_after_another_share_a_thread() -> None:
    before = connection_threads()
    with LocalTo11() as to11:
        used: set[threading.Thread] = set()
        for _ in range(20):
            assert is_healthy(to11)
            used |= connection_threads() - before
            # The thread is idle soon after its connection is closed; a connection before that gets another one.
            time.sleep(0.01)
        assert 1 <= len(used) < 15
    wait_until(lambda: not used & connection_threads())


def test_few_idle_threads_stay_and_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    before = connection_threads()
    with LocalTo11() as to11:
        with ExitStack() as stack:
            open_many(to11, stack)
            assert len(connection_threads() - before) == MANY
        wait_until(lambda: len(connection_threads() - before) <= bounds.MAX_IDLE_THREADS)
        monkeypatch.setattr(bounds, "IDLE_THREAD_S", 0.01)
        with ExitStack() as stack:
            open_many(to11, stack)
        wait_until(lambda: len(connection_threads() - before) <= bounds.MAX_IDLE_THREADS)
        assert is_healthy(to11)
    wait_until(lambda: connection_threads() <= before)


def test_a_thread_that_was_idle_for_too_long_ends_and_the_next_connection_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "IDLE_THREAD_S", 0.001)
    before = connection_threads()
    with LocalTo11() as to11:
        for _ in range(50):  # some of them come just when the thread gives up
            assert is_healthy(to11)
        wait_until(lambda: connection_threads() <= before)
        assert is_healthy(to11)


def test_only_the_process_of_the_command_lets_threads_take_turns_less_often() -> None:
    interval = sys.getswitchinterval()
    with LocalTo11() as to11:
        with ExitStack() as stack:
            open_many(to11, stack)
            assert sys.getswitchinterval() == interval
        with thread_turns.managed():
            with ExitStack() as stack:
                open_many(to11, stack)
                assert interval < sys.getswitchinterval() <= 0.1
            wait_until(lambda: sys.getswitchinterval() == interval)
            with ExitStack() as stack:
                open_many(to11, stack)
        assert sys.getswitchinterval() == interval


class Ring:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.own = self


def test_what_is_loaded_at_the_start_is_not_looked_at_again_but_new_garbage_is_collected() -> None:
    thresholds = gc.get_threshold()
    with garbage.rarely_collected():
        assert gc.get_freeze_count() > 10_000
        collected: list[object] = []
        ring = weakref.ref(Ring(), collected.append)
        kept: list[list[int]] = []
        while not collected and len(kept) < 1_000_000:
            kept.append([])
        assert ring() is None
    assert (gc.get_freeze_count(), gc.get_threshold()) == (0, thresholds)


def test_a_watch_that_is_stopped_just_before_it_waits_ends() -> None:
    watch = ConnectionWatch(list[Any])

    class StoppedMeanwhile(threading.Event):
        def clear(self) -> None:
            watch._end.set()
            self.set()
            super().clear()

    watch._some = StoppedMeanwhile()
    watch.start()
    watch._thread.join(60)
    assert not watch._thread.is_alive()
