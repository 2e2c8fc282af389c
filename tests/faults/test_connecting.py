"""The moments before a connection is there."""

from __future__ import annotations

import gc
import os
import signal
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

import pytest

from to11ai_sdk._http.process_safety import importing
from to11ai_sdk._http.urllib_exchange import UrllibExchange
from to11ai_sdk.errors import To11aiNetworkError

from .certificates import serving, trusting
from .harness import create, descriptors, get, impatient
from .server import HEALTHY, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def deaf() -> Iterator[str]:
    """The address of a server whose queue is full: the kernel leaves everyone waiting."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        time.sleep(0.05)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for sock in waiting:
            sock.close()


def test_a_connection_that_does_not_come_about_ends_with_the_attempt(deaf: str) -> None:
    with impatient(deaf, max_retries=1) as client, pytest.raises(To11aiNetworkError, match="in time") as caught:
        create(client, "a")
    # It never connected, so that even a create may be tried again.
    assert (caught.value.attempts, caught.value.unsent) == (2, True)
    assert caught.value.elapsed_s < 2 * 0.3 + 0.5


def test_an_interrupt_while_connecting_leaves_nothing_behind(deaf: str) -> None:
    before = descriptors()
    with impatient(deaf, timeout_s=5) as client:
        interrupt = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
        interrupt.start()
        with pytest.raises(KeyboardInterrupt):
            get(client, "a")
        interrupt.join()
    gc.collect()
    assert descriptors() - before == set()


def test_the_first_calls_of_many_threads_share_what_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    contexts = [trusting()]

    def slow() -> ssl.SSLContext:
        time.sleep(0.1)
        return contexts.pop()

    monkeypatch.setattr(ssl, "create_default_context", slow)
    with ScriptedServer(HEALTHY, tls=serving()) as server, impatient(server.url, timeout_s=5) as client:
        got: list[str] = []
        threads = [threading.Thread(target=lambda: got.append(get(client, "a"))) for _ in range(8)]
        with importing:
            for thread in threads:
                thread.start()
            time.sleep(0.1)
        for thread in threads:
            thread.join()
        assert got == ["a"] * 8
        assert contexts == []


def test_whoever_comes_late_gets_the_tls_settings_that_are_there() -> None:
    exchange = UrllibExchange()
    assert exchange._trusting() is exchange._trusting()
