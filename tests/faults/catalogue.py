"""What can go wrong on the other side, one row each, and how a call must end.

Each fault meets a safe call (``resolve``, or ``get``) and an unsafe one (``create``). The client may make two attempts;
those that are to time out end 0.1 s after the rest of the server. Each row says what the caller gets for the safe and
for the unsafe call.
"""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from to11ai_sdk.errors import (
    RuleNotFoundError,
    To11aiApiError,
    To11aiAuthError,
    To11aiError,
    To11aiNetworkError,
    To11aiRateLimitError,
    To11aiResponseValidationError,
    To11aiValidationError,
)

from . import shared_cache
from .harness import KEY, PATIENCE_S, TIMEOUT_S, Ending, Outcome, judge, run
from .server import HEALTHY, HOLD, KEEP, READ, RESET, Endless, Received, Script, answer, good, http, prompt, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

Ends = tuple[Ending, Ending]

WORKS: Ends = (Ending(None, "", 1), Ending(None, "", 1))


def lost(words: str) -> Ends:
    """No usable reply: the safe call is tried twice, the unsafe one never again."""
    return Ending(To11aiNetworkError, words, 2), Ending(To11aiNetworkError, words, 1)


def recovers(words: str) -> Ends:
    """The first reply is lost, the second is good: the safe call never shows it."""
    return Ending(None, "", 2), Ending(To11aiNetworkError, words, 1)


def unfit(words: str) -> Ends:
    """A 2xx reply that is not what the API promises: never tried again."""
    return (Ending(To11aiResponseValidationError, words, 1),) * 2


def refused(
    status: int, words: str = "", kind: type[To11aiError] = To11aiApiError, retry_after: float | None = None
) -> Ends:
    """An error reply that is never tried again."""
    return (Ending(kind, words, 1, status, retry_after),) * 2


def failing(status: int, words: str = "", retry_after: float | None = None) -> Ends:
    """An error reply that a safe call tries again."""
    safe = Ending(To11aiApiError, words, 2, status, retry_after)
    return safe, safe._replace(attempts=1)


def limited(words: str = "", retry_after: float | None = None, attempts: int = 2) -> Ends:
    """429: nothing was processed, so both calls are tried again."""
    return (Ending(To11aiRateLimitError, words, attempts, 429, retry_after),) * 2


def unsent(words: str, attempts: int = 2) -> Ends:
    """The request provably never left: both calls are tried again, unless that is no use."""
    return (Ending(To11aiNetworkError, words, attempts),) * 2


class Fault(NamedTuple):
    """One fault, for a safe and for an unsafe call.

    Attributes:
        family: part of the catalogue.
        name: what the other side does.
        scripts: how, connection by connection; the last one goes on.
        ends: how the safe and the unsafe call end.
        received: whole requests the server gets of the safe and the unsafe call; as many as attempts unless told.
        safe: the safe call.
        tls: the server's kind of TLS; ``"none"`` is plain HTTP where the client expects TLS.
        url: where to call instead, with nothing there.
        silent: whether only the passing of time ends it, although the caller gets something else than ``LATE``.
        timeout_s: how long an attempt may take.
    """

    family: str
    name: str
    scripts: tuple[Script, ...]
    ends: Ends
    received: tuple[int, int] | None = None
    safe: str = "resolve"
    tls: str = ""
    url: str = ""
    silent: bool = False
    timeout_s: float = PATIENCE_S

    @property
    def waits(self) -> bool:
        """Whether only the passing of time ends it."""
        return self.silent or any(end.words == LATE for end in self.ends)

    def run(self, call: str) -> Outcome:
        """Let it happen to a call."""
        # Where there is no handshake, no request is sent, after which the server could come to rest.
        timeout_s = TIMEOUT_S if self.waits and self.tls == "none" else self.timeout_s
        early_timeouts = self.waits and self.tls != "none"
        return run(call, self.scripts, tls=self.tls, url=self.url, timeout_s=timeout_s, early_timeouts=early_timeouts)


OK = b"HTTP/1.1 200 OK\r\n"
JSON = b"Content-Type: application/json\r\n"
END = b"\r\n"
NEVER = (0, 0)
LATE = "no complete reply in time"
UNASKED = http(200, {"data": {}})


def whole(request: Received) -> bytes:
    """The JSON of the right answer."""
    return json.dumps(answer(request)).encode()


def head(*lines: str) -> Any:
    """The right answer under a head of one's own; ``{length}`` is the length of the body."""

    def reply(request: Received) -> bytes:
        body = whole(request)
        return "\r\n".join([*lines, "", ""]).format(length=len(body)).encode("latin-1") + body

    return reply


def chunked(size: int, *, ends: bytes = b"0\r\n\r\n", extension: str = "", upper: bool = False) -> Any:
    """The right answer in chunks."""

    def reply(request: Received) -> bytes:
        body, stream = whole(request), OK + b"Transfer-Encoding: chunked\r\n\r\n"
        for start in range(0, len(body), size):
            piece = body[start : start + size]
            digits = f"{len(piece):X}" if upper else f"{len(piece):x}"
            stream += digits.encode() + extension.encode() + b"\r\n" + piece + b"\r\n"
        return stream + ends

    return reply


def part(share: float, reply: Any = good) -> Any:
    """The beginning of a reply: this share of its bytes."""
    return lambda request: reply(request)[: int(len(reply(request)) * share)]


def connections() -> Iterator[Fault]:
    def row(name: str, *scripts: Script, ends: Ends, received: tuple[int, int] | None = None) -> Fault:
        return Fault("connections", name, scripts, ends, received)

    gone, early = "the connection was closed before a reply came", "the connection ended before the reply did"
    late = LATE
    places: dict[str, tuple[Any, str]] = {
        "before the status line": (b"", gone),
        "inside the status line": (b"HTTP/1.", early),
        "after the status line": (OK, early),
        "inside the headers": (OK + b"Content-Le", early),
        "after the headers": (OK + b"Content-Length: 9\r\n\r\n", early),
        "inside the body": (part(0.8), early),
        "one byte short of the body": (lambda request: good(request)[:-1], early),
    }
    for name, url, words in NOBODY_THERE:
        yield row(name, HEALTHY, ends=unsent(words), received=NEVER)._replace(url=url)
    yield row("closed when accepted", (b"",), ends=lost(gone), received=NEVER)
    # At once, it might already have failed to connect, which may be tried again.
    yield row("reset when accepted", (0.05, RESET), ends=lost(gone), received=NEVER)
    yield row("accepted and silent", (READ, HOLD), ends=lost(late))
    yield row("silent and not even reading", (HOLD,), ends=lost(late), received=NEVER)
    for place, (beginning, words) in places.items():
        if place != "before the status line":
            yield row(f"reset {place}", (READ, beginning, 0.05, RESET), ends=lost(""))
            yield row(f"silent {place}", (READ, beginning, HOLD), ends=lost(late))
        yield row(f"dropped {place}", (READ, beginning), ends=lost(words))
        yield row(f"dropped {place}, then good", (READ, beginning), HEALTHY, ends=recovers(words))
    yield row("reset after the request", (READ, RESET), ends=lost(gone))
    yield row("reset after the request, then good", (READ, RESET), HEALTHY, ends=recovers(gone))
    yield row("silent, then good", (READ, HOLD), HEALTHY, ends=recovers(late))
    yield row("answers one request per connection", (READ, good), ends=WORKS)
    yield row("answers and resets", (READ, good, 0.05, RESET), ends=WORKS)
    yield row("says Connection: close", (READ, lambda r: http(200, answer(r), {"Connection": "close"})), ends=WORKS)
    yield row(
        "says Connection: close and stays open",
        (READ, lambda r: http(200, answer(r), {"Connection": "close"}), HOLD),
        ends=WORKS,
    )
    # The next call waits for the connection that was kept.
    early_bird = row("answers before it is asked", (UNASKED, HOLD), ends=unfit("data."), received=NEVER)
    yield early_bird._replace(timeout_s=3)


NOBODY_THERE = [
    ("refused", "http://127.0.0.1:1", "connection refused; check base_url and that the server is running"),
    ("refused, TLS", "https://127.0.0.1:1", "connection refused; check base_url and that the server is running"),
    ("refused at both addresses of a name", "http://localhost:1", "connection refused"),
    ("refused, IPv6", "http://[::1]:1", "check base_url"),
    ("unresolvable", "http://nowhere.invalid", "the host name does not resolve"),
    ("unresolvable, TLS", "https://nowhere.invalid", "the host name does not resolve"),
    ("a label of 70 letters", f"http://{'a' * 70}.invalid", "the host name does not resolve"),
    ("no such port on the host", "http://127.0.0.1:65535", "connection refused"),
    ("the address of everybody", "http://255.255.255.255", "Error: [Errno"),
]


def framing() -> Iterator[Fault]:
    def row(name: str, *script: Any, ends: Ends) -> Fault:
        return Fault("framing", name, ((READ, *script),), ends)

    bad, early = "the reply is not valid HTTP", "the connection ended before the reply did"
    length = "HTTP/1.1 200 OK", "Content-Length: "
    yield row("Content-Length one short", head("HTTP/1.1 200 OK", "Content-Length: 20"), ends=unfit("not JSON"))
    yield row("Content-Length too long", head("HTTP/1.1 200 OK", "Content-Length: 99999"), ends=lost(early))
    for value in ("-1", "abc", "1e3", "0x10", "+5", "5 5", "", "5;", "\u00b2"):
        yield row(f"Content-Length {value!r}", head(length[0], length[1] + value), ends=lost("Content-Length"))
    yield row("Content-Length twice, alike", head(length[0], *["Content-Length: {length}"] * 2), KEEP, ends=WORKS)
    yield row(
        "Content-Length twice, different",
        head(length[0], "Content-Length: {length}", "Content-Length: 5"),
        ends=lost("Content-Length"),
    )
    yield row("Content-Length of 20 digits", head(length[0], length[1] + "1" + "0" * 20), ends=unfit("over 33554432"))
    yield row("Content-Length of 5,000 digits", head(length[0], length[1] + "9" * 5000), ends=lost("Content-Length"))
    yield row("Content-Length of 1 TB", head(length[0], length[1] + str(10**12)), HOLD, ends=unfit("over 33554432"))
    yield row("no length, ends with the connection", head("HTTP/1.1 200 OK"), ends=WORKS)
    yield row("no length, goes silent", head("HTTP/1.1 200 OK"), HOLD, ends=lost(LATE))
    yield row("HTTP/1.0", head("HTTP/1.0 200 OK", "Content-Length: {length}"), ends=WORKS)
    yield row("HTTP/1.0 without length", head("HTTP/1.0 200 OK"), ends=WORKS)
    yield row("HTTP/0.9", whole, ends=lost(early))
    yield row("HTTP/2", head("HTTP/2.0 200 OK", "Content-Length: {length}"), ends=lost(bad))
    yield row("not HTTP at all", b"220 mail.example ESMTP ready\r\n", ends=lost(bad))
    yield row("binary noise", bytes(range(256)) * 8, ends=lost(bad))
    yield row("a status that is no number", b"HTTP/1.1 OK fine\r\n\r\n", ends=lost(bad))
    yield row("a status of two digits", b"HTTP/1.1 20 OK\r\n\r\n", ends=lost(bad))
    yield row("a status of four digits", b"HTTP/1.1 2000 OK\r\n\r\n", ends=lost(bad))
    yield row("a status without words", head("HTTP/1.1 200", "Content-Length: {length}"), KEEP, ends=WORKS)
    yield row("an endless status line", b"HTTP/1.1 200 ", Endless(b"x" * 65536), ends=lost(bad))
    yield from _headers(row)
    yield from _chunks(row)
    yield from _interim(row)


def _headers(row: Any) -> Iterator[Fault]:
    bad, ok = "the reply is not valid HTTP", "HTTP/1.1 200 OK"
    yield row("a header of 1 MB", head(ok, "X: " + "x" * 2**20, "Content-Length: {length}"), ends=lost(bad))
    yield row("a header of 60,000 bytes", head(ok, "X: " + "x" * 60000, "Content-Length: {length}"), KEEP, ends=WORKS)
    yield row("5,000 headers", head(ok, *["X: y"] * 5000, "Content-Length: {length}"), ends=lost(bad))
    yield row("90 headers", head(ok, *["X: y"] * 90, "Content-Length: {length}"), KEEP, ends=WORKS)
    yield row("endless headers", OK, Endless(b"X: y\r\n" * 1000), ends=lost(bad))
    yield row("an endless header", OK + b"X: ", Endless(b"y" * 65536), ends=lost(bad))
    yield row("six headers of 60,000 bytes", head(ok, *["X: " + "x" * 60000] * 6), ends=lost("262144 bytes of headers"))
    yield row("a line without a colon", head(ok, "garbage", "Content-Length: {length}"), HOLD, ends=lost(bad))
    yield row("line feeds only", lambda r: OK[:-2] + b"\n\n" + whole(r), ends=WORKS)
    yield row("a folded header", head(ok, "X: a", " b", "Content-Length: {length}"), KEEP, ends=WORKS)
    yield row("headers in Latin-1", head(ok, "X: \xe9\xff", "Content-Length: {length}"), KEEP, ends=WORKS)
    yield row("an unknown Transfer-Encoding", head(ok, "Transfer-Encoding: zstd"), ends=lost("Transfer-Encoding"))


def _chunks(row: Any) -> Iterator[Fault]:
    early, size = "the connection ended before the reply did", "an invalid chunk size"
    start = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    late = LATE
    yield row("chunked", chunked(100), KEEP, ends=WORKS)
    yield row("chunked in single bytes", chunked(1), KEEP, ends=WORKS)
    yield row("chunked with extensions", chunked(50, extension=';a="b";c'), KEEP, ends=WORKS)
    yield row("chunked in upper case", chunked(0xAB, upper=True), KEEP, ends=WORKS)
    yield row("chunked with trailers", chunked(100, ends=b"0\r\nX: y\r\nZ: z\r\n\r\n"), KEEP, ends=WORKS)
    yield row(
        "chunked, with a length that says otherwise",
        lambda r: chunked(100)(r).replace(OK, OK + b"Content-Length: 3\r\n"),
        KEEP,
        ends=WORKS,
    )
    yield row("chunked, dropped inside a chunk", part(0.7, chunked(100)), ends=lost(early))
    yield row("chunked, dropped between chunks", start + b"1\r\n{\r\n", ends=lost(early))
    yield row("chunked, dropped before the last chunk", chunked(100, ends=b""), ends=lost(early))
    yield row("chunked, dropped inside a size", chunked(100, ends=b"1"), ends=lost(early))
    yield row("chunked, silent inside a chunk", part(0.7, chunked(100)), HOLD, ends=lost(late))
    yield row("chunked, silent before the last chunk", chunked(100, ends=b""), HOLD, ends=lost(late))
    yield row("chunked, silent in the trailers", chunked(100, ends=b"0\r\nX: y"), HOLD, ends=lost(late))
    for bad in (b"", b"zz", b"-1", b"0x5", b"+5", b"5_0", b" ", b";a", b"1" * 17, KEY.encode()):
        yield row(f"a chunk size of {bad[:20]!r}", start + bad + b"\r\n{}\r\n0\r\n\r\n", HOLD, ends=lost(size))
    yield row("a chunk of 1 TB, then silence", start + b"e8d4a51000\r\n{}", HOLD, ends=lost(late))
    yield row(
        "a chunk of 1 TB, on and on", start + b"e8d4a51000\r\n", Endless(b" " * 65536), ends=unfit("over 33554432")
    )
    yield row("a chunk of 2**64 - 1, then the end", start + b"f" * 16 + b"\r\n{}", ends=lost(early))
    yield row("a chunk longer than it says", start + b"2\r\n{}{}{}\r\n0\r\n\r\n", HOLD, ends=lost("an invalid chunk"))
    yield row("a chunk that ends in other bytes", start + b"2\r\n{}XX0\r\n\r\n", HOLD, ends=lost("an invalid chunk"))
    yield row("endless chunks of one byte", start, Endless(b"1\r\nx\r\n" * 1000), ends=lost(late))
    yield row("endless chunks of 1 MB", start, Endless(b"100000\r\n" + b"x" * 2**20 + b"\r\n"), ends=unfit("over"))
    yield row("an endless chunk extension", start + b"1;", Endless(b"x" * 65536), ends=lost(""))
    yield row("endless trailers", chunked(100, ends=b"0\r\n"), Endless(b"X: y\r\n" * 1000), ends=lost(""))
    yield row("10,000 trailers", chunked(100, ends=b"0\r\n" + b"X: y\r\n" * 10_000 + b"\r\n"), ends=lost(""))
    yield row("a trailer of 1 MB", chunked(100, ends=b"0\r\nX: " + b"y" * 2**20 + b"\r\n\r\n"), ends=lost(""))
    none = b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"
    yield row(
        "204 that calls itself chunked", none, KEEP, ends=unfit("HTTP 204, but the body is not JSON: it is empty")
    )


def _interim(row: Any) -> Iterator[Fault]:
    def interim(status: int) -> bytes:
        return f"HTTP/1.1 {status} Wait\r\nLink: </x>\r\nContent-Length: 0\r\n\r\n".encode()

    for status in (100, 102, 103, 199):
        yield row(f"{status}, then the answer", interim(status), good, KEEP, ends=WORKS)
    yield row("103 and a pause, then the answer", interim(103), 0.1, good, KEEP, ends=WORKS)
    yield row("100, 102 and 103, then the answer", interim(100) + interim(102) + interim(103), good, ends=WORKS)
    yield row("20 interim replies", interim(102) * 20, good, ends=WORKS)
    yield row("21 interim replies", interim(102) * 21, good, ends=lost("more than 20 interim replies"))
    yield row("endless interim replies", Endless(interim(103)), ends=lost("more than 20 interim replies"))
    yield row("endless 100", Endless(b"HTTP/1.1 100 Continue\r\n\r\n"), ends=lost("more than 20 interim replies"))
    yield row("endless headers of a 103", b"HTTP/1.1 103 H\r\n", Endless(b"X: y\r\n" * 99), ends=lost("not valid HTTP"))
    yield row("101", interim(101), good, ends=lost("101 Switching Protocols"))
    yield row("a 103 and nothing more", interim(103), HOLD, ends=lost(LATE))
    yield row("a 103 and the end", interim(103), ends=lost("the connection ended before the reply did"))


def slowness() -> Iterator[Fault]:
    def row(name: str, *script: Any, ends: Ends) -> Fault:
        return Fault("time", name, ((READ, *script),), ends)

    late = lost(LATE)
    error = b"HTTP/1.1 404 Not Found\r\nContent-Length: 500\r\n\r\n"
    yield row("one byte of the status line every 40 ms", Endless(b"H", 0.04), ends=late)
    yield row("one byte of the headers every 40 ms", OK, Endless(b"X", 0.04), ends=late)
    yield row("one byte of the headers every 10 ms", OK, Endless(b"X", 0.01), ends=late)
    yield row("one byte of the body every 40 ms", OK + b"Content-Length: 500\r\n\r\n", Endless(b" ", 0.04), ends=late)
    yield row("one byte of the body every 10 ms", OK + b"Content-Length: 500\r\n\r\n", Endless(b" ", 0.01), ends=late)
    yield row("one byte of an endless body every 10 ms", OK + END, Endless(b" ", 0.01), ends=late)
    yield row(
        "one byte of an error body every 40 ms", error, Endless(b" ", 0.04), ends=refused(404, "HTTP 404")
    )._replace(silent=True)
    yield row(
        "a chunk every 10 ms", OK + b"Transfer-Encoding: chunked\r\n\r\n", Endless(b"1\r\n \r\n", 0.01), ends=late
    )
    yield row("silent for 0.1 s, then good", 0.1, good, KEEP, ends=WORKS)
    yield row("slow but in time", part(0.3), 0.1, lambda r: good(r)[len(part(0.3)(r)) :], KEEP, ends=WORKS)
    yield row("the head, 0.1 s, then the body", _split_head, 0.1, _split_body, KEEP, ends=WORKS)


def _split_head(request: Received) -> bytes:
    return good(request).partition(END + END)[0] + END + END


def _split_body(request: Received) -> bytes:
    return good(request).partition(END + END)[2]


def bomb(size: int) -> bytes:
    """The beginning of a gzip stream of so many spaces: each piece of it is packed alike."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    piece = packer.compress(b" " * 2**20) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + piece * (size >> 20)


def zipped(body: bytes) -> bytes:
    return http(200, body, {"Content-Encoding": "gzip"})


def bodies() -> Iterator[Fault]:
    def row(name: str, reply: Any, *more: Any, ends: Ends) -> Fault:
        return Fault("bodies", name, ((READ, reply, *(more or (KEEP,))),), ends)

    yield row("gzip that nobody asked for", lambda r: zipped(gzip.compress(whole(r))), ends=WORKS)
    yield row("gzip in chunks", lambda r: _in_chunks(gzip.compress(whole(r))), ends=WORKS)
    yield row("gzip in two members", lambda r: zipped(_two_members(whole(r))), ends=lost("compressed"))
    yield row("gzip, truncated", lambda r: zipped(gzip.compress(whole(r))[:-30]), ends=lost("compressed"))
    yield row("gzip with a wrong checksum", lambda r: zipped(_spoiled(whole(r))), ends=lost("compressed"))
    yield row("gzip that is none", lambda r: zipped(whole(r)), ends=lost("compressed"))
    yield row("gzip, and more behind it", lambda r: zipped(gzip.compress(whole(r)) + b"{}"), ends=lost("compressed"))
    yield row("gzip of nothing", zipped(b""), ends=lost("compressed"))
    yield row("a gzip bomb of 1 GB", zipped(bomb(2**30)), ends=unfit("over 33554432 bytes"))
    yield row("an unknown Content-Encoding", http(200, b"\x1b\x00", {"Content-Encoding": "br"}), ends=unfit("not JSON"))
    yield row("a byte order mark", lambda r: http(200, b"\xef\xbb\xbf" + whole(r)), ends=WORKS)
    yield row("UTF-16", lambda r: http(200, whole(r).decode().encode("utf-16")), ends=unfit("not UTF-8"))
    yield row("invalid UTF-8", http(200, b'{"data": "\xff\xfe"}'), ends=unfit("not UTF-8"))
    yield row("200 MB", OK + END, Endless(b" " * 2**20, most=200 * 2**20), ends=unfit("over 33554432 bytes"))
    yield row("200 MB with a length", OK + b"Content-Length: 200000000\r\n\r\n", HOLD, ends=unfit("over 33554432"))
    yield row("33 MB of JSON", http(200, b'{"data":"' + b"x" * 34 * 10**6 + b'"}'), ends=unfit("over 33554432"))
    for name, body, words in NOT_AN_ENVELOPE:
        yield row(name, http(200, body), ends=unfit(words))
    yield row("204", b"HTTP/1.1 204 No Content\r\n\r\n", ends=unfit("it is empty"))
    yield row("205 with an empty body", http(205), ends=unfit("it is empty"))
    yield row("206 with a part", http(206, b'{"da'), ends=unfit("not JSON"))
    for success in (False, None, 0, "true", 1, []):
        envelope = {"success": success, "error": {"code": "NO", "message": "it failed"}}
        yield row(f"success is {success!r} on 200", http(200, envelope), ends=refused(200, "NO: it failed"))
    yield row("success is false, no error", http(200, {"success": False}), ends=refused(200, "the call failed"))
    yield row("no success key, good data", lambda r: http(200, _without_success(r)), ends=WORKS)
    yield row("fields that nobody knows", lambda r: http(200, {**answer(r), "x": KEY, "y": [KEY]}), ends=WORKS)
    yield row("behaviours of wrong types", lambda r: http(200, {**answer(r), "sdkBehavior": [1]}), ends=WORKS)


NOT_AN_ENVELOPE: list[tuple[str, bytes, str]] = [
    ("an empty body", b"", "it is empty"),
    ("spaces", b"   \r\n", "not JSON"),
    ("a number", b"5", "not an envelope"),
    ("a string", b'"data"', "not an envelope"),
    ("a boolean", b"true", "not an envelope"),
    ("null", b"null", "not an envelope"),
    ("an array", b"[1, 2]", "not an envelope"),
    ("an object without data", b"{}", "data is missing or null"),
    ("data is null", b'{"success": true, "data": null}', "data is missing or null"),
    ("two JSON texts", b"{}{}", "not JSON"),
    ("JSON cut off", b'{"success": true, "data": {', "not JSON"),
    ("single quotes", b"{'data': 1}", "not JSON"),
    ("NaN", b'{"data": NaN}', "NaN"),
    ("Infinity", b'{"data": {"version": Infinity}}', "Infinity"),
    ("-Infinity", b'{"data": {"version": -Infinity}}', "-Infinity"),
    ("1e999", b'{"data": {"version": 1e999}}', "beyond what a float can hold"),
    ("a number of 5,000 digits", b'{"data": ' + b"9" * 5000 + b"}", ""),
    ("100,000 brackets", b'{"data": ' + b"[" * 100_000, "nested too deeply"),
    ("100,000 brackets, closed", b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", ""),
    ("100,000 braces", b'{"data": ' + b'{"a":' * 100_000, "nested too deeply"),
    ("a NUL", b"\x00", "not JSON"),
    ("HTML", b"<!doctype html><title>Welcome to nginx</title>" + KEY.encode(), "not JSON"),
    ("the key", KEY.encode(), "not JSON"),
]


def _in_chunks(body: bytes) -> bytes:
    pieces = b"".join(
        f"{len(body[i : i + 99]):x}\r\n".encode() + body[i : i + 99] + END for i in range(0, len(body), 99)
    )
    return OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n"


def _two_members(body: bytes) -> bytes:
    return gzip.compress(body[:40]) + gzip.compress(body[40:])


def _spoiled(body: bytes) -> bytes:
    packed = bytearray(gzip.compress(body))
    packed[-6] ^= 0xFF
    return bytes(packed)


def _without_success(request: Received) -> dict[str, Any]:
    envelope = answer(request)
    del envelope["success"]
    return envelope


WRONG: dict[str, Any] = {"a number": 5, "a boolean": True, "an array": [KEY], "an object": {KEY: KEY}}


def fields() -> Iterator[Fault]:
    """Each field of the two models missing, null and of wrong types, in the same reply for both calls."""
    optional = {"description", "blockRenderRecord", "labels"}
    for name in [*prompt(""), *resolved("")]:
        for kind, value in _wrong_values(name).items():
            if name in optional and kind in ("missing", "null") and not (name == "labels" and kind == "null"):
                continue
            model = "prompt" if name in prompt("") else "resolved"
            ends = tuple(
                Ending(To11aiResponseValidationError, f"data.{name}", 1) if has else Ending(None, "", 1)
                for has in (model == "resolved", model == "prompt")
            )
            yield Fault("fields", f"{name} is {kind}", ((READ, _spoil(name, value), KEEP),), ends)  # type: ignore[arg-type]


MISSING = object()


def _wrong_values(name: str) -> dict[str, Any]:
    values: dict[str, Any] = {"missing": MISSING, "null": None, **WRONG}
    if name == "version":
        values["a string"] = "1"
        del values["a number"]
    if name in ("createdAt", "updatedAt"):
        values["no time"] = "yesterday"
    if name in ("tags", "labels"):
        values |= {"a string": "t", "an array": [5]}
    if name == "rendered":
        values |= {"of an unknown format": {"format": "audio"}, "an array": [1]}
    if name == "blockRenderRecord":
        values["an object"] = {KEY: 5}
    return values


def _spoil(name: str, value: Any) -> Any:
    def reply(request: Received) -> bytes:
        envelope = answer(request)
        if name in envelope["data"]:
            envelope["data"][name] = value
        if value is MISSING:
            envelope["data"].pop(name, None)
        return http(200, envelope)

    return reply


def errors() -> Iterator[Fault]:
    """What stands in an error reply."""

    def row(name: str, body: Any, words: str, *, ends: Ends | None = None, headers: dict[str, str] = {}) -> Fault:  # noqa: B006
        script = (READ, http("422 Unprocessable", body, headers), KEEP)
        return Fault("errors", name, (script,), ends or refused(422, words))

    def error(value: Any) -> dict[str, Any]:
        return {"success": False, "code": 422, "data": None, "error": value}

    reason = "Unprocessable"
    yield row("error with code and message", error({"code": "NOPE", "message": "not so"}), "HTTP 422 NOPE: not so")
    yield row("error is a string", error("just words"), "HTTP 422: just words")
    yield row("error is an empty string", error(""), reason)
    yield row("error is a list", error(["a", "b"]), reason)
    yield row("error is a number", error(5), reason)
    yield row("error is null", error(None), reason)
    yield row("error is an empty object", error({}), reason)
    yield row("no error key", {"success": False}, reason)
    yield row("the code is a number", error({"code": 7, "message": "m "}), "HTTP 422: m")
    yield row("the code is a list", error({"code": ["A"], "message": "m "}), "HTTP 422: m")
    yield row("the code is very long", error({"code": "A" * 10**6, "message": "m"}), "HTTP 422 AAA")
    yield row("the code is in the details", error({"details": {"code": "DEEP"}, "message": "m"}), "HTTP 422 DEEP: m")
    yield row("the message is an object", error({"code": "C", "message": {"a": [1]}}), "HTTP 422 C")
    yield row("the message is very long", error({"code": "C", "message": "m" * 10**6}), "HTTP 422 C: mmm")
    yield row("the details are a string", error({"code": "C", "message": "m", "details": "d"}), "C: m")
    yield row("the details are a list", error({"code": "C", "message": "m", "details": [1]}), "C: m")
    yield row("rule not found, details odd", error({"code": "RULE_NOT_FOUND", "details": 5}), "RULE_NOT_FOUND")
    yield row("the details are 300 levels deep", _deep(300), "C: m")
    yield row("the details are 700 levels deep", _deep(700), "")
    yield row("the details are 5,000 levels deep", _deep(5000), "")
    yield row("100,000 brackets", b"[" * 100_000, reason)
    yield row("an empty body", b"", reason)
    yield row("HTML", b"<html>no</html>", reason)
    yield row("a JSON array", b"[1]", reason)
    yield row("a scalar", b"5", reason)
    yield row("invalid UTF-8", b'{"error": "\xff"}', reason)
    yield row("a lone surrogate", b'{"error": "\\ud800 in it, badly"}', "in it, badly")
    yield row("NaN", b'{"error": {"message": "m", "details": NaN}}', reason)
    yield row("a gzip bomb of 1 GB", bomb(2**30), reason, headers={"Content-Encoding": "gzip"})
    yield row("33 MB", b"x" * 34 * 10**6, reason)
    yield row("broken gzip", b"not gzip", reason, headers={"Content-Encoding": "gzip"})
    cut = b"Content-Length: 50\r\n\r\n{}"
    for status, ends in ((401, refused(401, kind=To11aiAuthError)), (500, failing(500)), (429, limited())):
        start = f"HTTP/1.1 {status} No\r\n".encode() + cut
        yield Fault("errors", f"{status}, cut", ((READ, start),), ends)
        yield Fault("errors", f"{status}, reset", ((READ, start, 0.05, RESET),), ends)
        yield Fault("errors", f"{status}, then silence", ((READ, start, HOLD),), ends, silent=True)
    yield from _echoes()


def _deep(levels: int) -> bytes:
    return b'{"error": {"code": "C", "message": "m", "details": ' + b"[" * levels + b"]" * levels + b"}}"


def _echoes() -> Iterator[Fault]:
    """Everywhere a server can put the key that it was sent."""

    def row(where: str, reply: bytes, ends: Ends) -> Fault:
        return Fault("the key echoed", where, ((READ, reply),), ends)

    details = {"a": KEY, KEY: [KEY, {"b": f"x{KEY}y"}]}
    yield row("in the words of the status", http(f"422 {KEY}"), refused(422, "[key]"))
    yield row("as a status line", KEY.encode() + b"\r\n\r\n", lost("not valid HTTP"))
    yield row("as the HTTP version", f"HTTP/{KEY} 200 OK\r\n\r\n".encode(), lost("not valid HTTP"))
    yield row("as the status", f"HTTP/1.1 {KEY} OK\r\n\r\n".encode(), lost("not valid HTTP"))
    yield row("as the length", http(200, b"", {"Content-Length": KEY}, length=False), lost("Content-Length"))
    yield row("as a request id", http(422, b"{}", {"x-request-id": KEY, "x-to11-request-id": KEY}), refused(422))
    yield row("as Retry-After", http(422, b"{}", {"Retry-After": KEY}), refused(422))
    yield row("as a Location", http(307, b"", {"Location": f"http://{KEY}.example/"}), refused(307, "redirect"))
    yield row("as the message", http(422, {"error": {"message": f"bad key {KEY}"}}), refused(422, "[key]"))
    yield row("as the error", http(422, {"error": f"Bearer {KEY}"}), refused(422, "Bearer [key]"))
    yield row("as the code", http(422, {"error": {"code": KEY, "message": "m"}}), refused(422, "[key]"))
    yield row("in the details", http(422, {"error": {"message": "m", "details": details}}), refused(422, "HTTP 422: m"))
    yield row("escaped", http(422, b'{"error": "\\u0074' + KEY[1:].encode() + b'"}'), refused(422, "[key]"))
    yield row("in a long message", http(422, {"error": "x" * 970 + KEY + "y" * 99}), refused(422, "xxx"))
    yield row("in a long status", http("422 " + "x" * 970 + KEY + "y" * 99), refused(422, "xxx"))
    yield row("in a long status line", b"x" * 180 + KEY.encode() + b"\r\n\r\n", lost("not valid HTTP"))
    yield row("at every place of a long message", http(422, {"error": KEY * 99}), refused(422, "[key]"))
    yield row("in a key of the data", http(200, {"data": {KEY: KEY}}), unfit("data."))
    yield row("in an HTML page", http("502 Bad Gateway", b"<html>" + KEY.encode()), failing(502, "Bad Gateway"))


def statuses() -> Iterator[Fault]:
    def row(name: str, reply: Any, ends: Ends, *more: Script) -> Fault:
        return Fault("statuses", name, ((READ, reply, KEEP), *more), ends)

    kinds: dict[int, type[To11aiError]] = {
        400: To11aiValidationError,
        401: To11aiAuthError,
        403: To11aiAuthError,
    }
    for status in (400, 401, 402, 403, 404, 405, 406, 407, 409, 410, 411, 413, 415, 418, 421, 422, 423, 426, 431, 451):
        yield row(f"{status}", http(status, b"{}"), refused(status, kind=kinds.get(status, To11aiApiError)))
    for status in (600, 700, 999):
        yield row(f"{status}", http(status, b"{}"), refused(status))
    for status in (408, 425, 500, 501, 502, 503, 504, 507, 508, 511, 520, 529, 599):
        yield row(f"{status}", http(status, b"{}"), failing(status))
    yield row("502 with HTML", http("502 Bad Gateway", b"<html>nginx</html>"), failing(502, "Bad Gateway"))
    yield row("503, then good", http(503), (Ending(None, "", 2), failing(503)[1]), HEALTHY)._replace(
        scripts=((READ, http(503)), HEALTHY)
    )
    yield Fault("statuses", "429, then good", ((READ, http(429)), HEALTHY), (Ending(None, "", 2),) * 2)
    rule = {"error": {"code": "RULE_NOT_FOUND", "message": "m", "details": {"ruleId": "r"}}}
    yield row("404 RULE_NOT_FOUND", http(404, rule), refused(404, "RULE_NOT_FOUND: m", RuleNotFoundError))
    for value, seconds in RETRY_AFTER.items():
        name = f"Retry-After {value[:32]!r}"
        attempts = 1 if seconds is not None and seconds > 8 else 2
        reply = {"Retry-After": value}
        yield row(f"429, {name}", http(429, b"{}", reply), limited(retry_after=seconds, attempts=attempts))
        safe = Ending(To11aiApiError, "", attempts, 503, seconds)
        yield row(f"503, {name}", http(503, b"{}", reply), (safe, safe._replace(attempts=1)))
    yield row("500 with Retry-After", http(500, b"{}", {"Retry-After": "3600"}), failing(500, retry_after=3600.0))


RETRY_AFTER: dict[str, float | None] = {
    "0": 0.0,
    "1": 1.0,
    "8": 8.0,
    "9": 9.0,
    "86400": 86400.0,
    "9" * 400: None,
    "-1": None,
    "1.5": 1.5,
    "8.5": 8.5,
    "NaN": None,
    "Infinity": None,
    "1e3": None,
    "soon": None,
    "": None,
    "\u00b2": None,
    "1, 2": None,
    ",": None,
    "Wed, 21 Oct 2015 07:28:00 GMT": 0.0,
    "Wed, 99 Foo 9999 99:99:99 GMT": None,
    "Wed, 21 Oct 99999999999 07:28:00 GMT": None,
    "0 0 0 0 0": None,
    KEY: None,
}


def redirects() -> Iterator[Fault]:
    def row(name: str, location: str | None, *, status: int = 302, ends: Ends | None = None, **more: Any) -> Fault:
        headers = {} if location is None else {"Location": location}
        script = (READ, http(status, b"", headers), KEEP)
        return Fault("redirects", name, (script,), ends or refused(status, "redirect"), safe="get", **more)

    for status in (300, 301, 302, 303, 304, 305, 306, 307, 308, 399):
        yield row(f"{status} to another origin", "http://127.0.0.1:9/v1/x", status=status)
        yield row(f"{status} without a Location", None, status=status)
    for name, location in REFUSED_LOCATIONS.items():
        yield row(name, location)
    for status in (301, 302, 303, 307, 308):
        loops = (refused(status, "redirect")[0], refused(status, "redirect")[1])
        yield row(f"{status} in a loop", "/v1/loop", status=status, ends=loops, received=(6, 1))
        moved = _moved(status)
        yield Fault("redirects", f"{status} on the origin", ((READ, moved, KEEP),),
                    (Ending(None, "", 1), refused(status, "redirect")[1]), (2, 1), "get")  # fmt: skip
    yield Fault("redirects", "a resolve is not followed", ((READ, http(307, b"", {"Location": "/v1/x"}), KEEP),),
                refused(307, "redirect"))  # fmt: skip


def _moved(status: int) -> Any:
    """Sends a request to the same path with a query, and answers it there."""

    def reply(request: Received) -> bytes:
        if "moved" in request.target:
            return good(request)
        return http(status, b"elsewhere", {"Location": f"{request.target}?moved#part"})

    return reply


REFUSED_LOCATIONS = {
    "to https from http": "https://127.0.0.1/v1/x",
    "to a file": "file:///etc/passwd",
    "to ftp": "ftp://127.0.0.1/x",
    "to a data URL": "data:application/json,{}",
    "to javascript": "javascript:alert(1)",
    "to a host without scheme": "//evil.example/v1/x",
    "to the origin with a user": "http://user@127.0.0.1/v1/x",
    "to the host on another port": "http://127.0.0.1:1/v1/x",
    "to a name that looks alike": "http://127.0.0.1.evil.example/",
    "to a backslash": "\\\\evil.example\\x",
    "to a broken IPv6 address": "http://[::1/v1/x",
    "to a bad port": "http://127.0.0.1:notaport/",
    "to nothing": "",
    "to non-ASCII": "/v1/\xe9",
    "to a space": "/v1/a b",
    "to a tab": "/v1/a\tb",
    "to a control character": "/v1/a\x01b",
}


def tls() -> Iterator[Fault]:
    def row(name: str, kind: str, *scripts: Script, ends: Ends, received: tuple[int, int] | None = NEVER) -> Fault:
        return Fault("TLS", name, scripts or (HEALTHY,), ends, received, tls=kind)

    advice = "for a private authority set SSL_CERT_FILE or pass ssl_context, else check base_url and the clock"
    wrong, cut = "no TLS connection", "the connection was closed during the TLS handshake"
    for kind, words in {
        "expired": "certificate has expired",
        "not yet valid": "certificate is not yet valid",
        "of an unknown authority": "unable to get local issuer certificate",
        "for another host": "IP address mismatch",
        "self-signed": "certificate",
    }.items():
        yield row(f"a certificate that is {kind}", kind, ends=unsent(words, 1))
        yield row(f"a certificate that is {kind}: what to do", kind, ends=unsent(advice, 1))
    yield row("plain HTTP on a TLS port", "none", (http(400, b"speak TLS"),), ends=unsent(wrong, 1))
    yield row("plain HTTP on a TLS port, silent", "none", (HOLD,), ends=unsent(LATE))
    yield row("noise instead of a handshake", "none", (b"\x00" * 99,), ends=unsent(wrong, 1))
    yield row("a TLS alert at once", "none", (b"\x15\x03\x03\x00\x02\x02\x28", 0.05), ends=unsent(wrong, 1))
    yield row("handshake cut", "none", (0.05,), ends=unsent(cut, 1))
    yield row("handshake reset", "none", (0.05, RESET), ends=unsent(cut, 1))
    yield row("handshake cut inside a record", "none", (b"\x16\x03\x03\x00\x50\x02", 0.05, RESET), ends=unsent(cut, 1))
    yield row("one byte of a handshake every 10 ms", "none", (Endless(b"\x16", 0.01),), ends=unsent("", 1))
    yield row("wants a client certificate, TLS 1.2", "wants a certificate, TLS 1.2", ends=unsent(wrong, 1))
    wanted = unsent("the server wants a client certificate; pass ssl_context", 1)
    yield row("wants a client certificate, TLS 1.3", "wants a certificate, TLS 1.3", ends=wanted)
    yield row("a good certificate", "good", ends=WORKS, received=None)
    yield row("TLS 1.2", "TLS 1.2 only", ends=WORKS, received=None)
    late, early = lost(LATE), lost("the connection ended before the reply did")
    for name, script, ends in (
        ("dropped before the reply", (READ,), lost("the connection was closed before a reply came")),
        ("reset before the reply", (READ, RESET), lost("")),
        ("silent", (READ, HOLD), late),
        ("dropped inside the headers", (READ, OK), early),
        ("dropped inside the body", (READ, part(0.8)), early),
        ("one byte of the headers every 10 ms", (READ, OK, Endless(b"X", 0.01)), late),
        ("one byte of the body every 10 ms", (READ, OK + END, Endless(b" ", 0.01)), late),
        ("200 MB", (READ, OK + END, Endless(b" " * 2**20, most=200 * 2**20)), unfit("over 33554432 bytes")),
        ("chunked", (READ, chunked(20), KEEP), WORKS),
        ("no length, ends with the connection", (READ, head("HTTP/1.1 200 OK")), WORKS),
        ("500", (READ, http(500), KEEP), failing(500)),
        ("to http from https", (READ, http(302, b"", {"Location": "http://127.0.0.1/"}), KEEP), refused(302)),
    ):
        yield row(f"over TLS: {name}", "good", script, ends=ends, received=None)


FAMILIES = (connections, framing, slowness, bodies, fields, errors, statuses, redirects, tls)


class Row(NamedTuple):
    """One fault for one call."""

    fault: Fault
    call: str
    ending: Ending
    received: int | None

    @property
    def name(self) -> str:
        return f"{self.fault.family}: {self.fault.name} [{self.call}]"

    def run(self) -> Outcome:
        """Let the fault happen to the call."""
        return self.fault.run(self.call)

    def judge(self, outcome: Outcome) -> None:
        """Fail unless the call ended as it must."""
        judge(outcome, self.ending, received=self.received)


def rows() -> Iterator[Row | shared_cache.Row]:
    """The catalogue, row by row."""
    for family in FAMILIES:
        for fault in family():
            received = fault.received or (None, None)
            yield Row(fault, fault.safe, fault.ends[0], received[0])
            yield Row(fault, "create", fault.ends[1], received[1])
    yield from shared_cache.rows()
