"""Which headers leave when tools that trace add theirs, each in its own place."""

from __future__ import annotations

import functools
import http.client
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from to11ai_sdk import To11aiNetworkError

from .certificates import serving, trusting
from .harness import create, get, impatient
from .server import HEALTHY, READ, RESET, Received, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from to11ai_sdk.client import To11aiClient

Connection = http.client.HTTPConnection
Patch = pytest.MonkeyPatch


def wrapping(owner: Any, name: str, before: Callable[..., None], after: Callable[..., None], patch: Patch) -> None:
    """Wrap a method as instrumentations do."""
    method = getattr(owner, name)

    def wrapper(self: Any, *args: Any, **options: Any) -> Any:
        before(self, *args, **options)
        result = method(self, *args, **options)
        after(self)
        return result

    patch.setattr(owner, name, wrapper)


def nothing(*args: object, **options: object) -> None:
    """Neither before nor after."""


def at_the_opener(patch: Patch, name: str, value: str) -> None:
    def add(self: object, request: urllib.request.Request, *args: object, **options: object) -> None:
        request.headers[name] = value

    wrapping(urllib.request.OpenerDirector, "open", add, nothing, patch)


def at_the_request(patch: Patch, name: str, value: str) -> None:
    def add(self: object, method: str, url: str, body: object, headers: dict[str, str], **options: object) -> None:
        headers[name] = value

    wrapping(Connection, "request", add, nothing, patch)


def after_putrequest(patch: Patch, name: str, value: str) -> None:
    wrapping(Connection, "putrequest", nothing, lambda self: self.putheader(name, value), patch)


def at_endheaders(patch: Patch, name: str, value: str) -> None:
    def add(self: Any, *args: object, **options: object) -> None:
        self.putheader(name, value)

    wrapping(Connection, "endheaders", add, nothing, patch)


PLACES = [at_the_opener, at_the_request, after_putrequest, at_endheaders]
"""From the outside to the inside."""


@pytest.fixture(params=["HTTP", "HTTPS"])
def server(request: pytest.FixtureRequest) -> Iterator[ScriptedServer]:
    with ScriptedServer(HEALTHY, tls=serving() if request.param == "HTTPS" else None) as server:
        yield server


def sent(server: ScriptedServer) -> list[Received]:
    """What arrives of a read, of another on the same connection, and of a write, inside a span."""
    context = trusting() if server.url.startswith("https") else None
    with (
        impatient(server.url, ssl_context=context) as client,
        trace.use_span(TracerProvider().get_tracer("t").start_span("s")),
    ):
        get(client, "a")
        get(client, "b")
        create(client, "c")
    return server.requests


def head(request: Received) -> list[str]:
    """The lines of the head after the first."""
    return request.raw[: len(request.raw) - len(request.body)].decode().split("\r\n")[1:]


def values(request: Received, name: str) -> list[str]:
    """All values of a header, in any case."""
    return [line.partition(":")[2].strip() for line in head(request) if line.partition(":")[0].lower() == name]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", ["traceparent", "Traceparent", "TRACEPARENT"])
def test_a_header_of_a_tool_takes_the_place_of_ours(
    place: Callable[..., None], name: str, server: ScriptedServer, monkeypatch: Patch
) -> None:
    place(monkeypatch, name, "theirs")
    for request in sent(server):
        assert values(request, "traceparent") == ["theirs"]
        assert request.body == b"" or request.json == {"name": "c", "slug": "c"}


@pytest.mark.parametrize(("outer", "inner"), [(a, b) for index, a in enumerate(PLACES) for b in PLACES[index + 1 :]])
@pytest.mark.parametrize("name", ["traceparent", "baggage"])
def test_of_two_tools_the_inner_one_counts(
    outer: Callable[..., None], inner: Callable[..., None], name: str, server: ScriptedServer, monkeypatch: Patch
) -> None:
    outer(monkeypatch, name, "outer")
    inner(monkeypatch, name.title(), "inner")
    for request in sent(server):
        assert values(request, name) == ["inner"]


def test_no_header_is_there_twice_and_none_is_lost(server: ScriptedServer, monkeypatch: Patch) -> None:
    for number, place in enumerate(PLACES):
        place(monkeypatch, f"X-Of-{number}", f"{number}")
        place(monkeypatch, "accept", f"a/{number}")
    for request in sent(server):
        assert len(request.headers) == len(head(request))
        assert [request.headers[f"x-of-{number}"] for number in range(4)] == ["0", "1", "2", "3"]
        assert request.headers["accept"] == "a/3"
        assert request.headers["host"] == f"127.0.0.1:{server.port}"
        assert request.headers["traceparent"].startswith("00-")


def test_a_value_on_two_lines_stays_with_its_name(server: ScriptedServer, monkeypatch: Patch) -> None:
    wrapping(
        Connection, "endheaders", lambda self, *a, **o: self.putheader("Accept", "a/b,", "c/d"), nothing, monkeypatch
    )
    for request in sent(server):
        assert request.headers["accept"] == "a/b, c/d"


@pytest.mark.parametrize("place", PLACES)
def test_an_error_of_a_tool_comes_out_as_it_is(
    place: Callable[..., None], server: ScriptedServer, monkeypatch: Patch
) -> None:
    place(monkeypatch, "traceparent", "a\r\nX-Evil: 1")
    with pytest.raises(ValueError, match="Invalid header value"):
        sent(server)
    assert server.requests == []


# --- a tracer around the opener that fails


def calling(server: ScriptedServer) -> To11aiClient:
    return impatient(server.url, ssl_context=trusting() if server.url.startswith("https") else None)


class TracerError(Exception):
    """A fault of a tracer."""


def around_the_opener(patch: Patch, *, before: BaseException | None = None, after: BaseException | None = None) -> None:
    """Wrap the opener as instrumentations do, which keep what they wrap."""
    plain = urllib.request.OpenerDirector.open

    @functools.wraps(plain)
    def traced(self: Any, *args: Any, **options: Any) -> Any:
        if before:
            raise before
        response = plain(self, *args, **options)
        if after:
            raise after
        return response

    patch.setattr(urllib.request.OpenerDirector, "open", traced)


@pytest.mark.parametrize(
    "fault", [{"before": TracerError()}, {"after": TracerError()}, {"after": OSError("no tracer")}]
)
def test_a_tracer_that_fails_fails_no_call(server: ScriptedServer, monkeypatch: Patch, fault: dict[str, Any]) -> None:
    around_the_opener(monkeypatch, **fault)
    with calling(server) as client:
        assert create(client, "a") == "a"
        assert get(client, "b") == "b"
    assert len(server.requests) == 2


@pytest.mark.parametrize("fault", [{"before": KeyboardInterrupt()}, {"after": KeyboardInterrupt()}])
def test_what_is_no_fault_of_a_tracer_comes_out(
    server: ScriptedServer, monkeypatch: Patch, fault: dict[str, Any]
) -> None:
    around_the_opener(monkeypatch, **fault)
    with calling(server) as client, pytest.raises(KeyboardInterrupt):
        get(client, "a")
    assert len(server.requests) == ("after" in fault)


def test_an_opener_that_is_replaced_to_block_the_network_blocks_it(server: ScriptedServer, monkeypatch: Patch) -> None:
    def blocked(self: object, *args: object, **options: object) -> None:
        raise TracerError("no network in tests")

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", blocked)
    with calling(server) as client, pytest.raises(TracerError):
        get(client, "a")
    assert server.requests == []


def test_a_failure_of_the_network_below_a_tracer_is_one(server: ScriptedServer, monkeypatch: Patch) -> None:
    around_the_opener(monkeypatch)
    server.play((READ, RESET))
    with calling(server) as client, pytest.raises(To11aiNetworkError):
        create(client, "a")
