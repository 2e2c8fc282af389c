"""Replies and errors, literally, as the providers' public formats have them."""

from __future__ import annotations

from typing import Any

import pytest
from formats_samples import NAMES, NOW, collect, numbered_formats

from to11ai_sdk.local.gateway.formats import FORMATS, FormatError, deltas_of, formats, read_error
from to11ai_sdk.local.gateway.formats.neutral import (
    ChatReply,
    ChatRequest,
    Error,
    PartStop,
    RedactedThinking,
    Refusal,
    Sampling,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    Usage,
)

CHAT, RESPONSES, ANTHROPIC = NAMES

# The answers on the page of the gateway's API.
CHAT_SAMPLE: dict[str, Any] = {
    "id": "chatcmpl-abc123",
    "object": "chat.completion",
    "model": "gpt-4o",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Paris."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 14, "completion_tokens": 3, "total_tokens": 17},
}
ANTHROPIC_SAMPLE: dict[str, Any] = {
    "id": "msg-abc123",
    "type": "message",
    "role": "assistant",
    "content": [{"type": "text", "text": "Hello!"}],
    "model": "claude-sonnet-4-6",
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 10, "output_tokens": 5},
}


def translated(body: dict[str, Any], source: str, target: str) -> dict[str, Any]:
    forms = numbered_formats()
    return forms[target].write_reply(forms[source].read_reply(body))


def test_an_openai_answer_for_an_anthropic_caller() -> None:
    assert translated(CHAT_SAMPLE, CHAT, ANTHROPIC) == {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "gpt-4o",
        "content": [{"type": "text", "text": "Paris."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 14, "output_tokens": 3},
    }


def test_an_anthropic_answer_for_an_openai_caller() -> None:
    assert translated(ANTHROPIC_SAMPLE, ANTHROPIC, CHAT) == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": NOW,
        "model": "claude-sonnet-4-6",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello!", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 15,
            "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }


def test_an_id_of_the_right_family_stays() -> None:
    assert translated(CHAT_SAMPLE, CHAT, CHAT)["id"] == "chatcmpl-abc123"
    assert translated(ANTHROPIC_SAMPLE, ANTHROPIC, ANTHROPIC)["id"] == "msg-abc123"


def test_a_response_repeats_what_was_asked_and_what_was_not() -> None:
    request = ChatRequest(
        "gpt-4o",
        (),
        tools=(Tool("w", "Weather", {"type": "object"}),),
        tool_choice=ToolChoice("tool", "w"),
        sampling=Sampling(max_tokens=9, temperature=0.5),
    )
    reply = ChatReply(
        "resp_a", "gpt-4o", (Thinking("hmm", "proof"), Text("Hi"), Refusal("No."), ToolCall("c1", "w", "{}"))
    )
    response = numbered_formats()[RESPONSES].write_reply(reply, request)
    assert response.pop("output") == [
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "hmm"}],
            "encrypted_content": "proof",
        },
        {
            "id": "msg_2",
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [
                {"type": "output_text", "annotations": [], "logprobs": [], "text": "Hi"},
                {"type": "refusal", "refusal": "No."},
            ],
        },
        {"id": "fc_3", "type": "function_call", "status": "completed", "call_id": "c1", "name": "w", "arguments": "{}"},
    ]
    assert response == {
        "id": "resp_a",
        "object": "response",
        "created_at": NOW,
        "status": "completed",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": 9,
        "model": "gpt-4o",
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": False,
        "temperature": 0.5,
        "text": {"format": {"type": "text"}},
        "tool_choice": {"type": "function", "name": "w"},
        "tools": [
            {
                "type": "function",
                "name": "w",
                "description": "Weather",
                "parameters": {"type": "object"},
                "strict": False,
            }
        ],
        "top_p": None,
        "truncation": "disabled",
        "usage": None,
        "user": None,
        "metadata": {},
    }


STOPS = [
    ("end_turn", "stop", ("completed", None), "end_turn"),
    ("max_tokens", "length", ("incomplete", "max_output_tokens"), "max_tokens"),
    ("stop_sequence", "stop", ("completed", None), "stop_sequence"),
    ("tool_use", "tool_calls", ("completed", None), "tool_use"),
    ("refusal", "content_filter", ("incomplete", "content_filter"), "refusal"),
]


@pytest.mark.parametrize(("stop", "chat", "responses", "anthropic"), STOPS, ids=[row[0] for row in STOPS])
def test_stop_reasons(stop: Any, chat: str, responses: tuple[str, str | None], anthropic: str) -> None:
    reply, forms = ChatReply(None, "m", (Text("x"),), stop), numbered_formats()
    assert forms[CHAT].write_reply(reply)["choices"][0]["finish_reason"] == chat
    response = forms[RESPONSES].write_reply(reply)
    reason = response["incomplete_details"] and response["incomplete_details"]["reason"]
    assert (response["status"], reason) == responses
    assert forms[ANTHROPIC].write_reply(reply)["stop_reason"] == anthropic


@pytest.mark.parametrize(
    ("word", "stop"),
    [("pause_turn", "end_turn"), ("model_context_window_exceeded", "max_tokens"), ("new", "end_turn")],
)
def test_stop_reasons_that_only_anthropic_has(word: str, stop: str) -> None:
    assert numbered_formats()[ANTHROPIC].read_reply({**ANTHROPIC_SAMPLE, "stop_reason": word}).stop == stop


def test_a_reply_that_calls_a_tool_ends_for_that_even_if_the_provider_says_stop() -> None:
    call = {"id": "", "type": "function", "function": {"name": "w", "arguments": '{"in": "Paris"}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    body = {**CHAT_SAMPLE, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    assert translated(body, CHAT, ANTHROPIC)["stop_reason"] == "tool_use"
    assert translated(body, CHAT, ANTHROPIC)["content"] == [
        {"type": "tool_use", "id": "call_1", "name": "w", "input": {"in": "Paris"}}
    ]


def test_usage_counts_cached_input_where_each_format_does() -> None:
    usage = {
        "input_tokens": 10,
        "cache_creation_input_tokens": 2,
        "cache_read_input_tokens": 30,
        "output_tokens": 7,
        "output_tokens_details": {"thinking_tokens": 4},
    }
    body = {**ANTHROPIC_SAMPLE, "usage": usage}
    assert translated(body, ANTHROPIC, ANTHROPIC)["usage"] == usage
    assert translated(body, ANTHROPIC, CHAT)["usage"] == {
        "prompt_tokens": 42,
        "completion_tokens": 7,
        "total_tokens": 49,
        "prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 4},
    }
    assert translated(body, ANTHROPIC, RESPONSES)["usage"] == {
        "input_tokens": 42,
        "input_tokens_details": {"cache_write_tokens": 2, "cached_tokens": 30},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 4},
        "total_tokens": 49,
    }


def test_thinking_is_kept_for_anthropic_carried_in_responses_and_dropped_in_chat() -> None:
    thoughts = [
        {"type": "thinking", "thinking": "hmm", "signature": "proof"},
        {"type": "redacted_thinking", "data": "secret"},
    ]
    body = {**ANTHROPIC_SAMPLE, "content": [*thoughts, *ANTHROPIC_SAMPLE["content"]]}
    assert translated(body, ANTHROPIC, ANTHROPIC)["content"] == body["content"]
    carried = translated(body, ANTHROPIC, RESPONSES)["output"][:2]
    assert [item["summary"] for item in carried] == [[{"type": "summary_text", "text": "hmm"}], []]
    assert [item["encrypted_content"] for item in carried] == [
        "to11:anthropic_messages:::proof",
        "to11:redacted_thinking:::secret",
    ]
    assert translated(body, ANTHROPIC, CHAT)["choices"][0]["message"]["content"] == "Hello!"


def test_thoughts_of_a_compatible_server_reach_an_anthropic_caller() -> None:
    message = {"role": "assistant", "content": "Paris.", "reasoning_content": "France..."}
    body = {**CHAT_SAMPLE, "choices": [{"message": message, "finish_reason": "stop"}]}
    assert translated(body, CHAT, ANTHROPIC)["content"] == [
        {"type": "thinking", "thinking": "France...", "signature": "to11:reasoning_content:::"},
        {"type": "text", "text": "Paris."},
    ]


def test_refusals() -> None:
    message = {"role": "assistant", "content": None, "refusal": "I can't help with that."}
    body = {**CHAT_SAMPLE, "choices": [{"message": message, "finish_reason": "stop"}]}
    sent = translated(body, CHAT, ANTHROPIC)
    assert (sent["content"], sent["stop_reason"]) == ([{"type": "text", "text": message["refusal"]}], "refusal")
    assert translated(body, CHAT, CHAT)["choices"][0]["message"] == message
    details = {"type": "refusal", "category": "cyber", "explanation": "Not this."}
    body = {**ANTHROPIC_SAMPLE, "content": [], "stop_reason": "refusal", "stop_details": details}
    choice = translated(body, ANTHROPIC, CHAT)["choices"][0]
    assert choice["message"] == {"role": "assistant", "content": None, "refusal": "Not this."}
    assert choice["finish_reason"] == "content_filter"


def test_blocks_and_items_of_other_kinds_are_left_out() -> None:
    search = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
    empty = {"type": "text", "text": ""}
    body = {**ANTHROPIC_SAMPLE, "content": [search, empty, *ANTHROPIC_SAMPLE["content"]]}
    assert numbered_formats()[ANTHROPIC].read_reply(body).parts == (Text("Hello!"),)
    audio = {"type": "audio"}
    message = {"type": "message", "content": [audio, {"type": "output_text", "text": "Hi"}]}
    body = {"id": "resp_1", "model": "m", "output": [{"type": "web_search_call"}, message], "created_at": 7.9}
    reply = numbered_formats()[RESPONSES].read_reply(body)
    assert (reply.parts, reply.created) == ((Text("Hi"),), 7)


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        (CHAT, {}, "choices: there is no reply: the provider gave no reason"),
        (CHAT, {"choices": [{}]}, "choices: there is no reply"),
        (CHAT, {"choices": [], "error": {"message": "Oops"}}, "choices: there is no reply: Oops"),
        (CHAT, {"choices": [{"message": []}]}, "choices: there is no reply"),
        (CHAT, {"choices": [{"message": {"tool_calls": [{"id": "c", "function": {"arguments": "{}"}}]}}]}, "no name"),
        (CHAT, {"choices": [{"error": {"message": "Oops"}, "message": {"content": ""}}]}, "there is no reply: Oops"),
        (CHAT, {"choices": [{"message": {"content": None}}], "error": {"message": "Oops"}}, "there is no reply: Oops"),
        (RESPONSES, {"status": "failed", "error": {"code": "server_error", "message": "Oops"}}, "no whole reply: Oops"),
        (RESPONSES, {"status": "queued"}, "output: there is no whole reply"),
        (RESPONSES, {"error": {"message": "Oops"}}, "output: there is no whole reply: Oops"),
        (ANTHROPIC, {}, "content: there is no reply: the provider gave no reason"),
        (ANTHROPIC, {"type": "error", "error": {"message": "Oops"}, "content": []}, "there is no reply: Oops"),
        (ANTHROPIC, {"content": [{"type": "tool_use", "id": "t", "input": {}}]}, "content.0.name: is missing"),
        (RESPONSES, {"output": [], "error": {"message": "Oops"}}, "there is no whole reply: Oops"),
    ],
)
def test_malformed_replies(name: str, body: dict[str, Any], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        numbered_formats()[name].read_reply(body)


def test_a_reply_without_usage_counts_nothing_for_anthropic() -> None:
    assert numbered_formats()[ANTHROPIC].write_reply(ChatReply(None, "m", ()))["usage"] == {
        "input_tokens": 0,
        "output_tokens": 0,
    }


def test_a_reply_becomes_a_stream_and_again_a_reply() -> None:
    reply = ChatReply(
        "x", "m", (Thinking("a", "s"), RedactedThinking("d"), ToolCall("c", "f", ""), Text("b")), usage=Usage(1)
    )
    assert collect(deltas_of(reply)) == reply
    assert list(deltas_of(reply)).count(PartStop()) == 4


def test_real_ids_and_times() -> None:
    assert set(FORMATS) == set(NAMES)
    bodies = [FORMATS[CHAT].write_reply(ChatReply(None, "m", ())) for _ in range(2)]
    assert bodies[0]["id"] != bodies[1]["id"]
    assert bodies[0]["id"].startswith("chatcmpl-")
    assert bodies[0]["created"] > NOW
    assert formats(lambda prefix: f"{prefix}0")[ANTHROPIC].write_reply(ChatReply(None, "m", ()))["id"] == "msg_0"


ERRORS: list[tuple[int, str | None, str, str]] = [
    (400, None, "invalid_request_error", "invalid_request_error"),
    (401, None, "authentication_error", "authentication_error"),
    (402, None, "insufficient_quota", "billing_error"),
    (403, None, "permission_error", "permission_error"),
    (404, None, "invalid_request_error", "not_found_error"),
    (409, None, "invalid_request_error", "invalid_request_error"),
    (413, None, "invalid_request_error", "request_too_large"),
    (422, None, "invalid_request_error", "invalid_request_error"),
    (429, None, "rate_limit_error", "rate_limit_error"),
    (500, None, "server_error", "api_error"),
    (502, None, "server_error", "api_error"),
    (503, None, "server_error", "overloaded_error"),
    (504, None, "server_error", "timeout_error"),
    (529, None, "server_error", "overloaded_error"),
    (404, "not_found_error", "invalid_request_error", "not_found_error"),
    (429, "insufficient_quota", "insufficient_quota", "rate_limit_error"),
]


@pytest.mark.parametrize(("status", "given", "openai", "anthropic"), ERRORS)
def test_error_bodies(status: int, given: str | None, openai: str, anthropic: str) -> None:
    inner = {"message": "Oops", "type": openai, "param": None, "code": "c"}
    assert FORMATS[CHAT].error_body(given, "c", "Oops", status) == {"error": inner}
    assert FORMATS[RESPONSES].error_body(given, None, "Oops", status) == {"error": {**inner, "code": None}}
    inner = {"type": anthropic, "message": "Oops"}
    assert FORMATS[ANTHROPIC].error_body(given, None, "Oops", status) == {"type": "error", "error": inner}
    assert FORMATS[ANTHROPIC].error_body(given, "c", "Oops", status)["error"] == {**inner, "code": "c"}


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (
            {"error": {"message": "No key", "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}},
            401,
            Error("invalid_request_error", "invalid_api_key", "No key", 401),
        ),
        (
            {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
            None,
            Error("overloaded_error", None, "Overloaded", 529),
        ),
        ({"code": "rate_limit_exceeded", "message": "Slow"}, None, Error(None, "rate_limit_exceeded", "Slow", 429)),
        ({"error": "model not found"}, 404, Error(None, None, "model not found", 404)),
        ("Bad gateway", 502, Error(None, None, "Bad gateway", 502)),
        ({"error": {"code": 42}}, None, Error(None, None, "the provider gave no reason", 500)),
        (None, 500, Error(None, None, "the provider gave no reason", 500)),
    ],
)
def test_errors_of_providers_are_read(body: Any, status: int | None, error: Error) -> None:
    assert read_error(body, status) == error
