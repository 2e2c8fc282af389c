"""The parts of the gateway that need no server: editing bodies, headers that travel, what is read along."""

from __future__ import annotations

import gzip
import itertools
import json
import time
import zlib
from collections import deque
from typing import Any

import pytest
from gateway_harness import form
from hypothesis import given
from hypothesis import strategies as st

from to11ai_sdk.local.gateway.answer import Stream
from to11ai_sdk.local.gateway.endpoints import below
from to11ai_sdk.local.gateway.formats import FormatError
from to11ai_sdk.local.gateway.observe.watch import ReplyFacts, StreamWatcher, input_texts, reply_texts
from to11ai_sdk.local.gateway.provider import UnreachableError, UpstreamReply
from to11ai_sdk.local.gateway.relay import error_answers
from to11ai_sdk.local.gateway.upstream import body_edits, codings, header_rules, stream_usage
from to11ai_sdk.local.gateway.upstream.http_provider import UpstreamProvider

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=5), VALUES, max_size=5)


@given(OBJECTS, OBJECTS, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_members_are_replaced_and_added(body: Any, changes: Any, indent: Any, ascii_only: bool) -> None:
    text = json.dumps(body, indent=indent, ensure_ascii=ascii_only)
    try:
        content = f" {text}\n".encode()
    except UnicodeEncodeError:
        return
    assert json.loads(body_edits.with_members(content, changes)) == {**body, **changes}
    assert body_edits.with_members(content, {}) == content


def test_a_member_that_is_there_twice_is_replaced_twice() -> None:
    assert body_edits.with_members(b'{"a":1,"b":2,"\\u0061":3}', {"a": 9}) == b'{"a":9,"b":2,"\\u0061":9}'


NAMES = st.sampled_from(["model", '"model', 'm"odel', "\\model", '"model": "x"', "mödel", "model\\"])
NESTED = st.recursive(
    st.none() | st.integers() | NAMES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(NAMES, NESTED, max_size=4), st.sampled_from([None, 1]), st.booleans())
def test_the_model_alone_is_replaced_at_its_place(body: dict[str, Any], indent: Any, ascii_only: bool) -> None:
    content = json.dumps(body, indent=indent, ensure_ascii=ascii_only).encode()
    changed = body_edits.with_members(content, {"model": 'n"ew'}, has_model="model" in body)
    assert json.loads(changed) == {**body, "model": 'n"ew'}


@pytest.mark.parametrize("own", ['"model"', '"mod\\u0065l"'])
def test_a_model_within_the_body_is_not_replaced(own: str) -> None:
    body = '{"tools": [{"model": "in"}], OWN: "old"}'.replace("OWN", own)
    changed = body_edits.with_members(body.encode(), {"model": "new"}, has_model=True)
    assert json.loads(changed) == {"tools": [{"model": "in"}], "model": "new"}


def test_the_model_of_a_form_is_found_among_files_that_look_like_it() -> None:
    trap = b'\r\nContent-Disposition: form-data; name="model"\r\n\r\nwrong\r\n'
    content, content_type = form(file=trap, note='name="model"', model="openai::whisper-1", other="x")
    assert body_edits.model_of(content, content_type) == "openai::whisper-1"
    expected, _ = form(file=trap, note='name="model"', model="w", other="x")
    assert body_edits.with_model(content, content_type, "w") == expected


def test_a_form_without_a_model_has_none() -> None:
    content, content_type = form(file=b"x")
    assert body_edits.model_of(content, content_type) is None
    assert body_edits.with_model(content, content_type, "w") == content
    assert body_edits.model_of(content, "multipart/form-data") is None


def test_finding_the_model_of_a_large_form_takes_no_time() -> None:
    content, content_type = form(file=b"\r\nx" * 3_000_000, model="w")
    begun = time.thread_time()
    assert body_edits.model_of(content, content_type) == "w"
    assert time.thread_time() - begun < 2


@pytest.mark.parametrize(
    "content",
    [b"--b\r\n" * 200_000, b"--b\r\n" + b"content-disposition: x; name=model\r\n" * 200_000],
    ids=["parts", "head"],
)
def test_finding_no_model_in_a_form_that_is_none_takes_no_time(content: bytes) -> None:
    begun = time.thread_time()
    assert body_edits.model_of(content, "multipart/form-data; boundary=b") is None
    assert time.thread_time() - begun < 2


def test_headers_that_travel() -> None:
    given = {"anthropic-beta": "a", "x-stainless-os": "Linux", "user-agent": "me", "x-to11-env": "prod", "x-own": "1"}
    assert header_rules.to_upstream(given, "tp", same_dialect=True) == {
        "anthropic-beta": "a",
        "x-stainless-os": "Linux",
        "user-agent": "me",
        "x-own": "1",
        "accept-encoding": "identity",
        "traceparent": "tp",
    }
    assert set(header_rules.to_upstream(given, "tp", same_dialect=False)) & set(given) == {"user-agent", "x-own"}


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/v1/messages"])
def test_the_path_below_v1(path: str) -> None:
    assert below(path) == "/messages"


@pytest.mark.parametrize("url", ["", "localhost:1", "ftp://x", "http://", "https://x/v1?a=b", "https://x/#f"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        UpstreamProvider(dialect="openai", base_url=url)


@pytest.mark.parametrize(
    ("status", "error", "word"),
    [
        (400, {"code": "content_filter"}, "content_policy"),
        (429, {"type": "insufficient_quota"}, "quota"),
        (403, {"code": "organization_verification_required"}, "org_verification_required"),
        (403, "text", "forbidden"),
        (418, {"code": 5}, "bad_request"),
        (529, None, "overloaded"),
    ],
)
def test_the_word_for_an_error(status: int, error: Any, word: str) -> None:
    assert error_answers.code_for(status, {"error": error}) == word
    assert error_answers.code_for(404, {"error": None}, has_model=False) == "bad_request"


def test_what_people_wrote_is_found_in_every_format() -> None:
    body = {
        "system": [{"type": "text", "text": "a"}],
        "instructions": "b",
        "messages": [
            {"role": "user", "content": "c", "name": "not me"},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "not me"}}]},
            {"role": "assistant", "tool_calls": [{"id": "no", "function": {"name": "no", "arguments": '{"x":"d"}'}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "no", "content": [{"text": "e"}]}]},
            {"role": "assistant", "content": [{"type": "tool_use", "input": {"deep": {"er": ["f"]}}}]},
        ],
        "input": [{"type": "message", "content": [{"type": "input_text", "text": "g"}]}, "h", 5],
    }
    members = ("system", "instructions", "messages", "input", "absent")
    assert list(input_texts(body, members)) == ["a", "b", "c", '{"x":"d"}', "e", "f", "g", "h"]
    assert list(input_texts(None, members)) == []


def test_what_a_model_said_is_found_in_every_format() -> None:
    assert list(reply_texts({"choices": [{"message": {"content": "a"}}, {"message": None}, 5]})) == ["a"]
    assert list(reply_texts({"content": [{"type": "text", "text": "b"}, {"type": "thinking"}]})) == ["b"]
    assert list(reply_texts({"content": ["b", {"text": "c"}, 5, None]})) == ["b", "c"]
    assert list(reply_texts({"choices": [{"message": {"content": {"type": "text", "text": "d"}}}]})) == ["d"]
    assert list(reply_texts({"output": [{"content": "e"}]})) == ["e"]
    assert list(reply_texts({"output": [{"content": [{"type": "output_text", "text": "c"}]}]})) == ["c"]
    assert list(reply_texts([])) == []


def test_tokens_are_read_from_every_format() -> None:
    facts = ReplyFacts()
    facts.read(
        {"type": "message_start", "message": {"model": "m", "usage": {"input_tokens": 1, "cache_read_input_tokens": 2}}}
    )
    facts.read({"type": "message_delta", "usage": {"output_tokens": 5}})
    assert (facts.model, facts.input_tokens, facts.output_tokens) == ("m", 3, 5)
    facts.read({"response": {"usage": {"input_tokens": 7, "output_tokens": 8}}})
    assert (facts.input_tokens, facts.output_tokens) == (7, 8)
    for odd in (None, [], {"usage": 5}, {"usage": {"input_tokens": "x"}}):
        facts.read(odd)
    assert (facts.input_tokens, facts.output_tokens) == (7, 8)


@given(st.lists(st.integers(1, 30)))
def test_events_are_passed_on_whole_however_they_come(cuts: list[int]) -> None:
    content = b'data: {"a":1}\n\nevent: x\r\ndata: y\r\n\r\ndata: \xc3\xa9\r\rrest'
    watch, out, place = StreamWatcher(ReplyFacts()), [], 0
    for cut in [*cuts, len(content)]:
        out.append(watch.whole_events(content[place : place + cut]))
        place += cut
    assert all(part.endswith((b"\n\n", b"\r\n\r\n", b"\r\r")) for part in out if part)
    assert b"".join(out) == content.removesuffix(b"rest")


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r\n", b"\r\n\n"])
def test_only_the_chunk_that_tells_the_tokens_is_taken_out(end: bytes) -> None:
    told = b'data: {"id":"c", "choices": [ ], "usage":{"total_tokens":1}}' + end
    others = [
        b'data: {"choices":[{"delta":{"content":"\xc3\xa9"}}],"usage":{"total_tokens":1}}' + end,
        b'data: {"choices":[],"usage":null}' + end,
        b'data: {"choices":[],"prompt_filter_results":[]}' + end,
        b': "usage"' + end,
        b'data: {"usage"' + end,
        b'data: ["usage"]' + end,
        b"data: [DONE]" + end,
    ]
    assert stream_usage.without_usage_chunk(told.join([b"", *others, b""])) == b"".join(others)
    assert stream_usage.without_usage_chunk(told + b"\n") == b"\n"


def test_an_event_that_cannot_be_read_is_passed_over() -> None:
    watch = StreamWatcher(ReplyFacts())
    assert list(watch.texts(b"data: " + b"x" * (17 * 2**20) + b"\n\n")) == []
    assert list(watch.texts(b'data: {"delta": {"text": "a"}}\n\ndata: 5\n\n')) == [(0, "a")]


def test_a_long_event_in_small_pieces_is_found_quickly_and_has_a_limit() -> None:
    watch, piece = StreamWatcher(ReplyFacts()), b"x" * 1400
    begin = time.process_time()
    assert not any(watch.whole_events(piece) for _ in range(3000))
    assert len(watch.whole_events(b"\n\n")) == 3000 * 1400 + 2
    assert time.process_time() - begin < 2
    with pytest.raises(FormatError, match="at most"):
        watch.whole_events(b"x" * (16 * 2**20 + 1))


def test_a_stream_ends_also_if_nobody_began_it() -> None:
    called: list[str] = []
    stream = Stream((each for each in [b"x"]), lambda: called.append("end"))
    stream.close()
    assert (list(stream), called) == ([], ["end"])


GZIPPED = gzip.compress(b"a" * 200_000) + gzip.compress(b"b")


@given(st.lists(st.integers(1, 150)))
def test_a_compressed_body_is_unpacked_however_it_comes(cuts: list[int]) -> None:
    places = [*itertools.accumulate(cuts, initial=0), len(GZIPPED)]
    pieces = (GZIPPED[begin:end] for begin, end in itertools.pairwise(places))
    assert b"".join(codings.unpacked(" X-GZIP", pieces)) == b"a" * 200_000 + b"b"


def test_each_piece_of_a_compressed_body_is_unpacked_as_it_comes() -> None:
    packer = zlib.compressobj(wbits=31)
    body = [packer.compress(word) + packer.flush(zlib.Z_SYNC_FLUSH) for word in (b"one", b"two")]
    assert list(codings.unpacked("gzip", [*body, packer.flush()])) == [b"one", b"two"]


@pytest.mark.parametrize("coding", ["", "identity", "gzip", "br"])
def test_a_body_without_bytes_has_any_coding(coding: str) -> None:
    assert list(codings.unpacked(coding, [])) == []


@pytest.mark.parametrize(
    ("coding", "body", "reason"),
    [
        ("br", b"x", "the content coding 'br'"),
        ("gzip, br", GZIPPED, "the content coding 'gzip, br'"),
        ("gzip", b"text", "not the gzip"),
        ("gzip", GZIPPED[:-1], "broke"),
    ],
)
def test_a_body_that_cannot_be_unpacked_says_why(coding: str, body: bytes, reason: str) -> None:
    with pytest.raises(UnreachableError, match=reason):
        deque(codings.unpacked(coding, [body]), maxlen=0)


def test_a_body_that_unpacks_to_more_than_the_bound_is_refused() -> None:
    pieces = codings.unpacked("gzip", [gzip.compress(bytes(2**30), 1)])
    with pytest.raises(UnreachableError, match="more than 1000000 bytes"):
        codings.whole(UpstreamReply(200, {}, pieces), 1_000_000)
