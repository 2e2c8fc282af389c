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

from to11ai_sdk._http import network_errors
from to11ai_sdk._http.process_safety import importing
from to11ai_sdk._http.urllib_exchange import UrllibExchange
from to11ai_sdk.errors import To11aiNetworkError

from .certificates import serving, trusting
from .harness import (
    ENOUGH_S,
    TIMEOUT_S,
    closed_port,
    create,
    deaf,
    descriptors,
    get,
    impatient,
    knocking,
    struck,
)
from .server import HEALTHY, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(name="deaf")
def deaf_address() -> Iterator[str]:
    """The address of a server that leaves everyone waiting."""
    with deaf() as port:
        yield f"http://127.0.0.1:{port}"


def test_a_connection_that_does_not_come_about_ends_with_the_attempt(deaf: str) -> None:
    with (
        impatient(deaf, timeout_s=TIMEOUT_S, max_retries=1) as client,
        pytest.raises(To11aiNetworkError, match="in time") as caught,
    ):
        create(client, "a")
    # It never connected, so that even a create may be tried again.
    assert (caught.value.attempts, caught.value.unsent) == (2, True)
    assert caught.value.elapsed_s < ENOUGH_S


def test_an_interrupt_while_connecting_leaves_nothing_behind(deaf: str) -> None:
    before = descriptors()
    port = int(deaf.rpartition(":")[2])
    others = knocking(port)
    with (
        impatient(deaf) as client,
        struck(lambda: os.kill(os.getpid(), signal.SIGINT), lambda: knocking(port) > others),
        pytest.raises(KeyboardInterrupt),
    ):
        get(client, "a")
    gc.collect()
    assert descriptors() - before == set()


def test_the_first_calls_of_many_threads_share_what_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    contexts = [trusting()]

    def slow() -> ssl.SSLContext:
        time.sleep(0.1)
        return contexts.pop()

    monkeypatch.setattr(ssl, "create_default_context", slow)
    with ScriptedServer(HEALTHY, tls=serving()) as server, impatient(server.url) as client:
        got: list[str] = []
        threads = [threading.Thread(target=lambda: got.append(get(client, "a"))) for _ in range(8)]
        with importing.lock:
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


def addresses(*found: tuple[int, tuple[str, int]]) -> object:
    """What stands in for a resolver that knows several addresses."""
    return lambda *args: [(family, socket.SOCK_STREAM, 6, "", address) for family, address in found]


def test_an_address_that_refuses_or_cannot_be_tried_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown_family = 12345
    with ScriptedServer(HEALTHY) as server, impatient(server.url, max_retries=0) as client:
        good = (socket.AF_INET, ("127.0.0.1", server.port))
        bad = [(unknown_family, ("x", 1)), (socket.AF_INET, ("127.0.0.1", closed_port()))]
        monkeypatch.setattr(socket, "getaddrinfo", addresses(*bad, good))
        assert get(client, "a") == "a"
        monkeypatch.setattr(socket, "getaddrinfo", addresses(good, *bad))
        assert get(client, "b") == "b"
        monkeypatch.setattr(socket, "getaddrinfo", addresses(*bad))
        with pytest.raises(To11aiNetworkError, match="connection refused"):
            get(client, "c")
        monkeypatch.setattr(socket, "getaddrinfo", addresses())
        with pytest.raises(To11aiNetworkError, match="the host has no address"):
            get(client, "d")


def test_a_silent_address_leaves_time_for_the_next(deaf: str, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = (socket.AF_INET, ("127.0.0.1", int(deaf.rpartition(":")[2])))
    with ScriptedServer(HEALTHY) as server, impatient(server.url, timeout_s=6, max_retries=0) as client:
        # Half of the time is for the silent one.
        client.warm_up(connect=False)
        monkeypatch.setattr(socket, "getaddrinfo", addresses(silent, (socket.AF_INET, ("127.0.0.1", server.port))))
        assert get(client, "a") == "a"


def test_python_without_tls_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    fault = RuntimeError("TLS not supported in this environment")
    assert network_errors.explain(fault, None, "to11.test", "to11.test") is fault
    monkeypatch.setattr(network_errors, "_NO_NETWORK", True)
    error = network_errors.explain(fault, None, "to11.test", "to11.test")
    assert isinstance(error, To11aiNetworkError)
    assert error.final
    assert "no network of its own (RuntimeError: TLS not supported" in str(error)


def test_python_without_a_network_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_errors, "_NO_NETWORK", True)
    with (
        impatient(f"http://127.0.0.1:{closed_port()}", max_retries=3) as client,
        pytest.raises(To11aiNetworkError, match=r"runs in WebAssembly \(Pyodide\), which has no network") as caught,
    ):
        get(client, "a")
    assert (caught.value.attempts, caught.value.final) == (1, True)
