"""Each member of a request is translated, left out or refused by name; what a reader needlessly refuses is not sent."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from formats_samples import NAMES
from gateway_harness import Caller

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.gateway.formats import FORMATS, FormatError, Peer, formats
from to11ai_sdk.local.gateway.formats import members as tables

CHAT, RESPONSES, ANTHROPIC = NAMES
HELLO = [{"role": "user", "content": "Hello!"}]
OTHERS = Peer(name="up", is_openai=False, max_tokens_field="max_tokens")
TARGETS = {CHAT: (RESPONSES, ANTHROPIC), RESPONSES: (CHAT, ANTHROPIC), ANTHROPIC: (CHAT, RESPONSES)}
TABLES = {CHAT: tables.CHAT, RESPONSES: tables.RESPONSES, ANTHROPIC: tables.ANTHROPIC}
PDF = "data:application/pdf;base64,JVBERi0="


def asked(source: str, **members: Any) -> dict[str, Any]:
    own = {CHAT: {"messages": HELLO}, RESPONSES: {"input": HELLO}, ANTHROPIC: {"messages": HELLO, "max_tokens": 9}}
    return {"model": "m", **own[source], **members}


def translated(body: dict[str, Any], source: str, target: str, peer: Peer = Peer()) -> dict[str, Any]:  # noqa: B008
    return formats(peer=peer)[target].write_request(FORMATS[source].read_request(body))


def refused(body: dict[str, Any], source: str, target: str, peer: Peer = Peer()) -> str:  # noqa: B008
    with pytest.raises(FormatError) as error:
        translated(body, source, target, peer)
    return str(error.value)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (CHAT, {"frequency_penalty": 0.5}, "frequency_penalty: no other format has it: leave it out, or choose a model of"),
    (CHAT, {"presence_penalty": -1}, "presence_penalty: no other format has it"),
    (CHAT, {"logit_bias": {"50256": -100}}, "logit_bias: no other format has it"),
    (CHAT, {"logprobs": True}, "logprobs: no other format has it"),
    (CHAT, {"top_logprobs": 3}, "top_logprobs: no other format has it"),
    (CHAT, {"seed": 7}, "seed: no other format has it"),
    (CHAT, {"seed": 0}, "seed: no other format has it"),
    (CHAT, {"modalities": ["text", "audio"]}, "modalities: the reply would be no text"),
    (CHAT, {"audio": {"voice": "alloy", "format": "mp3"}}, "audio: the reply would be no text"),
    (CHAT, {"web_search_options": {}}, "web_search_options: no other format has it"),
    (CHAT, {"moderation": {"model": "omni-moderation-latest"}}, "moderation: no other format has it"),
    (
        CHAT,
        {"messages": [{"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}]},
        "messages.0.function_call: was replaced by tool_calls: use that",
    ),
    (
        CHAT,
        {"messages": [{"role": "assistant", "audio": {"id": "audio_1"}}]},
        "messages.0.audio: refers to what one provider keeps: send what was said as content",
    ),
    (CHAT, {"min_p": 0.1}, "min_p: is not known here: no other format has it: leave it out"),
    (RESPONSES, {"top_logprobs": 3}, "top_logprobs: no other format has it"),
    (RESPONSES, {"include": ["message.output_text.logprobs"]}, "include: logprobs: no other format has it"),
    (RESPONSES, {"background": True}, "background: is not supported here: wait for the reply, or stream it"),
    (RESPONSES, {"conversation": "conv_1"}, "conversation: refers to what one provider keeps: set store to false, and"),
    (RESPONSES, {"conversation": {"id": "conv_1"}}, "conversation: refers to what one provider keeps"),
    (RESPONSES, {"previous_response_id": "resp_1"}, "previous_response_id: refers to what one provider keeps: set sto"),
    (RESPONSES, {"prompt": {"id": "pmpt_1"}}, "prompt: refers to what one provider keeps"),
    (
        RESPONSES,
        {"context_management": [{"type": "compaction", "compact_threshold": 1000}]},
        "context_management: no other format has it",
    ),
    (RESPONSES, {"input": [{"type": "item_reference", "id": "msg_1"}]}, "input.0.type: 'item_reference' is not suppor"),
    (RESPONSES, {"input": [{"type": "item_reference", "id": "msg_1"}]}, "set store to false, and the client sends the"),
    (RESPONSES, {"seed": 7}, "seed: is not known here"),
    (ANTHROPIC, {"container": "container_1"}, "container: no other format has it"),
    (ANTHROPIC, {"container": {"skills": [{"type": "anthropic", "skill_id": "pptx"}]}}, "container: no other format"),
    (
        ANTHROPIC,
        {"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}},
        "context_management: no other format has it",
    ),
    (ANTHROPIC, {"context_management": {"edits": [{"type": "compact_20260112"}]}}, "context_management: no other"),
    (ANTHROPIC, {"compaction": {"type": "enabled"}}, "compaction: no other format has it"),
    (ANTHROPIC, {"inference_geo": "eu"}, "inference_geo: no other format has it"),
    (
        ANTHROPIC,
        {"thread": {"type": "create"}},
        "thread: the conversation would be forgotten: send all of its messages",
    ),
    (ANTHROPIC, {"output_format": {"type": "xml"}}, "output_format.type: 'xml' is not supported here"),
]


@pytest.mark.parametrize(("source", "members", "message"), REFUSED, ids=str)
def test_what_would_change_the_answer_is_refused_by_name(source: str, members: dict[str, Any], message: str) -> None:
    for target in TARGETS[source]:
        assert message in refused(asked(source, **members), source, target)


HARMLESS: list[tuple[str, dict[str, Any]]] = [
    (CHAT, {"frequency_penalty": 0, "presence_penalty": 0.0, "logit_bias": {}, "logprobs": False, "top_logprobs": 0}),
    (CHAT, {"n": 1, "stop": None, "seed": None, "audio": None, "modalities": ["text"], "functions": None}),
    (CHAT, {"store": True, "prediction": {"type": "content", "content": "x"}, "prompt_cache_retention": "24h"}),
    (CHAT, {"safe_prompt": False, "transforms": [], "repetition_penalty": None}),
    (CHAT, {"stop": [], "logit_bias": None, "tools": None, "response_format": None, "prompt_cache_options": {}}),
    (RESPONSES, {"store": True, "include": ["reasoning.encrypted_content"], "truncation": "auto", "max_tool_calls": 3}),
    (RESPONSES, {"background": False, "previous_response_id": None, "top_logprobs": 0, "context_management": []}),
    (RESPONSES, {"stream_options": {"include_obfuscation": False}, "client_metadata": {"a": "b"}, "prompt": None}),
    (ANTHROPIC, {"service_tier": "auto", "betas": ["x"], "anthropic_version": "2023-06-01", "speed": "standard"}),
    (ANTHROPIC, {"cache_control": {"type": "ephemeral"}, "container": None, "mcp_servers": [], "thread": None}),
    (ANTHROPIC, {"billing_policy": {"type": "billing_policy", "bill_to": "self"}, "compaction": None}),
    (ANTHROPIC, {"context_management": {"edits": []}, "inference_geo": "global", "stop_sequences": []}),
    (ANTHROPIC, {"context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}}),
]


@pytest.mark.parametrize(("source", "members"), HARMLESS, ids=str)
def test_what_means_nothing_is_left_out(source: str, members: dict[str, Any]) -> None:
    for target in TARGETS[source]:
        assert translated(asked(source, **members), source, target) == translated(asked(source), source, target)


@pytest.mark.parametrize("source", [CHAT, RESPONSES])
def test_what_clients_of_openai_always_send_reaches_claude_without_what_it_does_not_know(source: str) -> None:
    common = {"metadata": {"a": "b"}, "service_tier": "auto", "safety_identifier": "s", "prompt_cache_key": "k"}
    assert translated(asked(source, **common), source, ANTHROPIC) == translated(asked(source), source, ANTHROPIC)


def test_texts_that_end_the_reply_are_refused_where_there_is_no_place_for_them() -> None:
    assert refused(asked(CHAT, stop="END"), CHAT, RESPONSES).startswith("stop: the format of this model's provider has")
    assert refused(asked(ANTHROPIC, stop_sequences=["END"]), ANTHROPIC, RESPONSES).startswith(
        "stop: the format of this"
    )
    assert translated(asked(CHAT, stop=["END", ""]), CHAT, ANTHROPIC)["stop_sequences"] == ["END"]
    assert translated(asked(ANTHROPIC, stop_sequences=["END"]), ANTHROPIC, CHAT)["stop"] == ["END"]
    assert translated(asked(RESPONSES, stop="END"), RESPONSES, ANTHROPIC)["stop_sequences"] == ["END"]
    assert "stop_sequences" not in translated(asked(CHAT, stop=["\n"]), CHAT, ANTHROPIC)


def test_the_switch_of_anthropic_in_a_chat_reaches_claude() -> None:
    switch = {"type": "enabled", "budget_tokens": 2048}
    sent = translated(asked(CHAT, thinking=switch), CHAT, ANTHROPIC)
    assert (sent["thinking"], sent["max_tokens"]) == (switch, 6144)
    assert "thinking" not in translated(asked(CHAT, thinking=switch), CHAT, RESPONSES)


def test_top_k_goes_to_those_who_have_it() -> None:
    assert refused(asked(ANTHROPIC, top_k=5), ANTHROPIC, RESPONSES).startswith("top_k: the format of this model's")
    assert refused(asked(ANTHROPIC, top_k=5), ANTHROPIC, CHAT).startswith("top_k: the format of this model's")
    assert translated(asked(ANTHROPIC, top_k=5), ANTHROPIC, CHAT, OTHERS)["top_k"] == 5
    assert translated(asked(CHAT, top_k=5), CHAT, ANTHROPIC)["top_k"] == 5


@pytest.mark.parametrize("source", [CHAT, RESPONSES])
@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"temperature": 1, "top_p": 1}, {"temperature": 1}),
        ({"temperature": 0.5, "top_p": 1}, {"temperature": 0.5}),
        ({"temperature": 0, "top_p": 1.0}, {"temperature": 0}),
        ({"temperature": 1, "top_p": 0.9}, {"top_p": 0.9}),
        ({"temperature": 1.0, "top_p": 0.9}, {"top_p": 0.9}),
        ({"temperature": 2, "top_p": 0.9}, {"top_p": 0.9}),
        ({"temperature": 0.5, "top_p": 0.9}, {"temperature": 0.5, "top_p": 0.9}),
        ({"top_p": 1}, {"top_p": 1}),
        ({"temperature": 1}, {"temperature": 1}),
    ],
    ids=str,
)
def test_a_value_that_means_nothing_does_not_go_along_with_the_other(
    source: str, given: dict[str, Any], sent: dict[str, Any]
) -> None:
    body = translated(asked(source, **given), source, ANTHROPIC)
    assert {key: body[key] for key in ("temperature", "top_p") if key in body} == sent


@pytest.mark.parametrize("target", [CHAT, RESPONSES])
def test_a_user_of_more_than_64_characters_is_sent_as_its_digest(target: str) -> None:
    long = "user_" + "0" * 64 + "_account__session_00000000-0000-0000-0000-000000000000"
    sent = translated(asked(ANTHROPIC, metadata={"user_id": long}), ANTHROPIC, target)["user"]
    assert sent == hashlib.sha256(long.encode()).hexdigest()
    fits = "u" * 64
    assert translated(asked(ANTHROPIC, metadata={"user_id": fits}), ANTHROPIC, target)["user"] == fits


def test_a_user_of_more_than_256_characters_reaches_claude_as_its_digest() -> None:
    sent = translated(asked(CHAT, user="ü" * 257), CHAT, ANTHROPIC)["metadata"]["user_id"]
    assert sent == hashlib.sha256(("ü" * 257).encode()).hexdigest()
    assert translated(asked(CHAT, user="ü" * 256), CHAT, ANTHROPIC)["metadata"] == {"user_id": "ü" * 256}


@pytest.mark.parametrize("source", [CHAT, RESPONSES])
@pytest.mark.parametrize("target", [CHAT, RESPONSES])
def test_developer_is_a_role_of_openai_only(source: str, target: str) -> None:
    place = {CHAT: "messages", RESPONSES: "input"}
    turns = [{"role": "developer", "content": "d"}, *HELLO, {"role": "developer", "content": "e"}]
    body = asked(source) | {place[source]: turns}
    assert [turn["role"] for turn in translated(body, source, target)[place[target]]] == [
        "developer",
        "user",
        "developer",
    ]
    roles = [turn["role"] for turn in translated(body, source, target, OTHERS)[place[target]]]
    assert roles == ["system", "user", "system"]


@pytest.mark.parametrize("target", [CHAT, RESPONSES])
def test_the_old_name_of_the_output_format_of_anthropic_is_read(target: str) -> None:
    wanted = {"type": "json_schema", "schema": {"type": "object"}}
    old = translated(asked(ANTHROPIC, output_format=wanted), ANTHROPIC, target)
    assert old == translated(asked(ANTHROPIC, output_config={"format": wanted}), ANTHROPIC, target)
    place = old["text"]["format"] if target == RESPONSES else old["response_format"]
    assert place["type"] == "json_schema"


URLS: list[tuple[str, dict[str, Any], str]] = [
    (CHAT, {"type": "file", "file": {"file_data": "JVBERi0="}}, "file.file_data: must be a data URL, which says what"),
    (CHAT, {"type": "file", "file": {"file_data": "https://example.com/a.pdf"}}, "file.file_data: must be a data URL"),
    (
        CHAT,
        {"type": "file", "file": {"file_data": "data:application/pdf;base64"}},
        "file.file_data: must be a data URL",
    ),
    (CHAT, {"type": "image_url", "image_url": {"url": "iVBORw0KGgo="}}, "image_url.url: must be a URL: https://... or"),
    (RESPONSES, {"type": "input_file", "file_data": "JVBERi0="}, "file_data: must be a data URL"),
    (RESPONSES, {"type": "input_file", "file_url": "a.pdf"}, "file_url: must be a URL"),
    (RESPONSES, {"type": "input_image", "image_url": "iVBORw0KGgo="}, "image_url: must be a URL"),
]


@pytest.mark.parametrize(("source", "part", "message"), URLS, ids=str)
def test_content_without_its_type_is_refused(source: str, part: dict[str, Any], message: str) -> None:
    place = "input" if source == RESPONSES else "messages"
    for target in TARGETS[source]:
        body = asked(source) | {place: [{"role": "user", "content": [part]}]}
        assert f"{place}.0.content.0.{message}" in refused(body, source, target)


def test_content_with_its_type_is_not() -> None:
    part = {"type": "file", "file": {"file_data": PDF}}
    [turn] = translated(asked(CHAT, messages=[{"role": "user", "content": [part]}]), CHAT, ANTHROPIC)["messages"]
    assert turn["content"][0]["source"] == {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}


def call(call_id: str = "c1") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": "f", "arguments": "{}"}}


USE = {"type": "tool_use", "id": "c1", "name": "f", "input": {}}
BLANK: list[tuple[list[dict[str, Any]], list[dict[str, Any]]]] = [
    ([{"role": "assistant", "content": "\n\n", "tool_calls": [call()]}], [{"role": "assistant", "content": [USE]}]),
    ([{"role": "assistant", "content": ""}, *HELLO], HELLO),
    ([{"role": "assistant", "content": " \t\n "}, *HELLO], HELLO),
    ([{"role": "assistant", "content": None, "tool_calls": []}, *HELLO], HELLO),
    ([{"role": "assistant", "content": [{"type": "text", "text": " "}]}, *HELLO], HELLO),
    ([{"role": "assistant", "content": None, "refusal": " "}, *HELLO], HELLO),
    ([{"role": "assistant", "content": "", "reasoning_content": "hmm"}, *HELLO], HELLO),
    ([{"role": "user", "content": " "}, *HELLO], HELLO),
    (
        [{"role": "user", "content": [{"type": "text", "text": "\u00a0"}, {"type": "text", "text": "Hi"}]}],
        [{"role": "user", "content": "Hi"}],
    ),
]


@pytest.mark.parametrize(("turns", "sent"), BLANK, ids=str)
def test_blank_text_and_turns_that_say_nothing_do_not_reach_claude(
    turns: list[dict[str, Any]], sent: list[dict[str, Any]]
) -> None:
    body = asked(CHAT, messages=[*HELLO, *turns])
    assert translated(body, CHAT, ANTHROPIC)["messages"] == [*HELLO, *sent]
    in_openai = translated(body, CHAT, CHAT)["messages"]
    assert len(in_openai) == 1 + len(turns)


@pytest.mark.parametrize("content", ["The answer is \n", [{"type": "text", "text": "The answer is "}]], ids=repr)
def test_the_beginning_of_a_reply_ends_without_white_space_for_claude(content: Any) -> None:
    turns = [*HELLO, {"role": "assistant", "content": "Hi \n"}, *HELLO, {"role": "assistant", "content": content}]
    sent = translated(asked(CHAT, messages=turns), CHAT, ANTHROPIC)["messages"]
    assert [turn["content"] for turn in sent] == ["Hello!", "Hi \n", "Hello!", "The answer is"]


def test_blank_instructions_and_results_do_not_reach_claude() -> None:
    turns = [
        {"role": "system", "content": " \n"},
        {"role": "developer", "content": [{"type": "text", "text": ""}, {"type": "text", "text": "Be brief."}]},
        *HELLO,
        {"role": "assistant", "content": "", "tool_calls": [call()]},
        {"role": "tool", "tool_call_id": "c1", "content": "\n"},
    ]
    sent = translated(asked(CHAT, messages=turns), CHAT, ANTHROPIC)
    assert sent["system"] == "Be brief."
    assert sent["messages"][2] == {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1"}]}


@pytest.mark.parametrize("content", ["", " ", "\n", [{"type": "text", "text": " "}]], ids=repr)
def test_a_conversation_of_nothing_but_blank_text_is_refused(content: Any) -> None:
    message = "messages: text must not be blank: this model's provider takes no conversation without any"
    assert refused(asked(CHAT, messages=[{"role": "user", "content": content}]), CHAT, ANTHROPIC) == message
    assert refused(asked(RESPONSES, input=[{"role": "user", "content": ""}]), RESPONSES, ANTHROPIC) == message


def test_a_thread_is_refused_so_that_the_sdks_of_anthropic_send_the_whole_conversation() -> None:
    with LocalTo11() as to11:
        body = {"model": "gpt-4o", "max_tokens": 9, "messages": HELLO, "thread": {"type": "create"}}
        reply = Caller(to11).send("POST", "/v1/messages", body)
    assert reply.status == 400
    assert reply.json["type"] == "error"
    assert reply.json["error"]["type"] == "invalid_request_error"
    assert reply.json["error"]["details"] == {"error_code": "thread_unsupported_request", "unsupported": ["thread"]}


PAGE = (Path(__file__).parents[3] / "docs" / "gateway.md").read_text("utf-8")


@pytest.mark.parametrize("source", NAMES)
@pytest.mark.parametrize("fate", ["left out", "refused"])
def test_the_page_says_which_members_are_left_out_or_refused(source: str, fate: str) -> None:
    title = {CHAT: "chat completions", RESPONSES: "Responses", ANTHROPIC: "Anthropic"}[source]
    [row] = re.findall(rf"^\| {title} \| (.*) \| (.*) \|$", PAGE, re.MULTILINE)
    named = set(re.findall(r"`(\w+)`", row[0 if fate == "left out" else 1]))
    assert {name for name, rule in TABLES[source].items() if rule.fate == fate} == named


def test_the_whole_request_survives_json() -> None:
    sent = translated(asked(CHAT, user="\ud800" * 65), CHAT, RESPONSES)
    assert len(json.loads(json.dumps(sent))["user"]) == 64


@pytest.mark.parametrize("url", ["data:image/png;base64,AA==", {"url": "data:image/png;base64,AA=="}])
@pytest.mark.parametrize(
    ("target", "picture"),
    [
        (ANTHROPIC, {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}),
        (RESPONSES, {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "auto"}),
    ],
)
def test_a_picture_may_be_its_url_alone_as_mistral_writes_it(url: Any, target: str, picture: dict[str, Any]) -> None:
    message = {"role": "user", "content": [{"type": "image_url", "image_url": url}]}
    written = translated(asked(CHAT, messages=[message]), CHAT, target)
    assert written["input" if target == RESPONSES else "messages"][0]["content"] == [picture]
