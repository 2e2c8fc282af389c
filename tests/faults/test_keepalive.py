from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from to11ai_sdk import To11aiNetworkError
from to11ai_sdk._http import connection_pool

from .certificates import serving, trusting
from .harness import PATIENCE_S, create, get, impatient, resolve, with_early_timeouts
from .server import HEALTHY, HOLD, KEEP, READ, RESET, Received, Script, ScriptedServer, answer, good, http

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from to11ai_sdk.client import To11aiClient

FORGED = http(200, answer(Received(0, b"GET /v1/projects/p/prompts/forged HTTP/1.1", b"")))


class Pair:
    """A server and a client whose waits between attempts are written down."""

    def __init__(self, server: ScriptedServer, client: To11aiClient, slept: list[float]) -> None:
        self.server = server
        self.client = client
        self.slept = slept


def paired(*scripts: Script, tls: bool = False) -> Iterator[Pair]:
    slept: list[float] = []
    with (
        ScriptedServer(*scripts, tls=serving() if tls else None) as server,
        impatient(server.url, ssl_context=trusting() if tls else None, sleep=slept.append) as client,
    ):
        yield Pair(server, client, slept)


@pytest.fixture(params=["HTTP", "HTTPS"])
def healthy(request: pytest.FixtureRequest) -> Iterator[Pair]:
    yield from paired(HEALTHY, tls=request.param == "HTTPS")


def test_safe_calls_share_a_connection(healthy: Pair) -> None:
    for name in ("a", "b", "c"):
        assert get(healthy.client, name) == name
        assert resolve(healthy.client, name) == name
    assert healthy.server.connections == 1


def test_a_create_opens_a_connection_of_its_own_and_leaves_it_to_safe_calls(healthy: Pair) -> None:
    assert get(healthy.client, "a") == "a"
    assert create(healthy.client, "b") == "b"
    assert healthy.server.connections == 2
    assert get(healthy.client, "c") == "c"
    assert get(healthy.client, "d") == "d"
    assert healthy.server.connections == 2


def test_a_closed_client_opens_new_connections(healthy: Pair) -> None:
    assert get(healthy.client, "a") == "a"
    healthy.client.close()
    assert get(healthy.client, "b") == "b"
    assert healthy.server.connections == 2


def test_a_connection_that_waited_too_long_is_not_used(healthy: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    assert get(healthy.client, "a") == "a"
    monkeypatch.setattr(connection_pool, "MAX_IDLE_S", 0.0)
    assert get(healthy.client, "b") == "b"
    assert healthy.server.connections == 2


def test_few_connections_wait_after_a_burst(healthy: Pair) -> None:
    barrier = threading.Barrier(40)

    def call(name: str) -> None:
        barrier.wait()
        assert get(healthy.client, name) == name

    healthy.server.play((READ, 0.1, good, KEEP))
    threads = [threading.Thread(target=call, args=(f"n{number}",)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    handler = healthy.client._transport._exchange._opened[1]  # type: ignore[attr-defined,index]
    assert 1 <= len(handler._idle) <= connection_pool.MAX_IDLE


ENDINGS: dict[str, Script] = {
    "closes after each reply": (READ, good),
    "resets after each reply": (READ, good, 0.02, RESET),
    "sends unasked bytes with the reply": (READ, good, FORGED, KEEP),
    "sends unasked bytes later": (READ, good, 0.02, FORGED, KEEP),
    "sends one byte too many": (READ, lambda request: good(request) + b"\n", KEEP),
    "sends an empty line later": (READ, good, 0.02, b"\r\n", KEEP),
    "says Connection: close": (READ, lambda r: http(200, answer(r), {"Connection": "close"}), KEEP),
    "speaks HTTP/1.0": (READ, lambda request: good(request).replace(b"/1.1", b"/1.0", 1), KEEP),
    "sends a 103 first": (READ, b"HTTP/1.1 103 Early Hints\r\n\r\n", good, KEEP),
    "sends a length and chunks": (
        READ,
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        lambda request: b"%x\r\n%b\r\n0\r\n\r\n" % (len(body := json.dumps(answer(request)).encode()), body),
        KEEP,
    ),
}


@pytest.mark.parametrize("tls", [False, True], ids=["HTTP", "HTTPS"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_connection_that_is_not_good_for_another_call_is_not_used(ending: str, tls: bool) -> None:
    for pair in paired(ENDINGS[ending], tls=tls):
        for name in ("a", "b", "c"):
            assert get(pair.client, name) == name
            assert pair.server.rests.acquire(timeout=PATIENCE_S)
        assert pair.server.connections == len(pair.server.requests) == 3
        assert pair.slept == []


def filled(size: int, more: bytes) -> bytes:
    """A good reply of exactly so many bytes, and more behind it."""
    envelope = answer(Received(0, b"GET /v1/projects/p/prompts/a HTTP/1.1", b""))
    bare = len(http(200, envelope, {"X": ""}))
    reply = http(200, envelope, {"X": "y" * (size - bare)})
    assert len(reply) == size
    return reply + more


@pytest.mark.parametrize("size", [8191, 8192, 8193, 12000])
def test_bytes_that_wait_inside_the_tls_layer_count_as_unasked(size: int) -> None:
    # One TLS record holds both: the socket itself has nothing more to say.
    for pair in paired((READ, filled(size, FORGED), KEEP), tls=True):
        assert get(pair.client, "a") == "a"
        pair.server.play(HEALTHY)
        assert get(pair.client, "b") == "b"


LOSSES: dict[str, Script] = {
    "closed": (READ,),
    "reset": (READ, RESET),
}


@pytest.mark.parametrize("tls", [False, True], ids=["HTTP", "HTTPS"])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_kept_connection_lost_under_the_request_is_replaced_without_a_word(loss: str, tls: bool) -> None:
    for pair in paired(HEALTHY, tls=tls):
        assert get(pair.client, "a") == "a"
        pair.server.play(LOSSES[loss], HEALTHY)
        # The kept connection is number 0, the next one too: the count starts over with the scripts.
        pair.server.connections = 1
        assert get(pair.client, "b") == "b"
        assert pair.slept == []
        assert [request.target[-1] for request in pair.server.requests] == ["a", "b", "b"]


def test_an_error_reply_keeps_the_connection() -> None:
    for pair in paired((READ, http(404, b"{}"), KEEP)):
        with pytest.raises(Exception, match="HTTP 404"):
            get(pair.client, "a")
        pair.server.play(HEALTHY)
        pair.server.connections = 1
        assert get(pair.client, "b") == "b"
        assert pair.server.connections == 1


# Connections that were lost in silence


def keeping(count: int, *, tls: bool = False, **options: Any) -> Iterator[Pair]:
    """A pair with so many kept connections; what the server gets on them from now on is lost in silence."""
    slept: list[float] = []
    everyone = threading.Barrier(count)

    def together(request: Received) -> bytes:
        everyone.wait(PATIENCE_S)
        return good(request)

    with (
        ScriptedServer((READ, together, KEEP), tls=serving() if tls else None) as server,
        impatient(server.url, ssl_context=trusting() if tls else None, sleep=slept.append, **options) as client,
    ):
        threads = [threading.Thread(target=get, args=(client, f"n{number}")) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for _ in threads:
            assert server.rests.acquire(timeout=PATIENCE_S)
        kept = len(waiting(client))
        assert kept == min(count, connection_pool.MAX_IDLE)
        server.play(*[(READ, HOLD)] * kept, HEALTHY)
        server.connections = kept
        client._transport._exchange = with_early_timeouts(client, server)
        yield Pair(server, client, slept)


def waiting(client: To11aiClient) -> list[Any]:
    """The connections that are kept."""
    idle: list[Any] = client._transport._exchange._opened[1]._idle  # type: ignore[attr-defined,index]
    return idle


@pytest.mark.parametrize(("count", "tls"), [(1, False), (4, True), (32, False)])
def test_however_many_were_lost_one_timeout_is_enough(count: int, tls: bool) -> None:
    for pair in keeping(count, tls=tls, max_retries=1):
        assert get(pair.client, "a") == "a"
        assert len(pair.slept) == 1
        assert len(waiting(pair.client)) == 1
        assert get(pair.client, "b") == "b"
        assert len(pair.slept) == 1


def test_one_that_came_back_since_stays() -> None:
    for pair in keeping(1, max_retries=1):
        got: list[str] = []
        over = SimpleNamespace(rests=threading.Semaphore(0))
        exchange = pair.client._transport._exchange = with_early_timeouts(pair.client, over)
        stuck = threading.Thread(target=lambda pair=pair, got=got: got.append(get(pair.client, "stuck")))
        stuck.start()
        assert pair.server.rests.acquire(timeout=PATIENCE_S)
        exchange.server = None
        assert get(pair.client, "young") == "young"
        young = waiting(pair.client)[0]
        over.rests.release()
        stuck.join()
        assert got == ["stuck"]
        assert waiting(pair.client) == [young]
        # The kept one, and the young one, which served the second attempt, too.
        assert pair.server.connections == 2


def test_one_that_answers_too_late_says_nothing_of_the_others() -> None:
    for pair in keeping(2, max_retries=0):
        pair.server.play((READ, b"HTTP/1.1 200 OK\r\n", HOLD))
        with pytest.raises(To11aiNetworkError, match="in time"):
            get(pair.client, "a")
        assert len(waiting(pair.client)) == 1


def test_a_write_that_times_out_says_nothing_of_them() -> None:
    for pair in keeping(2, max_retries=0):
        pair.server.play((READ, HOLD))
        with pytest.raises(To11aiNetworkError, match="in time"):
            create(pair.client, "a")
        assert len(waiting(pair.client)) == 2


class Emptied(list[Any]):
    """A list from which another thread takes what there is as soon as somebody looks at its length."""

    def __len__(self) -> int:
        while self:
            self.pop().abort()
        return 1

    def __bool__(self) -> bool:
        return super().__len__() > 0


def test_those_that_another_thread_took_meanwhile_are_its_own() -> None:
    for pair in keeping(1, max_retries=1):
        handler = pair.client._transport._exchange._opened[1]  # type: ignore[attr-defined,index]
        handler._idle = Emptied(handler._idle)
        assert get(pair.client, "a") == "a"
        assert len(pair.slept) == 1


# Connections that end while they wait


def half_closed(server: ScriptedServer) -> None:
    server._sockets[-1].shutdown(socket.SHUT_WR)


def told_of_the_end(server: ScriptedServer) -> None:
    """Send the ``close_notify`` of TLS and leave the connection open."""
    tls: Any = server._sockets[-1]
    tls.settimeout(0)
    with suppress(OSError):  # it does not wait for the client to do the same
        tls.unwrap()


@pytest.mark.parametrize(
    ("end", "tls"),
    [(half_closed, False), (half_closed, True), (told_of_the_end, True)],
)
def test_one_that_the_server_has_ended_is_not_used(end: Callable[[ScriptedServer], None], tls: bool) -> None:
    for pair in paired(HEALTHY, tls=tls):

        def ending(request: Received, server: ScriptedServer = pair.server) -> bytes:
            end(server)
            return b""

        pair.server.play((READ, good, ending, HOLD), HEALTHY)
        assert get(pair.client, "a") == "a"
        assert pair.server.rests.acquire(timeout=PATIENCE_S)
        assert get(pair.client, "b") == "b"
        assert (pair.server.connections, pair.slept) == (2, [])


# Objects that never were what they seem


HALVES = """
import copy, gc, io, sys
from to11ai_sdk._http import connection_pool, deadline_socket, exchange, response_parser, urllib_exchange
kinds = [connection_pool.KeepAliveHandler, connection_pool.Connection, response_parser.Response]
kinds += [deadline_socket.DeadlineSocket, deadline_socket._ReplyStream]
kinds += [connection_pool.Call, urllib_exchange.UrllibExchange, exchange.HttpAttempt]
for kind in kinds:
    half = kind.__new__(kind)
    del half
Handler = connection_pool.KeepAliveHandler
handler = Handler(lambda: None, None)
for twin in (copy.copy(handler), copy.deepcopy(Handler.__new__(Handler))):
    del twin
socket = deadline_socket.DeadlineSocket.__new__(deadline_socket.DeadlineSocket)
socket.close()
connection = type("Made", (connection_pool.Connection, connection_pool.http.client.HTTPConnection), {})("to11.test")
connection.abort()
connection.close()
del socket, connection, handler
gc.collect()
"""


def test_an_object_that_was_never_made_whole_goes_in_silence() -> None:
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", HALVES]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
