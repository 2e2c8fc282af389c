"""Server-sent events as WHATWG HTML, section 9.2, has them; its own examples first."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from to11ai_sdk.local.gateway.formats import FormatError, sse
from to11ai_sdk.local.gateway.formats.sse import Event


def events(stream: bytes) -> list[Event]:
    return list(sse.read([stream]))


EXAMPLES = {
    "three lines of data are one text": (
        b"data: YHOO\ndata: +2\ndata: 10\n\n",
        [Event("message", "YHOO\n+2\n10")],
    ),
    "a comment is no event, an id stays, a lone id resets it": (
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
        [Event("message", "first event", "1"), Event("message", "second event"), Event("message", " third event")],
    ),
    "empty data is data, and what no blank line ends is dropped": (
        b"data\n\ndata\ndata\n\ndata:",
        [Event("message", ""), Event("message", "\n")],
    ),
    "one space after the colon is not of the value": (
        b"data:test\n\ndata: test\n\n",
        [Event("message", "test"), Event("message", "test")],
    ),
    "event types": (
        b"event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n",
        [Event("add", "73857293"), Event("remove", "2153")],
    ),
    "an event without data is none, and its type is forgotten": (b"event: a\n\ndata: x\n\n", [Event("message", "x")]),
    "a byte order mark at the start is skipped": (b"\xef\xbb\xbfdata: x\n\n", [Event("message", "x")]),
    "one later is of the name": (b"\n\xef\xbb\xbfdata: x\n\n", []),
    "an id with NUL is ignored": (b"id: a\0b\ndata: x\n\n", [Event("message", "x")]),
    "unknown fields and retry are ignored": (b"retry: 10\nfoo: bar\ndata: x\n\n", [Event("message", "x")]),
    "bytes that are no UTF-8 are replaced": (b"data: \xff\n\n", [Event("message", "\ufffd")]),
    "other line breaks of Unicode are text": (
        "data: a\u2028b\x0bc\x85\n\n".encode(),
        [Event("message", "a\u2028b\x0bc\x85")],
    ),
}


@pytest.mark.parametrize(("stream", "expected"), EXAMPLES.values(), ids=EXAMPLES)
def test_examples(stream: bytes, expected: list[Event]) -> None:
    assert events(stream) == expected
    assert list(sse.read(bytes([byte]) for byte in stream)) == expected


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\n"])
def test_lines_end_in_three_ways(line_end: bytes) -> None:
    stream = b"event: a\ndata: 1\ndata: 2\n\ndata: 3\n\n".replace(b"\n", line_end)
    assert events(stream) == [Event("a", "1\n2"), Event("message", "3")]


lines = st.sampled_from([b"data: x", b"data:", b"event: e", b"id: 7", b": note", b"", b"\xef\xbb\xbf"])
ends = st.sampled_from([b"\n", b"\r", b"\r\n"])


@given(stream=st.lists(st.tuples(lines, ends)).map(lambda them: b"".join(a + b for a, b in them)), data=st.data())
def test_how_the_bytes_are_cut_does_not_matter(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)))))
    pieces = [stream[low:high] for low, high in itertools.pairwise([0, *cuts, len(stream)])]
    assert list(sse.read(pieces)) == events(stream)


@given(text=st.text().filter(lambda text: "\r" not in text), name=st.sampled_from([None, "delta"]))
def test_what_is_written_is_read(text: str, name: str | None) -> None:
    assert events(sse.write(text, name)) == [Event(name or "message", text)]


def test_json_is_written_on_one_line() -> None:
    assert sse.write({"text": "a\nb é"}, "delta") == 'event: delta\ndata: {"text":"a\\nb é"}\n\n'.encode()


def test_half_a_surrogate_pair_is_written_escaped() -> None:
    assert sse.write({"text": "é\ud83d"}) == b'data: {"text":"\\u00e9\\ud83d"}\n\n'


def test_an_event_without_end_is_refused() -> None:
    chunks = itertools.repeat(b"data: " + b"x" * 1_000_000, 20)
    with pytest.raises(FormatError, match="an event may have 16777216 bytes at most"):
        list(sse.read(chunks))


def test_a_long_stream_of_short_events_is_not() -> None:
    assert sum(1 for _ in sse.read(itertools.repeat(b"data: " + b"x" * 1_000_000 + b"\n\n", 20))) == 20
