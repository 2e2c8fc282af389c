"""What each format can hold goes through the neutral form unharmed, and what is malformed is told."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from examples import examples
from formats_samples import (
    NAMES,
    REPLIES,
    REQUESTS,
    collect,
    common_requests,
    damaged,
    json_objects,
    json_values,
    numbered_formats,
    pieces,
    stream_of,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from to11ai_sdk.local.gateway.formats import FormatError, deltas_of
from to11ai_sdk.local.gateway.formats.neutral import ChatReply, ChatRequest, End, Error, Start, ToolCall

pytestmark = pytest.mark.parametrize("name", NAMES)
fast = settings(
    max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
STREAMED = ChatRequest("m", (), stream=True, include_usage=True)


@fast
@given(data=st.data())
def test_a_request_survives_the_neutral_form(name: str, data: st.DataObject) -> None:
    request = data.draw(REQUESTS[name])
    form = numbered_formats()[name]
    body = form.write_request(request)
    assert form.read_request(body) == request
    assert form.write_request(form.read_request(body)) == body
    assert form.read_request(json.loads(json.dumps(body))) == request


@fast
@given(request=common_requests)
def test_what_all_formats_hold_is_the_same_in_each(name: str, request: ChatRequest) -> None:
    form = numbered_formats()[name]
    assert form.read_request(form.write_request(request)) == request


@fast
@given(data=st.data())
def test_a_reply_survives_the_neutral_form(name: str, data: st.DataObject) -> None:
    reply = data.draw(REPLIES[name])
    body = numbered_formats()[name].write_reply(reply)
    read = numbered_formats()[name].read_reply(body)
    assert read == reply
    assert numbered_formats()[name].write_reply(read) == body


@fast
@given(data=st.data())
def test_a_stream_makes_up_the_same_reply_however_its_bytes_are_cut(name: str, data: st.DataObject) -> None:
    reply = data.draw(REPLIES[name])
    stream = stream_of(name, list(deltas_of(reply)), STREAMED)
    whole = list(numbered_formats()[name].read_stream([stream]))
    assert collect(whole) == reply
    assert list(numbered_formats()[name].read_stream(data.draw(pieces(stream)))) == whole
    assert stream_of(name, whole, STREAMED) == stream


@fast
@given(data=st.data())
def test_text_and_calls_reach_a_caller_of_any_format(name: str, data: st.DataObject) -> None:
    source = data.draw(st.sampled_from(NAMES))
    reply = data.draw(REPLIES[source])
    caller = numbered_formats()[name]
    at_once = caller.read_reply(caller.write_reply(reply))
    streamed = collect(caller.read_stream(caller.write_stream(deltas_of(reply), STREAMED)))
    assert _said(streamed) == _said(at_once)
    assert _said(at_once)["ToolCall"] == _said(reply)["ToolCall"]
    words = ["Text", "Refusal"]
    assert "".join(sorted(_spoken(at_once, words))) == "".join(sorted(_spoken(reply, words)))


@fast
@given(data=st.data())
def test_any_body_is_read_or_told_to_be_malformed(name: str, data: st.DataObject) -> None:
    form = numbered_formats()[name]
    body = data.draw(damaged(REQUESTS[name].map(form.write_request)) | json_objects)
    with suppress(FormatError):
        request = form.read_request(body)
        for target in numbered_formats().values():
            with suppress(FormatError):
                json.dumps(target.write_request(request))


@fast
@given(data=st.data())
def test_any_reply_is_read_or_told_to_be_malformed(name: str, data: st.DataObject) -> None:
    form = numbered_formats()[name]
    body = data.draw(damaged(REPLIES[name].map(form.write_reply)) | json_objects)
    with suppress(FormatError):
        reply = form.read_reply(body)
        for target in numbered_formats().values():
            json.dumps(target.write_reply(reply, STREAMED))


@fast
@given(data=st.data())
def test_any_stream_ends_with_an_end_or_an_error(name: str, data: st.DataObject) -> None:
    events = _events(stream_of(name, list(deltas_of(data.draw(REPLIES[name]))), STREAMED))
    spoilt = data.draw(st.lists(damaged(st.sampled_from(events)) | st.sampled_from(events), max_size=12))
    stream = b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in spoilt)
    deltas = list(numbered_formats()[name].read_stream([stream]))
    assert isinstance(deltas[0], Start | Error)
    assert isinstance(deltas[-1], End | Error)
    assert not any(isinstance(delta, End | Error) for delta in deltas[:-1])
    for target in NAMES:
        assert stream_of(target, deltas, STREAMED).endswith(b"\n\n")


@fast
@given(chunks=st.lists(st.binary(max_size=40) | json_values.map(lambda it: b"data: %s\n\n" % json.dumps(it).encode())))
def test_any_bytes_end_with_an_error(name: str, chunks: list[bytes]) -> None:
    assert isinstance(list(numbered_formats()[name].read_stream(chunks))[-1], Error)


@given(body=json_values)
def test_a_body_that_is_no_object_is_told(name: str, body: object) -> None:
    if not isinstance(body, dict):
        with pytest.raises(FormatError, match="must be an object"):
            numbered_formats()[name].read_request(body)  # type: ignore[arg-type]


@pytest.mark.parametrize("reader", ["read_request", "read_reply"])
def test_a_body_that_is_nested_too_deeply_is_told(name: str, reader: str) -> None:
    body: dict[str, object] = {}
    for _ in range(100_000):
        body = {"messages": body}
    with pytest.raises(FormatError, match="64 levels deep at most"):
        getattr(numbered_formats()[name], reader)(body)
    while body:  # taken apart by hand: CPython would do it recursively
        body = body["messages"]  # type: ignore[assignment]


def _events(stream: bytes) -> list[object]:
    data = [line.removeprefix(b"data: ") for line in stream.splitlines() if line.startswith(b"data: ")]
    return [json.loads(line) for line in data if line != b"[DONE]"]


def _said(reply: ChatReply) -> dict[str, object]:
    calls = [part for part in reply.parts if isinstance(part, ToolCall)]
    spoken = {kind: _spoken(reply, [kind]) for kind in ("Text", "Refusal", "Thinking")}
    return {"ToolCall": calls, "stop": reply.stop, "usage": reply.usage, **spoken}


def _spoken(reply: ChatReply, kinds: list[str]) -> str:
    return "".join(part.text for part in reply.parts if type(part).__name__ in kinds)  # type: ignore[union-attr]
