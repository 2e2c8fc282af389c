from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from echo_harness import CLAUDE, GPT, ask, chat, events, message, provider, read, said, send

from to11ai_sdk.local.gateway import echo
from to11ai_sdk.local.gateway.provider import UnreachableError, UpstreamReply

KINDS = ["chat", "responses", "messages"]


def failed(dialect: str, status: int, directives: str = "") -> tuple[UpstreamReply, Any]:
    kind = "messages" if dialect == "anthropic" else "chat"
    reply = ask(kind, f"hi [[echo:status={status} {directives}]]")
    return reply, read(reply)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [*range(400, 430), 451, 500, 501, 502, 503, 504, 529, 599])
def test_every_status(kind: str, status: int) -> None:
    assert ask(kind, f"[[echo:status={status}]]").status == status
    model = f"echo-status-{status}"
    assert ask(kind, model=model).status == status


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, "invalid_request_error", None),
        (401, "invalid_request_error", "invalid_api_key"),
        (404, "invalid_request_error", None),
        (429, "requests", "rate_limit_exceeded"),
        (500, "server_error", None),
        (503, "server_error", None),
    ],
)
def test_an_error_of_openai(status: int, kind: str, code: str | None) -> None:
    _, body = failed("openai", status)
    text = f"echo: status {status}, as the request asked for."
    assert body == {"error": {"message": text, "type": kind, "param": None, "code": code}}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (402, "billing_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ],
)
def test_an_error_of_anthropic(status: int, kind: str) -> None:
    reply, body = failed("anthropic", status)
    text = f"echo: status {status}, as the request asked for."
    assert body == {"type": "error", "error": {"type": kind, "message": text}, "request_id": "req_1"}
    assert reply.headers["content-length"] == str(len(json.dumps(body, separators=(",", ":"))))


def test_an_error_of_cohere() -> None:
    body = {"model": "rerank-v3.5", "query": "x [[echo:status=500]]", "documents": ["a"]}
    reply = send(provider("cohere"), "/rerank", body)
    assert (reply.status, read(reply)) == (
        500,
        {"id": "req_1", "message": "echo: status 500, as the request asked for."},
    )


def test_a_code() -> None:
    _, body = failed("openai", 429, "code=insufficient_quota")
    assert (body["error"]["type"], body["error"]["code"]) == ("insufficient_quota", "insufficient_quota")
    assert failed("anthropic", 400, "code=overloaded_error")[1]["error"]["type"] == "overloaded_error"


@pytest.mark.parametrize(
    ("text", "status", "seconds"),
    [
        ("[[echo:retry-after=7]]", 429, "7"),
        ("[[echo:status=503 retry-after=0.5]]", 503, "0.5"),
        ("[[echo:status=503;retry-after=2]]", 503, "2"),
        ("[[echo:status=503]] and [[echo:retry-after=2]]", 503, "2"),
        ("[[echo:status=503]]", 503, None),
    ],
)
def test_retry_after(text: str, status: int, seconds: str | None) -> None:
    reply = ask("chat", text)
    assert (reply.status, reply.headers.get("retry-after")) == (status, seconds)


@pytest.mark.parametrize("model", ["echo-retry-after-7", "echo-status-503", "echo", "echo-slow-0.5", "echo-cut"])
def test_models_of_its_own(model: str) -> None:
    waits: list[float] = []
    reply = ask("chat", model=model, echo=provider(sleep=waits.append))
    assert reply.status == {"echo-retry-after-7": 429, "echo-status-503": 503}.get(model, 200)


@pytest.mark.parametrize(
    "model", ["echo-", "echo-what", "echo-status", "echo-status-200", "echo-cut-1", "xecho", "echo\n"]
)
def test_other_models_are_unknown(model: str) -> None:
    assert ask("chat", model=model).status == 404


@pytest.mark.parametrize(
    "text",
    ["[[echo:]]", "[[echo:status=200]]", "[[echo:what]]", "[[echo:cut=1]]", "[[echo:say64=%]]", "[[echo:code=]]"],
)
def test_what_is_not_understood_is_no_directive(text: str) -> None:
    assert said("chat", f"hi {text}") == "echo: hi"


def test_a_marker_may_be_meant_for_another_provider() -> None:
    body = chat("hi [[echo@xai:status=500]]")
    assert send(provider(name="xai"), "/chat/completions", body).status == 500
    assert send(provider(name="openai"), "/chat/completions", body).status == 200


def test_only_the_last_words_of_the_user_count() -> None:
    messages = [
        {"role": "user", "content": "[[echo:status=500]]"},
        {"role": "assistant", "content": "sorry [[echo:status=500]]"},
        {"role": "user", "content": "again"},
    ]
    assert send(provider(), "/chat/completions", {"model": GPT, "messages": messages}).status == 200


def test_failing_a_number_of_times() -> None:
    echo = provider()
    body = chat("hi [[echo:status=503 retry-after=1 times=2]]")
    assert [send(echo, "/chat/completions", body).status for _ in range(4)] == [503, 503, 200, 200]
    other = chat("ho [[echo:status=503 times=1]]")
    assert [send(echo, "/chat/completions", other).status for _ in range(2)] == [503, 200]


@pytest.mark.parametrize("kind", KINDS)
def test_unreachable(kind: str) -> None:
    with pytest.raises(UnreachableError, match="connection refused"):
        ask(kind, "[[echo:unreachable]]")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stream", [True, False])
def test_cut(kind: str, stream: bool) -> None:
    whole = list(ask(kind, "one two three", stream=stream).body)
    reply = ask(kind, "one two three [[echo:cut]]", stream=stream)
    arrived: list[bytes] = []
    with pytest.raises(UnreachableError, match="broke"):
        arrived.extend(reply.body)
    assert arrived
    assert len(b"".join(arrived)) < len(b"".join(whole))
    if not stream:
        assert int(reply.headers["content-length"]) > len(b"".join(arrived))


@pytest.mark.parametrize("kind", KINDS)
def test_a_malformed_reply(kind: str) -> None:
    reply = ask(kind, "[[echo:malformed]]")
    body = b"".join(reply.body)
    assert (reply.status, reply.headers["content-length"]) == (200, str(len(body)))
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(body)


@pytest.mark.parametrize("kind", KINDS)
def test_a_malformed_stream(kind: str) -> None:
    chunks = list(ask(kind, "one two three [[echo:malformed]]", stream=True).body)
    assert chunks.count(b"data: {malformed\n\n") == 1
    assert chunks[0] != b"data: {malformed\n\n" != chunks[-1]


def test_an_error_event() -> None:
    text = "echo: the stream broke, as the request asked for."
    marked = "one two three [[echo:error-event]]"
    error = {"message": text, "type": "server_error", "param": None, "code": None}
    assert events(ask("chat", marked, stream=True))[-1] == {"error": error}
    last = events(ask("messages", marked, stream=True))[-1]
    assert last == {"type": "error", "error": {"type": "overloaded_error", "message": text}}
    *before, last = events(ask("responses", marked, stream=True))
    assert last["sequence_number"] == len(before)
    assert (last["type"], last["code"], last["message"]) == ("error", "server_error", text)


def test_an_error_event_without_a_stream() -> None:
    assert ask("chat", "[[echo:error-event]]").status == 500


def test_slow() -> None:
    waits: list[float] = []
    reply = ask("chat", "one two [[echo:slow=0.5]]", stream=True, echo=provider(sleep=waits.append))
    assert waits == []
    chunks = list(reply.body)
    assert waits == [0.5] * len(chunks)


def test_slower_than_the_time_limit() -> None:
    waits: list[float] = []
    echo = provider(sleep=waits.append)
    with pytest.raises(UnreachableError, match="no answer within 2 s"):
        send(echo, "/chat/completions", chat("[[echo:slow=3]]"), timeout_s=2.0)
    assert waits == [2.0]


def test_a_stream_can_be_closed() -> None:
    waits: list[float] = []
    reply = ask("messages", "one two [[echo:slow=1]]", stream=True, echo=provider("anthropic", sleep=waits.append))
    next(reply.body)
    reply.body.close()  # type: ignore[attr-defined]
    assert (list(reply.body), waits) == ([], [1.0])


@pytest.mark.parametrize("kind", KINDS)
def test_what_to_say(kind: str) -> None:
    encoded = base64.urlsafe_b64encode("My SSN is 123-45-6789 ≥".encode()).decode()
    assert said(kind, f"hi [[echo:say64={encoded}]]") == "My SSN is 123-45-6789 ≥"
    assert said(kind, f"hi [[echo:say64={encoded.rstrip('=')}]]") == "My SSN is 123-45-6789 ≥"


@pytest.mark.parametrize("kind", KINDS)
def test_the_request_itself(kind: str) -> None:
    asked = json.loads(said(kind, "[[echo:request]]"))
    assert asked["model"] == (CLAUDE if kind == "messages" else GPT)
    assert "[[echo:request]]" in json.dumps(asked)


def test_repeating() -> None:
    assert said("chat", "hi [[echo:repeat=3]]") == "echo: hi echo: hi echo: hi"
    assert 1_000_000 < len(said("chat", "hi [[echo:repeat=999999]]")) < 1_000_100


def test_markers_work_with_every_endpoint() -> None:
    echo, marker = provider(), "x [[echo:status=418]]"
    bodies: dict[str, Any] = {
        "/embeddings": {"model": "text-embedding-3-small", "input": ["a", marker]},
        "/images/generations": {"model": "dall-e-3", "prompt": marker},
        "/audio/speech": {"model": "tts-1", "voice": "alloy", "input": marker},
        "/rerank": {"model": "rerank-1", "query": marker, "documents": []},
    }
    assert {path: send(echo, path, body).status for path, body in bodies.items()} == dict.fromkeys(bodies, 418)
    assert send(provider("anthropic"), "/messages/count_tokens", message(marker)).status == 418


def test_a_text_full_of_half_markers_is_read_in_one_pass() -> None:
    text = "[[echo:" * 100_000
    assert said("chat", text) == f"echo: {text}"


ROOT = Path(__file__).parents[3]
NUMBERS = ["status", "retry-after", "slow", "times", "repeat", "code", "say64"]
FLAGS = ["cut", "unreachable", "malformed", "error-event", "refuse", "request"]


@pytest.mark.parametrize("name", [f"`{name}=" for name in NUMBERS] + [f"`{name}`" for name in FLAGS])
@pytest.mark.parametrize("text", [echo.__doc__, (ROOT / "docs" / "echo.md").read_text("utf-8")])
def test_every_directive_is_told(name: str, text: str) -> None:
    assert name in text
