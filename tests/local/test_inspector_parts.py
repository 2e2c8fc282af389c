"""The parts of the inspector that need no server: differences, masks, messages and calls to copy."""

from __future__ import annotations

import json
import random
import re
import sys
import time
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspector_visit import Visitor

from to11ai_sdk.local import LocalTo11, bounds
from to11ai_sdk.local.hang_up import NEVER
from to11ai_sdk.local.http.application import HttpReply, HttpRequest, Target
from to11ai_sdk.local.inspector.call_messages import reply_messages, request_messages
from to11ai_sdk.local.inspector.line_diff import LinePair, side_by_side
from to11ai_sdk.local.inspector.masking import (
    HIDDEN,
    header_without_keys,
    masker,
    path_without_keys,
    query_without_keys,
    readable,
    visible,
    without_keys,
)
from to11ai_sdk.local.inspector.recording import Recording
from to11ai_sdk.local.inspector.snippets import curl_and_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from to11ai_sdk.local.http.application import Application

LINES = st.lists(st.sampled_from(["a b", "a c", "x", "", "long " * 9]), max_size=40)


def text(pairs: list[LinePair], side: str) -> list[tuple[int, str]]:
    found = [getattr(pair, side) for pair in pairs if getattr(pair, side)]
    return [(number, "".join(piece for piece, _ in pieces)) for number, pieces in found]


@given(LINES, LINES)
def test_each_line_stands_on_its_side_with_its_number(old: list[str], new: list[str]) -> None:
    pairs = side_by_side("\n".join(old), "\n".join(new))
    for side, lines in (("left", "\n".join(old).split("\n")), ("right", "\n".join(new).split("\n"))):
        shown = text(pairs, side)
        assert [lines[number - 1] for number, _ in shown] == [line for _, line in shown]
        assert len(shown) + sum(pair.skipped for pair in pairs) == len(lines)
    for pair in pairs:
        if pair.kind == "same":
            assert pair.left
            assert pair.right
            assert pair.left[1] == pair.right[1]


@pytest.mark.parametrize(("old", "new"), [("a\nb", "a\nb\n"), ("a\nb", "a\r\nb"), ("a b", "a\u2028b"), ("", "\n")])
def test_other_line_ends_are_differences(old: str, new: str) -> None:
    for pairs in (side_by_side(old, new), side_by_side(new, old)):
        assert {pair.kind for pair in pairs} & {"changed", "added", "removed"}
    assert {pair.kind for pair in side_by_side(new, new)} == {"same"}


def test_what_changed_within_a_line_is_marked() -> None:
    (pair,) = side_by_side("Answer in one paragraph.", "Answer in two paragraphs.")
    assert pair.left == (1, [("Answer in ", False), ("one", True), (" ", False), ("paragraph", True), (".", False)])


def test_the_work_of_a_comparison_is_bounded() -> None:
    words = random.Random(1)
    bad = ["\n".join(" ".join(words.choice("ab") for _ in range(490)) for _ in range(550)) for _ in range(2)]
    begun = time.process_time()
    side_by_side(*bad)
    side_by_side("\n".join(f"x{n}" for n in range(9000)), "\n".join(f"y{n}" for n in range(9000)))
    assert time.process_time() - begun < 10


@pytest.mark.parametrize("key", ["to11_local_0123456789abcdef", "k\"'\\&<>%{}~" + "k" * 20])
def test_the_key_is_hidden_in_whatever_form_it_stands(key: str) -> None:
    from urllib.parse import quote

    from markupsafe import escape

    forms = [key, json.dumps(key), str(escape(key)), str(escape(json.dumps(key))), quote(key), repr(key)]
    for form in forms:
        assert masker(key)(f"a {form} b").replace('"', "").replace("'", "").replace("&#34;", "") == "a *** b"


def test_other_keys_are_hidden() -> None:
    for secret in ("sk-" + "a" * 24, "sk-ant-api03-" + "b" * 30, "AIza" + "c" * 35, "gsk_" + "d" * 20):
        assert without_keys(f"say {secret}!") == "say ***!"
    body = {"api_key": "abc", "max_tokens": 5, "x-api-key": "d", "client_secret": "e", "text": "keep", "token": "f"}
    shown = json.loads(readable(json.dumps(body).encode(), masker("k" * 24)))
    assert shown == {**dict.fromkeys(body, "***"), "max_tokens": 5, "text": "keep"}
    assert query_without_keys("a=1&key=secret&api_key=s&page=2") == "a=1&key=***&api_key=***&page=2"


SECRET = "aB3" * 9
KEPT = [
    "max_tokens: 5",
    '"prompt_cache_key": "a-b-c"',
    "the tokens are a secret: yes",
    "task-force-of-the-sk-team",
    "/v1/x?page=2",
]
BY_NAME = [
    'curl -H "Authorization: Bearer {}" https://x',
    "curl -H 'x-api-key: {}'",
    "ANTHROPIC_API_KEY={}",
    "export AZURE_API_KEY='{}'",
    "{{'api_key': '{}'}}",
    'client(apiKey="{}")',
    "os.environ['MY_SECRET'] = '{}'",
    "grant_type=x&client_secret={}&scope=a",
    "https://ada:{}@example.com/x",
    "use Bearer {} there",
    '{{"headers": {{"helicone-auth": "{}"}}}}',
    '{{"private_key": "{}"}}',
    '{{"openai_key": "{}"}}',
    "AZURE_DEPLOYMENT_KEY={}",
]
BY_FORM = [
    "hf_",
    "gsk_",
    "csk-",
    "nvapi-",
    "r8_",
    "ghp_",
    "xai-",
    "sk-proj-",
    "ya29.",
    "AIza0000",
    "pcsk_",
    "to11_live_",
]


@pytest.mark.parametrize("text", BY_NAME)
def test_a_key_is_hidden_by_its_name(text: str) -> None:
    said = text.format(SECRET)
    for deep in (said, json.dumps({"content": said}), json.dumps({"a": json.dumps({"b": json.dumps([said])})})):
        shown = without_keys(deep)
        assert SECRET[:6] not in shown, shown
        assert HIDDEN in shown
        if deep != said:
            json.loads(shown)


@pytest.mark.parametrize("beginning", BY_FORM)
def test_a_key_is_hidden_by_its_form(beginning: str) -> None:
    key = beginning + SECRET
    assert without_keys(f"is {key} right?") == f"is {HIDDEN} right?"
    assert header_without_keys("x-any", key) == HIDDEN
    assert path_without_keys(f"/v1/{key}/x") == f"/v1/{HIDDEN}/x"
    assert path_without_keys(f"/v1/%{ord(key[0]):02x}{key[1:]}/x") == f"/v1/{HIDDEN}/x"
    assert query_without_keys(f"a=1&b={key}&c") == f"a=1&b={HIDDEN}&c"


SHORT = [
    "sk-test-12345",
    "sk-ant-some-key",
    "Bearer my-token-1",
    "authorization: Bearer abc",
    "x-api-key: abc",
    '"x-api-key": "a"',
    "API_KEY=abc",
]


@pytest.mark.parametrize("text", SHORT)
def test_short_keys_as_people_make_them_up_are_hidden(text: str) -> None:
    key = re.split("[ =]", text)[-1].strip('"')
    assert key not in without_keys(text).replace("x-api-key", "")


@pytest.mark.parametrize("text", KEPT)
def test_other_texts_are_left_as_they_are(text: str) -> None:
    assert without_keys(text) == text


@pytest.mark.parametrize("name", ["key", "api%5Fkey", "access_token", "subscription-key", "sig", "X-Amz-Signature"])
def test_the_values_of_parameters_with_keys_are_hidden(name: str) -> None:
    assert query_without_keys(f"a=b&{name}={SECRET}&page=2") == f"a=b&{name}={HIDDEN}&page=2"


@pytest.mark.parametrize("name", ["helicone-auth", "cf-aig-authorization", "x-portkey-api-key", "x-functions-key"])
def test_the_values_of_headers_with_keys_are_hidden(name: str) -> None:
    assert header_without_keys(name, "any") == HIDDEN
    assert header_without_keys(f"{name}-count", "any") == "any"
    assert header_without_keys("idempotency-key", "any") == "any"


INNER = st.recursive(
    st.text("ab\"'\\\n/{}: =", max_size=9),
    lambda inner: st.dictionaries(st.sampled_from(["text", "api_key", "password"]), inner) | inner.map(json.dumps),
    max_leaves=6,
)


@given(INNER, st.text("\"'\\ab /", max_size=9))
def test_json_without_keys_is_json(value: Any, around: str) -> None:
    body = {"x": value, "note": json.dumps({"secret_key": around + SECRET, "y": around}), "end": "kept"}
    shown = without_keys(json.dumps(body))
    assert SECRET not in shown
    assert json.loads(shown)["end"] == "kept"


@pytest.mark.parametrize(
    "unit", ['"', "\\", "pa-", "eyJ-", '"a_', '"api_key":"', "token:", "://a:", "Bearer a", "'", "x-"]
)
def test_the_work_to_find_keys_is_bounded(unit: str) -> None:
    body = (unit * bounds.MAX_RECORDED_BODY)[: bounds.MAX_RECORDED_BODY]
    begun = time.thread_time()
    without_keys(body)
    assert time.thread_time() - begun < 3


def test_escapes_show_what_would_not_be_seen() -> None:
    shown = readable(b'{"a": "\\u202e \\u001b \xc2\x9b \xc3\xa4 \xf3\xa0\x81\xa1"}', str)
    assert shown == '{\n  "a": "\\u202e \\u001b \\u009b ä \\udb40\\udc61"\n}'
    assert visible("a\u202eb\x1b\r\n\tä") == "a⟨U+202E⟩b⟨U+001B⟩⟨U+000D⟩\n\tä"


def test_a_key_is_not_left_at_the_end_of_a_body_full_of_keys() -> None:
    key = "0123456789" * 4
    body = (key.encode() + b" ") * bounds.MAX_RECORDED_BODY
    for shift in (0, 7, 23):
        kept = body[shift : shift + bounds.MAX_RECORDED_BODY + bounds.MAX_GIVEN_KEY]
        assert key[:9] not in readable(kept, masker(key))[len(key) :]


def test_no_part_of_a_key_is_left_where_a_body_is_cut() -> None:
    key = "0123456789" * 4
    for shift in range(len(key)):
        body = b"x" * (bounds.MAX_RECORDED_BODY - shift) + key.encode()
        assert key[:4] not in readable(body[: bounds.MAX_RECORDED_BODY + bounds.MAX_GIVEN_KEY], masker(key))


@pytest.mark.parametrize("depth", [100, 5000, 100_000])
def test_deeply_nested_bodies_are_shown_as_they_are(depth: int) -> None:
    nested = '{"messages": ' + "[" * depth + "]" * depth + "}"
    assert readable(nested.encode(), str).startswith('{"messages": [[')
    assert request_messages(nested) == []
    assert reply_messages(nested) == []
    assert "curl" in curl_and_python("POST", "/v1/messages", "", {}, nested)["curl"]


@pytest.mark.parametrize("body", ["", "null", "[]", '"x"', "1", '{"messages": 1}', '{"input": [1, null]}', "\ud800"])
def test_any_body_has_some_messages_or_none(body: str) -> None:
    for role, said in [*request_messages(body), *reply_messages(body)]:
        assert isinstance(role, str)
        assert isinstance(said, str)


EVENTS: list[dict[str, Any]] = [
    {"choices": [{"delta": {"content": "a"}}]},
    {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "b"}},
    {"type": "response.output_text.delta", "delta": "c"},
    {"choices": []},
    {"delta": None},
]


def test_the_pieces_of_a_stream_are_put_together() -> None:
    stream = "".join(f"event: x\ndata: {json.dumps(event)}\n\n" for event in EVENTS) + "data: [DONE]\n\n"
    assert reply_messages(stream) == [("assistant", "abc")]
    whole = {"output": [{"type": "message", "content": [{"type": "output_text", "text": "hi"}]}]}
    assert reply_messages(json.dumps(whole)) == [("assistant", "hi")]
    asked = {"system": "s", "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}
    assert request_messages(json.dumps(asked)) == [("system", "s"), ("user", "hi")]


WEATHER = {"type": "object", "properties": {"city": {"const": "Oslo"}}, "required": ["city"]}
CALLING: dict[str, dict[str, Any]] = {
    "chat/completions": {
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"type": "function", "function": {"name": "weather", "parameters": WEATHER}}],
        "tool_choice": "required",
    },
    "messages": {
        "max_tokens": 99,
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"name": "weather", "input_schema": WEATHER}],
        "tool_choice": {"type": "any"},
    },
    "responses": {
        "input": "hi",
        "tools": [{"type": "function", "name": "weather", "parameters": WEATHER}],
        "tool_choice": "required",
    },
}


@pytest.fixture(scope="module")
def gateway() -> Iterator[LocalTo11]:
    with LocalTo11(seed=1) as to11:
        yield to11


def reply_of(gateway: LocalTo11, path: str, body: dict[str, Any]) -> str:
    headers = {"x-to11-authorization": f"Bearer {gateway.api_key}", "x-to11-project-id": gateway.project_id}
    content = json.dumps({"model": "gpt-5-mini", **body}).encode()
    request = Request(f"{gateway.gateway_url}/{path}", content, {**headers, "content-type": "application/json"})
    with build_opener(ProxyHandler({})).open(request, timeout=60) as reply:
        return str(reply.read().decode())


@pytest.mark.parametrize("path", CALLING)
@pytest.mark.parametrize("stream", [False, True])
def test_the_messages_of_each_format_are_found(gateway: LocalTo11, path: str, *, stream: bool) -> None:
    body = {**CALLING[path], "stream": stream}
    assert reply_messages(reply_of(gateway, path, body)) == [("tool call", 'weather {"city": "Oslo"}')]
    without = {name: value for name, value in body.items() if not name.startswith("tool")}
    text = "one\u2028two\x85three"
    without["input" if path == "responses" else "messages"] = [{"role": "user", "content": text}]
    assert reply_messages(reply_of(gateway, path, without)) == [("assistant", f"echo: {text}")]


def test_the_choices_of_a_stream_are_kept_apart(gateway: LocalTo11) -> None:
    body = {"messages": [{"role": "user", "content": "hi there"}], "n": 2, "stream": True}
    assert reply_messages(reply_of(gateway, "chat/completions", body)) == [
        ("assistant", "echo: hi there"),
        ("assistant", "echo: hi there (2)"),
    ]


def test_text_and_tool_calls_of_one_message_are_both_shown() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message = {"role": "assistant", "content": "so", "tool_calls": [call]}
    both_shown = [("assistant", "so"), ("tool call", "f {}")]
    assert request_messages(json.dumps({"messages": [message]})) == both_shown
    assert reply_messages(json.dumps({"choices": [{"message": message}]})) == both_shown
    blocks = [{"type": "thinking", "thinking": "t"}, {"type": "tool_use", "name": "f", "input": {}}]
    assert reply_messages(json.dumps({"content": blocks})) == [("reasoning", "t"), ("tool call", "f {}")]


class Echo:
    """An application that answers with the body, and fails if it is empty."""

    max_body = 5

    def __call__(self, request: HttpRequest) -> HttpReply:
        if not request.body:
            raise ConnectionAbortedError
        return HttpReply(200, {"x-to11-request-id": "r"}, request.body)


def test_a_recording_ends_by_itself_and_leaves_nothing() -> None:
    now = [0.0]
    plain: Application = Echo()
    watched: list[Any] = [None]
    recording = Recording(lambda wrap: watched.__setitem__(0, wrap), lambda: 0.0, lambda: now[0])
    request = HttpRequest("POST", Target("/x", ""), {"authorization": "Bearer k", "a": "b"}, b"hello", NEVER)
    assert (recording.is_on, watched) == (False, [None])
    recording.start()
    application = watched[0](plain)
    assert application.max_body == 5
    assert application(request).body == b"hello"
    with pytest.raises(ConnectionAbortedError):
        application(request._replace(body=b""))
    failed, answered = recording.calls()
    assert (failed.status, failed.latency_ms is None) == (None, False)
    assert (answered.headers, bytes(answered.reply)) == ({"authorization": "***", "a": "b"}, b"hello")
    assert recording.of_request("r") is answered
    now[0] += bounds.RECORDING_S - 1
    recording.prolong()
    now[0] += bounds.RECORDING_S - 1
    assert recording.is_on
    now[0] += 1
    assert application(request).body == b"hello"  # a call that began before
    assert (recording.is_on, recording.calls(), watched) == (False, [], [None])
    recording.prolong()
    assert not recording.is_on


def test_a_recording_that_ends_during_a_call_fails_nothing_and_keeps_nothing() -> None:
    others: list[Thread] = []

    def timer() -> float:
        if watched:  # at the next look at the clock somebody stops the recording
            others.append(Thread(target=recording.stop))
            others[-1].start()
            others[-1].join(0.2)
        return 0.0

    watched: list[Any] = []
    recording = Recording(watched.append, lambda: 0.0, timer)
    recording.start()
    application = watched[0](Echo())
    request = HttpRequest("POST", Target("/x", ""), {}, b"hello", NEVER)
    for _ in range(3):
        assert application(request).body == b"hello"
    for other in others:
        other.join()
    assert others
    assert (recording.begin(request), recording.calls(), recording.is_on) == (None, [], False)


def test_a_stream_is_recorded_as_it_is_sent() -> None:
    class Parts:
        closed = False

        def __iter__(self) -> Iterator[bytes]:
            yield b"a"
            yield b"b" * 2 * bounds.MAX_RECORDED_BODY

        def close(self) -> None:
            self.closed = True

    parts = Parts()
    wraps: list[Any] = []
    recording = Recording(wraps.append, lambda: 0.0)
    recording.start()
    body = wraps[0](lambda request: HttpReply(200, {}, parts))(HttpRequest("GET", Target("/", ""), {}, b"", NEVER)).body
    (call,) = recording.calls()
    sent = iter(body)
    assert (next(sent), bytes(call.reply), call.latency_ms) == (b"a", b"a", None)
    assert len(next(sent)) == 2 * bounds.MAX_RECORDED_BODY
    assert len(call.reply) == bounds.MAX_RECORDED_BODY + bounds.MAX_GIVEN_KEY
    body.close()
    assert (parts.closed, call.latency_ms is None) == (True, False)


@pytest.mark.parametrize("module", ["jinja2", "templates"])
def test_without_what_it_needs_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    from to11ai_sdk.local.inspector import pages, templating

    if module == "jinja2":
        monkeypatch.setitem(sys.modules, pages.__name__, None)
    else:
        monkeypatch.setattr(templating, "files", lambda package: Path("/nowhere"))
    with LocalTo11() as to11:
        reply = Visitor(to11.base_url).get("/")
        assert (reply.status, "pip install 'to11ai-sdk[local]'" in reply.text) == (503, True)
        assert "default-src 'none'" in reply.headers["content-security-policy"]
