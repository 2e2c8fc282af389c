"""Replies bent at random: what no catalogue thinks of."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from to11ai_sdk.errors import MESSAGE_LIMIT, To11aiError

from .catalogue import chunked, zipped
from .harness import KEY, create, exposed, get, impatient
from .server import READ, Received, ScriptedServer, answer, good, http

if TYPE_CHECKING:
    from collections.abc import Callable

REPLIES = {
    "a length": good,
    "chunks": chunked(40),
    "gzip": lambda request: zipped(good(request).partition(b"\r\n\r\n")[2]),
    "an error": lambda request: http(422, {"error": {"code": "C", "message": KEY, "details": {"a": [KEY]}}}),
    "a redirect": lambda request: http(302, b"", {"Location": f"{request.target}?{KEY}"}),
    "an interim reply": lambda request: b"HTTP/1.1 103 x\r\nA: b\r\n\r\n" + http(200, answer(request)),
}
SPICE = [
    *(bytes([byte]) for byte in b'\r\n\0\xff:; \t-{}["\\'),
    *(b"\r\n", b"9" * 30, b"null", b"1e999", b"HTTP/1.1 ", KEY.encode()),
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Encoding: gzip\r\n",
    b"Content-Type: multipart/mixed; boundary=x\r\n",
    b"Connection: keep-alive\r\n",
]


def bent(reply: bytes, chance: random.Random) -> bytes:
    """The reply with one to four small damages."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(reply) + 1)
        end = start + chance.choice([0, 0, 1, 2, 20])
        piece = chance.choice([b"", chance.choice(SPICE), chance.choice(SPICE), reply[start:end] * 2])
        reply = reply[:start] + piece + reply[end:]
    return reply


@pytest.mark.parametrize("call", [get, create])
@pytest.mark.parametrize("kind", REPLIES)
def test_a_bent_reply_ends_in_a_result_or_a_typed_error(kind: str, call: object) -> None:
    chance = random.Random(f"{kind} {call.__name__}")  # type: ignore[attr-defined]

    def reply(request: Received) -> bytes:
        return bent(REPLIES[kind](request), chance)

    with ScriptedServer((READ, reply)) as server, impatient(server.url, max_retries=0) as client:
        for number in range(150):
            error = raised(lambda name=f"n{number}": call(client, name))  # type: ignore[misc,operator]
            if error is not None:
                assert 0 < len(str(error)) <= MESSAGE_LIMIT
                # A key that was bent itself is no longer the key.
                assert exposed(error, len(KEY)) == []


def raised(call: Callable[[], object]) -> To11aiError | None:
    """The typed error of a call, if it has one; no other exception is let pass."""
    try:
        assert isinstance(call(), str)
    except To11aiError as error:
        return error
    return None
