"""How much memory a hostile reply can take: sizes are checked before memory is taken."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from to11ai_sdk.errors import To11aiApiError, To11aiError, To11aiResponseValidationError

from .catalogue import bomb
from .harness import get, impatient
from .server import HOLD, KEEP, READ, Endless, Script, ScriptedServer, answer, http, prompt, resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from to11ai_sdk import To11aiClient

MIB = 2**20
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(autouse=True)
def _warm() -> None:
    with ScriptedServer((READ, lambda r: http(200, answer(r)))) as server, impatient(server.url) as client:
        get(client, "a")


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def peak(script: Script, **options: Any) -> tuple[To11aiError, float]:
    """The exception of a call against a server, and the most memory taken meanwhile, in MiB."""
    with ScriptedServer(script) as server, impatient(server.url, max_retries=0, **options) as client:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        with pytest.raises(To11aiError) as caught:
            get(client, "a")
        return caught.value, (tracemalloc.get_traced_memory()[1] - before) / MIB


@pytest.mark.parametrize(
    ("script", "most"),
    [
        pytest.param((READ, OK + b"Content-Length: 1000000000000\r\n\r\n", HOLD), 1, id="a length of 1 TB"),
        pytest.param((READ, OK + b"Content-Length: 33554433\r\n\r\n", HOLD), 1, id="a length of one byte too many"),
        pytest.param((READ, CHUNKED + b"e8d4a51000\r\n", Endless(b" " * MIB)), 80, id="a chunk of 1 TB"),
        pytest.param((READ, OK + b"\r\n", Endless(b" " * MIB)), 80, id="an endless body"),
        pytest.param((READ, http(200, bomb(1024 * MIB), {"Content-Encoding": "gzip"})), 80, id="a gzip bomb of 1 GB"),
    ],
)
@pytest.mark.usefixtures("traced")
def test_a_body_over_the_bound_takes_little_more_than_the_bound(script: Script, most: float) -> None:
    error, mib = peak(script)
    assert type(error) is To11aiResponseValidationError
    assert str(error).startswith("HTTP 200, but the body is over 33554432 bytes")
    assert mib < most


UNFIT: dict[str, tuple[Callable[[To11aiClient], object], Any]] = {
    "a list of objects": (lambda client: client.prompts.list_versions(project_id="p", prompt_id="p"), [{}] * 50_000),
    "a page": (lambda client: client.prompts.list(project_id="p"), [{}] * 50_000),
    "texts": (lambda client: client.prompts.get(project_id="p", prompt_id="p"), {**prompt("p"), "tags": [1] * 50_000}),
    "messages": (
        lambda client: client.prompts.resolve(project_id="p", slug="p", labels=["l"]),
        {**resolved("p"), "rendered": {"format": "chat", "messages": [{}] * 50_000}},
    ),
    "a record": (
        lambda client: client.prompts.resolve(project_id="p", slug="p", labels=["l"]),
        {**resolved("p"), "blockRenderRecord": {f"{number}": number for number in range(50_000)}},
    ),
}


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("where", UNFIT)
def test_items_that_do_not_fit_are_not_all_told(where: str) -> None:
    call, data = UNFIT[where]
    with ScriptedServer((READ, http(200, {"data": data}), KEEP)) as server, impatient(server.url) as client:
        with pytest.raises(To11aiResponseValidationError):
            call(client)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        with pytest.raises(To11aiResponseValidationError, match="the reply does not fit: data"):
            call(client)
        assert tracemalloc.get_traced_memory()[1] - before < 40 * MIB


@pytest.mark.usefixtures("traced")
def test_the_body_of_an_error_is_bounded_too_and_its_status_is_told() -> None:
    error, mib = peak((READ, b"HTTP/1.1 403 Forbidden\r\n\r\n", Endless(b" " * MIB)))
    assert isinstance(error, To11aiApiError)
    assert (error.status_code, str(error)) == (403, "HTTP 403: Forbidden")
    assert mib < 80


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("piece", [b"X: y\r\n", b"X", b"HTTP/1.1 103 x\r\n\r\n"], ids=["many", "long", "interim"])
def test_headers_are_bounded(piece: bytes) -> None:
    _, mib = peak((READ, OK, Endless(piece * 1000)))
    assert mib < 4


def test_a_body_of_just_the_bound_is_read() -> None:
    def reply(request: Any) -> bytes:
        bare = http(200, {**answer(request), "pad": ""})
        size = len(bare.partition(b"\r\n\r\n")[2])
        return http(200, {**answer(request), "pad": "x" * (32 * MIB - size)})

    with ScriptedServer((READ, reply, KEEP)) as server, impatient(server.url) as client:
        assert get(client, "a") == "a"
        server.play((READ, lambda request: reply(request).replace(b"33554432", b"33554433") + b" ", KEEP))
        with pytest.raises(To11aiResponseValidationError, match="over 33554432 bytes"):
            get(client, "a")
