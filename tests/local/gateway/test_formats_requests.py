"""Requests, literally: what one format says becomes what another says, or the caller learns what cannot."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from formats_samples import NAMES, numbered_formats

from to11ai_sdk.local.gateway.formats import FormatError, Peer
from to11ai_sdk.local.gateway.formats.neutral import ChatRequest, File, Image, Message, Text, Thinking, ToolResult
from to11ai_sdk.local.gateway.formats.openai_chat import OpenAIChat

CHAT, RESPONSES, ANTHROPIC = NAMES
SCHEMA = {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]}
HELLO = [{"role": "user", "content": "Hello!"}]
PNG = "data:image/png;base64,iVBORw0KGgo="
PNG_SOURCE = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}


def translated(body: dict[str, Any], source: str, target: str) -> dict[str, Any]:
    forms = numbered_formats()
    return forms[target].write_request(forms[source].read_request(body))


def place(source: str) -> str:
    return "input" if source == RESPONSES else "messages"


def refused(body: dict[str, Any], source: str, target: str | None = None) -> str:
    with pytest.raises(FormatError) as told:
        translated(body, source, target or source)
    return str(told.value)


def test_the_guide_system_message_and_tool_reach_an_openai_model() -> None:
    body = {
        "model": "claude-sonnet-4-6",
        "system": "You are a helpful assistant that speaks only in haiku.",
        "max_tokens": 256,
        "messages": [{"role": "user", "content": "What's the weather in Paris?"}],
        "tools": [{"name": "get_weather", "description": "Get current weather for a location", "input_schema": SCHEMA}],
    }
    assert translated(body, ANTHROPIC, CHAT) == {
        "model": "claude-sonnet-4-6",
        "messages": [
            {"role": "system", "content": "You are a helpful assistant that speaks only in haiku."},
            {"role": "user", "content": "What's the weather in Paris?"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "get_weather",
                    "description": "Get current weather for a location",
                    "parameters": SCHEMA,
                },
            }
        ],
        "max_completion_tokens": 256,
    }


def test_an_openai_request_reaches_a_claude_model() -> None:
    body = {
        "model": "claude-sonnet-4-6",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "developer", "content": "Be kind."},
            *HELLO,
        ],
        "temperature": 1.5,
        "top_p": 0.9,
        "stop": "END",
        "user": "u-1",
        "n": 1,
        "parallel_tool_calls": False,
        "tools": [{"type": "function", "function": {"name": "now"}}],
        "reasoning_effort": "minimal",
        "stream": True,
        "logit_bias": {},
        "store": True,
    }
    assert translated(body, CHAT, ANTHROPIC) == {
        "model": "claude-sonnet-4-6",
        "max_tokens": 4096,
        "system": "Be brief.\n\nBe kind.",
        "messages": HELLO,
        "tools": [{"name": "now", "input_schema": {"type": "object", "properties": {}}}],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        "top_p": 0.9,
        "stop_sequences": ["END"],
        "output_config": {"effort": "low"},
        "metadata": {"user_id": "u-1"},
        "stream": True,
    }


TURNS: dict[str, list[dict[str, Any]]] = {
    CHAT: [
        {"role": "user", "content": "Weather in Paris and Rome?"},
        {
            "role": "assistant",
            "content": "Let me look.",
            "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "w", "arguments": '{"in":"Paris"}'}},
                {"id": "call_2", "type": "function", "function": {"name": "w", "arguments": '{"in":"Rome"}'}},
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "rain"},
        {"role": "tool", "tool_call_id": "call_2", "content": "sun"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "And here?"},
                {"type": "image_url", "image_url": {"url": PNG}},
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="}},
            ],
        },
    ],
    RESPONSES: [
        {"role": "user", "content": "Weather in Paris and Rome?"},
        {"role": "assistant", "content": [{"type": "output_text", "text": "Let me look."}]},
        {"type": "function_call", "call_id": "call_1", "name": "w", "arguments": '{"in":"Paris"}'},
        {"type": "function_call", "call_id": "call_2", "name": "w", "arguments": '{"in":"Rome"}'},
        {"type": "function_call_output", "call_id": "call_1", "output": "rain"},
        {"type": "function_call_output", "call_id": "call_2", "output": "sun"},
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "And here?"},
                {"type": "input_image", "image_url": PNG, "detail": "auto"},
                {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "auto"},
                {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="},
            ],
        },
    ],
    ANTHROPIC: [
        {"role": "user", "content": "Weather in Paris and Rome?"},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Let me look."},
                {"type": "tool_use", "id": "call_1", "name": "w", "input": {"in": "Paris"}},
                {"type": "tool_use", "id": "call_2", "name": "w", "input": {"in": "Rome"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": "rain"},
                {"type": "tool_result", "tool_use_id": "call_2", "content": "sun"},
                {"type": "text", "text": "And here?"},
                {"type": "image", "source": PNG_SOURCE},
                {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
                {
                    "type": "document",
                    "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="},
                    "title": "a.pdf",
                },
            ],
        },
    ],
}


@pytest.mark.parametrize("source", NAMES)
@pytest.mark.parametrize("target", NAMES)
def test_a_conversation_with_parallel_calls_and_images(source: str, target: str) -> None:
    body = {"model": "m", place(source): TURNS[source]}
    assert translated(body, source, target)[place(target)] == TURNS[target]


CHOICES: list[tuple[Any, Any, Any]] = [
    ("auto", "auto", {"type": "auto"}),
    ("none", "none", {"type": "none"}),
    ("required", "required", {"type": "any"}),
    ({"type": "function", "function": {"name": "w"}}, {"type": "function", "name": "w"}, {"type": "tool", "name": "w"}),
]


@pytest.mark.parametrize("choice", CHOICES, ids=["auto", "none", "required", "named"])
@pytest.mark.parametrize("source", [0, 1, 2])
@pytest.mark.parametrize("target", [0, 1, 2])
def test_tool_choice(choice: tuple[Any, Any, Any], source: int, target: int) -> None:
    offered = [
        {"type": "function", "function": {"name": "w"}},
        {"type": "function", "name": "w"},
        {"name": "w", "input_schema": {"type": "object"}},
    ]
    body = {"model": "m", place(NAMES[source]): HELLO, "tools": [offered[source]], "tool_choice": choice[source]}
    assert translated(body, NAMES[source], NAMES[target])["tool_choice"] == choice[target]


FORMATS_OF_TEXT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"type": "text"}, {"type": "text"}),
    ({"type": "json_object"}, {"type": "json_object"}),
    (
        {"type": "json_schema", "json_schema": {"name": "city", "schema": SCHEMA, "strict": True}},
        {"type": "json_schema", "name": "city", "schema": SCHEMA, "strict": True},
    ),
]


@pytest.mark.parametrize(("chat", "responses"), FORMATS_OF_TEXT)
def test_structured_output_between_the_openai_formats(chat: dict[str, Any], responses: dict[str, Any]) -> None:
    asked = {"model": "m", "messages": HELLO, "response_format": chat}
    assert translated(asked, CHAT, RESPONSES)["text"] == {"format": responses}
    asked = {"model": "m", "input": "Hello!", "text": {"format": responses}}
    assert translated(asked, RESPONSES, CHAT)["response_format"] == chat


@pytest.mark.parametrize("wanted", [chat for chat, _ in FORMATS_OF_TEXT[1:]], ids=["json_object", "json_schema"])
def test_structured_output_is_refused_for_anthropic(wanted: dict[str, Any]) -> None:
    body = {"model": "m", "messages": HELLO, "response_format": wanted}
    assert numbered_formats()[CHAT].read_request(body).wants_json
    assert refused(body, CHAT, ANTHROPIC).startswith(
        f"response_format: Anthropic models do not support {wanted['type']}"
    )


def test_text_as_response_format_is_fine_for_anthropic() -> None:
    body = {"model": "m", "messages": HELLO, "response_format": {"type": "text"}}
    assert translated(body, CHAT, ANTHROPIC) == {"model": "m", "max_tokens": 4096, "messages": HELLO}


def test_output_config_of_anthropic_reaches_openai() -> None:
    config = {"effort": "high", "format": {"type": "json_schema", "schema": SCHEMA}}
    sent = translated({"model": "m", "max_tokens": 9, "messages": HELLO, "output_config": config}, ANTHROPIC, CHAT)
    assert sent["reasoning_effort"] == "high"
    assert sent["response_format"] == {"type": "json_schema", "json_schema": {"name": "response", "schema": SCHEMA}}


def test_thinking_goes_back_to_anthropic_and_nowhere_else() -> None:
    turns = [
        *HELLO,
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hmm", "signature": "proof"},
                {"type": "redacted_thinking", "data": "secret"},
                {"type": "text", "text": "Hi"},
            ],
        },
    ]
    body = {
        "model": "m",
        "max_tokens": 9000,
        "messages": turns,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
    }
    assert translated({**body, "top_k": 5}, ANTHROPIC, ANTHROPIC) == {**body, "top_k": 5}
    said: dict[str, Any] = {"role": "assistant", "content": "Hi"}
    assert translated(body, ANTHROPIC, CHAT) == {
        "model": "m",
        "messages": [*HELLO, said],
        "max_completion_tokens": 9000,
    }
    said = {"role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]}
    assert translated(body, ANTHROPIC, RESPONSES) == {
        "model": "m",
        "input": [*HELLO, said],
        "max_output_tokens": 9000,
        "store": False,
    }


def test_of_reasoning_items_only_what_anthropic_signed_goes_back_to_anthropic() -> None:
    signed, foreign = "to11:anthropic_messages:::proof", "gAAAAABo"
    reasoning = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "hmm"}],
        "encrypted_content": signed,
    }
    answer = {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}
    unsigned = {"type": "reasoning", "id": "rs_2", "summary": [], "content": [{"type": "reasoning_text", "text": "x"}]}
    others = {**reasoning, "encrypted_content": foreign}
    body = {"model": "m", "input": [*HELLO, reasoning, others, answer, unsigned]}
    thinking = {"type": "thinking", "thinking": "hmm", "signature": "proof"}
    assert translated(body, RESPONSES, ANTHROPIC)["messages"][1] == {
        "role": "assistant",
        "content": [thinking, {"type": "text", "text": "No."}],
    }
    parts = numbered_formats()[RESPONSES].read_request(body).messages[1].parts
    assert parts[:2] == (Thinking("hmm", "proof"), Thinking("hmm", foreign, "rs_1"))
    assert parts[3] == Thinking("x", None, "rs_2")


def test_max_tokens_for_anthropic_leave_room_beside_the_budget_for_thinking() -> None:
    body = {"model": "m", "messages": HELLO, "thinking": {"type": "enabled", "budget_tokens": 10_000}}
    assert translated(body, ANTHROPIC, ANTHROPIC)["max_tokens"] == 14_096


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        (CHAT, {"messages": HELLO, "reasoning_effort": "high", "temperature": 1}),
        (RESPONSES, {"input": HELLO, "reasoning": {"effort": "high"}}),
    ],
)
def test_an_effort_makes_claude_think(source: str, asked: dict[str, Any]) -> None:
    sent = translated({"model": "m", **asked}, source, ANTHROPIC)
    assert (sent["thinking"], sent["output_config"]) == ({"type": "adaptive"}, {"effort": "high"})
    assert sent["max_tokens"] == 28_672


@pytest.mark.parametrize(
    "members",
    [{"temperature": 0.5}, {"top_p": 0.5}, {"tool_choice": "required"}, {"reasoning_effort": "none"}],
    ids=str,
)
def test_claude_is_not_made_to_think_where_the_rest_of_the_request_forbids_it(members: dict[str, Any]) -> None:
    body = {"model": "m", "messages": HELLO, "tools": [{"type": "function", "function": {"name": "w"}}]}
    sent = translated({**body, "reasoning_effort": "high", **members}, CHAT, ANTHROPIC)
    assert "thinking" not in sent
    assert sent.get("output_config") == (None if "reasoning_effort" in members else {"effort": "high"})


@pytest.mark.parametrize(
    ("asked", "limit"), [({"max_tokens": 5}, 5), ({"max_tokens": 5, "max_completion_tokens": 6}, 6)]
)
def test_both_names_of_max_tokens_are_read(asked: dict[str, Any], limit: int) -> None:
    assert translated({"model": "m", "messages": HELLO, **asked}, CHAT, ANTHROPIC)["max_tokens"] == limit


def test_compatible_servers_get_the_old_name_of_max_tokens() -> None:
    request = numbered_formats()[ANTHROPIC].read_request({"model": "m", "max_tokens": 5, "messages": HELLO})
    assert OpenAIChat(peer=Peer(max_tokens_field="max_tokens")).write_request(request)["max_tokens"] == 5


def test_usage_in_streams_is_asked_for_when_the_caller_always_gets_it() -> None:
    body = {"model": "m", "max_tokens": 9, "messages": HELLO, "stream": True}
    sent = translated(body, ANTHROPIC, CHAT)
    assert (sent["stream"], sent["stream_options"]) == (True, {"include_usage": True})
    sent = translated({"model": "m", "messages": HELLO, "stream": True}, CHAT, CHAT)
    assert "stream_options" not in sent


def test_system_texts_in_blocks_and_in_turns() -> None:
    blocks = [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}, {"type": "text", "text": "b"}]
    body = {"model": "m", "max_tokens": 9, "system": blocks, "messages": HELLO}
    plain = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert translated(body, ANTHROPIC, ANTHROPIC)["system"] == plain
    assert translated(body, ANTHROPIC, CHAT)["messages"][0] == {"role": "system", "content": plain}
    body["messages"] = [*HELLO, {"role": "system", "content": "c"}]
    assert translated(body, ANTHROPIC, CHAT)["messages"][2] == {"role": "system", "content": "c"}
    assert translated(body, ANTHROPIC, ANTHROPIC)["system"] == "ab\n\nc"
    assert "system" not in translated({**body, "system": "", "messages": HELLO}, ANTHROPIC, ANTHROPIC)


def test_instructions_are_the_system_text_of_the_responses_format() -> None:
    body = {"model": "m", "instructions": "Be brief.", "input": "Hello!"}
    assert translated(body, RESPONSES, CHAT)["messages"] == [{"role": "system", "content": "Be brief."}, *HELLO]
    assert translated(body, RESPONSES, RESPONSES) == {**body, "input": HELLO, "store": False}


def test_media_that_a_tool_returned_follow_as_a_user_message_in_chat() -> None:
    turn = {
        "role": "user",
        "content": [
            {"type": "text", "text": "well?"},
            {
                "type": "tool_result",
                "tool_use_id": "t1",
                "is_error": True,
                "content": [{"type": "text", "text": "a plot"}, {"type": "image", "source": PNG_SOURCE}],
            },
            {"type": "tool_result", "tool_use_id": "t2"},
        ],
    }
    body = {"model": "m", "max_tokens": 9, "messages": [turn]}
    assert translated(body, ANTHROPIC, CHAT)["messages"] == [
        {"role": "tool", "tool_call_id": "t1", "content": "Error: a plot"},
        {"role": "tool", "tool_call_id": "t2", "content": ""},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG}}]},
        {"role": "user", "content": "well?"},
    ]
    results = [*turn["content"][1:], turn["content"][0]]
    assert translated(body, ANTHROPIC, ANTHROPIC)["messages"] == [{"role": "user", "content": results}]


def test_a_document_of_text_is_text_and_one_by_url_a_file() -> None:
    text = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "chapter 1"}}
    linked = {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}}
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": [text, linked]}]}
    assert translated(body, ANTHROPIC, RESPONSES)["input"][0]["content"] == [
        {"type": "input_text", "text": "chapter 1"},
        {"type": "input_file", "file_url": "https://example.com/a.pdf"},
    ]
    assert "by content, not by URL" in refused(body, ANTHROPIC, CHAT)


def test_data_urls_without_base64_reach_anthropic_as_base64() -> None:
    parts = (Image("data:image/svg+xml,%3Csvg/%3E"), File("data:application/pdf,hi"))
    request = ChatRequest("m", (Message("user", parts),))
    blocks = numbered_formats()[ANTHROPIC].write_request(request)["messages"][0]["content"]
    assert [block["source"] for block in blocks] == [
        {"type": "base64", "media_type": "image/svg+xml", "data": "PHN2Zy8+"},
        {"type": "base64", "media_type": "application/pdf", "data": "aGk="},
    ]


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ("", {}),
        (" ", {}),
        ('{"a": 1}', {"a": 1}),
        ("[1]", {"arguments": "[1]"}),
        ('{"a": NaN}', {"arguments": '{"a": NaN}'}),
    ],
)
def test_arguments_that_a_model_wrote_become_an_input(arguments: str, given: dict[str, Any]) -> None:
    call = {"id": "functions.w:0", "type": "function", "function": {"name": "w", "arguments": arguments}}
    body = {"model": "m", "messages": [{"role": "assistant", "content": "", "tool_calls": [call]}]}
    sent = translated(body, CHAT, ANTHROPIC)["messages"][0]["content"]
    assert sent == [{"type": "tool_use", "id": "functions_w_0", "name": "w", "input": given}]


def test_arguments_nested_too_deeply_stay_text() -> None:
    deep = "[" * 100 + "]" * 100
    call = {"id": "c", "type": "function", "function": {"name": "w", "arguments": f'{{"a":{deep}}}'}}
    body = {"model": "m", "messages": [{"role": "assistant", "tool_calls": [call]}]}
    sent = translated(body, CHAT, ANTHROPIC)["messages"][0]["content"][0]
    assert sent["input"] == {"arguments": f'{{"a":{deep}}}'}


def test_an_assistant_that_said_nothing_and_a_refusal() -> None:
    turns: list[dict[str, Any]] = [
        {"role": "assistant", "content": None, "refusal": "No."},
        {"role": "assistant", "content": ""},
    ]
    body = {"model": "m", "messages": turns}
    assert translated(body, CHAT, CHAT)["messages"] == turns
    sent = translated(body, CHAT, ANTHROPIC)["messages"]
    assert sent == [{"role": "assistant", "content": [{"type": "text", "text": "No."}]}]


def test_settings_of_openai_stay_between_its_formats() -> None:
    shared = {"service_tier": "flex", "prompt_cache_key": "k", "metadata": {"team": "a"}, "user": "u"}
    body = {"model": "m", "messages": HELLO, "verbosity": "low", "reasoning_effort": "high", **shared}
    sent = translated(body, CHAT, RESPONSES)
    own = {"text": {"verbosity": "low"}, "reasoning": {"effort": "high"}}
    assert sent == {"model": "m", "input": HELLO, "store": False, **own, **shared}
    assert translated(sent, RESPONSES, CHAT) == body


def a_call(name: str = "w", **members: Any) -> dict[str, Any]:
    return {"id": "c", "type": "function", "function": {"name": name, "arguments": "{}"}, **members}


def turn(content: Any, role: str = "user") -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content}]}


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (CHAT, {"model": None}, "model: is required and must be a string"),
    (CHAT, {"messages": {}}, "messages: must be an array"),
    (CHAT, {"messages": ["x"]}, "messages.0: must be an object"),
    (CHAT, {"messages": [{"role": "user"}]}, "messages.0.content: is required"),
    (CHAT, turn(7), "messages.0.content: must be a string or an array of parts"),
    (CHAT, turn("x", "function"), "messages.0.role: 'function' is not supported here, only system, developer, user"),
    (CHAT, turn("x", "tool"), "messages.0.tool_call_id: is required"),
    (
        CHAT,
        turn([{"type": "input_audio"}]),
        "messages.0.content.0.type: 'input_audio' is not supported here",
    ),
    (CHAT, turn([{"type": "file", "file": {"file_id": "f"}}]), "messages.0.content.0.file.file_data: is required"),
    (CHAT, turn([{"type": "image_url", "image_url": {}}]), "messages.0.content.0.image_url.url: is required"),
    (
        CHAT,
        {"messages": [{"role": "assistant", "tool_calls": [a_call(type="odd")]}]},
        "tool_calls.0.type: 'odd' is not",
    ),
    (
        CHAT,
        {"messages": [{"role": "assistant", "tool_calls": [a_call(type="custom")]}]},
        "tool_calls.0.custom.name: is",
    ),
    (CHAT, {"tools": [{"type": "odd"}]}, "tools.0.type: 'odd' is not supported here, only function, custom; or"),
    (CHAT, {"tools": [{"type": "custom"}]}, "tools.0.custom.name: is required"),
    (CHAT, {"tools": [{"type": "function", "function": {}}]}, "tools.0.function.name: is required"),
    (CHAT, {"tool_choice": "maybe"}, "tool_choice: 'maybe' is not supported here, only auto, none, required"),
    (CHAT, {"tool_choice": {"type": "allowed_tools"}}, "tool_choice.allowed_tools.mode: is required"),
    (
        CHAT,
        {"tool_choice": {"type": "odd"}},
        "tool_choice.type: 'odd' is not supported here, only function, custom, all",
    ),
    (CHAT, {"functions": []}, "functions: was replaced by tools: use that"),
    (CHAT, {"function_call": "auto"}, "function_call: was replaced by tool_choice: use that"),
    (CHAT, {"stop": [1]}, "stop: must be an array of strings"),
    (CHAT, {"max_tokens": -1}, "max_tokens: must be a whole number, 0 or more"),
    (CHAT, {"max_tokens": True}, "max_tokens: must be a whole number, 0 or more"),
    (CHAT, {"temperature": "hot"}, "temperature: must be a number"),
    (CHAT, {"temperature": float("nan")}, "temperature: must be a number"),
    (CHAT, {"temperature": 10**400}, "temperature: must be a number"),
    (CHAT, {"stream": "yes"}, "stream: must be true or false"),
    (CHAT, {"metadata": {"a": 1}}, "metadata: must be an object whose values are strings"),
    (CHAT, {"metadata": []}, "metadata: must be an object"),
    (
        CHAT,
        {"response_format": {"type": "xml"}},
        "response_format.type: 'xml' is not supported here, only text",
    ),
    (RESPONSES, {"previous_response_id": "resp_1"}, "previous_response_id: refers to what one provider keeps: set"),
    (RESPONSES, {"background": True}, "background: is not supported here"),
    (RESPONSES, {"input": [{"type": "item_reference", "id": "x"}]}, "input.0.type: 'item_reference' is not supported"),
    (RESPONSES, {"input": [turn([{"type": "input_image", "file_id": "f"}])["messages"][0]]}, "image_url: is required"),
    (RESPONSES, {"input": [turn([{"type": "input_file", "file_id": "f"}])["messages"][0]]}, "file_data: is required"),
    (RESPONSES, {"tools": [{"type": "shell"}]}, "tools.0.type: 'shell' is not supported here: only models of its own"),
    (RESPONSES, {"tools": [{"type": "odd"}]}, "tools.0.type: 'odd' is not supported here, only function, custom, name"),
    (RESPONSES, {"tool_choice": "maybe"}, "tool_choice: 'maybe'"),
    (
        ANTHROPIC,
        {"tools": [{"type": "bash_20250124", "name": "bash"}]},
        "tools.0.type: 'bash_20250124' is not",
    ),
    (ANTHROPIC, {"tool_choice": {"type": "tool"}}, "tool_choice.name: is required"),
    (ANTHROPIC, {"thinking": {}}, "thinking.type: is required"),
    (ANTHROPIC, {"output_config": {"format": {"type": "xml"}}}, "output_config.format.type: 'xml'"),
    (
        ANTHROPIC,
        turn([{"type": "image", "source": {"type": "file", "file_id": "f"}}]),
        "only url, base64; send",
    ),
    (ANTHROPIC, turn([{"type": "search_result"}]), "messages.0.content.0.type: 'search_result' is not supported here"),
    (
        ANTHROPIC,
        turn([{"type": "tool_use"}]),
        "'tool_use' is not supported here, only text, image",
    ),
]


@pytest.mark.parametrize(("source", "members", "message"), REFUSED)
def test_malformed_and_untranslatable_requests(source: str, members: dict[str, Any], message: str) -> None:
    limit = {} if source == RESPONSES else {"max_tokens": 9}
    assert message in refused({"model": "m", **limit, place(source): HELLO, **members}, source)


@pytest.mark.parametrize("target", [RESPONSES, ANTHROPIC])
def test_several_replies_are_refused_where_there_is_room_for_one(target: str) -> None:
    body = {"model": "m", "messages": HELLO, "n": 2}
    assert translated(body, CHAT, CHAT)["n"] == 2
    assert refused(body, CHAT, target).startswith("n: the ")


@pytest.mark.parametrize("target", [CHAT, RESPONSES])
def test_a_part_in_a_place_where_a_format_has_no_room_is_refused(target: str) -> None:
    request = ChatRequest("m", (Message("user", (Text("a"), ToolResult("c", ()))),))
    with pytest.raises(FormatError, match="no room for ToolResult in this place"):
        numbered_formats()[target].write_request(request)


def test_the_error_tells_its_place_apart_and_survives_pickle() -> None:
    error = FormatError("must be a string", "messages.0.role")
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.message, copy.field, str(copy)) == ("must be a string", "messages.0.role", str(error))
    bare = pickle.loads(pickle.dumps(FormatError.__new__(FormatError)))
    assert (bare.message, bare.field) == ("", "")
