"""A short way to ask ``echo``, for its tests."""

from __future__ import annotations

import copy
import itertools
import json
from typing import Any

from to11ai_sdk.local.gateway.echo import EchoProvider
from to11ai_sdk.local.gateway.provider import UpstreamReply, UpstreamRequest

NOW = 1_800_000_000
GPT, CLAUDE = "gpt-4o", "claude-sonnet-4-6"
OPENAI_MODELS = (GPT, "text-embedding-3-small", "text-embedding-3-large", "dall-e-3", "whisper-1", "tts-1", "rerank-1")
MODELS = {"openai": OPENAI_MODELS, "anthropic": (CLAUDE,), "cohere": ("rerank-v3.5",), "native": ()}
PATHS = {"chat": "/chat/completions", "responses": "/responses", "messages": "/messages"}


def provider(dialect: str = "openai", **given: Any) -> EchoProvider:
    """A provider whose ids are ``prefix1``, ``prefix2``, ... and whose clock stands still."""
    numbers = itertools.count(1)
    new_id = lambda prefix, _: f"{prefix}{next(numbers)}"  # noqa: E731
    usual = {"models": MODELS[dialect], "new_id": new_id, "clock": lambda: NOW + 0.5}
    if sleep := given.get("sleep"):
        given["sleep"] = lambda seconds, hang_up: sleep(seconds)
    return EchoProvider(dialect=dialect, **{**usual, **given})


def send(echo: EchoProvider, path: str, body: Any = None, method: str = "POST", **given: Any) -> UpstreamReply:
    content = b"" if body is None else json.dumps(body).encode()
    return echo.send(UpstreamRequest(method, path, {"content-type": "application/json"}, content, **given))


def read(reply: UpstreamReply) -> Any:
    """The JSON of a reply."""
    return json.loads(b"".join(reply.body))


def events(reply: UpstreamReply) -> list[Any]:
    """The data of a stream's events; each chunk of the body is one event."""
    assert reply.headers["content-type"] == "text/event-stream; charset=utf-8"
    found = []
    for chunk in reply.body:
        *name, data = chunk.decode().removesuffix("\n\n").split("\n")
        value = data.removeprefix("data: ")
        found.append(value if value == "[DONE]" else json.loads(value))
        assert name == ([f"event: {found[-1]['type']}"] if name else [])
    return found


def user(text: Any) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def chat(content: Any = "hi", **rest: Any) -> dict[str, Any]:
    return {"model": GPT, "messages": user(content), **rest}


def message(content: Any = "hi", **rest: Any) -> dict[str, Any]:
    return {"model": CLAUDE, "max_tokens": 2000, "messages": user(content), **rest}


def response(content: Any = "hi", **rest: Any) -> dict[str, Any]:
    return {"model": GPT, "input": content, **rest}


def ask(kind: str, content: Any = "hi", echo: EchoProvider | None = None, **rest: Any) -> UpstreamReply:
    """Send a text as a ``chat``, ``responses`` or ``messages`` request."""
    build = {"chat": chat, "responses": response, "messages": message}[kind]
    echo = echo or provider("anthropic" if kind == "messages" else "openai")
    return send(echo, PATHS[kind], build(content, **rest))


def text_of(kind: str, body: Any) -> str:
    """What an answer says."""
    if kind == "chat":
        return str(body["choices"][0]["message"]["content"])
    if kind == "messages":
        return "".join(block["text"] for block in body["content"] if block["type"] == "text")
    return "".join(part["text"] for item in body["output"] if item["type"] == "message" for part in item["content"])


def said(kind: str, content: Any = "hi", **rest: Any) -> str:
    reply = ask(kind, content, **rest)
    assert reply.status == 200, read(reply)
    return text_of(kind, read(reply))


WEATHER = {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]}


def tool(kind: str, name: str = "get_weather", parameters: Any = None) -> dict[str, Any]:
    """A tool as each format has it."""
    parameters = copy.deepcopy(WEATHER) if parameters is None else parameters
    if kind == "messages":
        return {"name": name, "input_schema": parameters}
    function = {"name": name, "parameters": parameters}
    return {"type": "function", **(function if kind == "responses" else {"function": function})}


def calls_of(kind: str, body: Any) -> list[tuple[str, Any]]:
    """The names and the arguments of an answer's calls."""
    if kind == "chat":
        calls = [call["function"] for call in body["choices"][0]["message"].get("tool_calls", [])]
        return [(call["name"], json.loads(call["arguments"])) for call in calls]
    if kind == "messages":
        return [(block["name"], block["input"]) for block in body["content"] if block["type"] == "tool_use"]
    calls = [item for item in body["output"] if item["type"] == "function_call"]
    return [(call["name"], json.loads(call["arguments"])) for call in calls]


def multipart(fields: dict[str, str], name: str = "a.txt", content: bytes = b"content") -> tuple[dict[str, str], bytes]:
    """The headers and the body of a form with a file, written by hand."""
    lines = [
        f'--xyz\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()
    ]
    head = (
        f'--xyz\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/plain\r\n\r\n'
    )
    body = "".join(lines).encode() + head.encode() + content + b"\r\n--xyz--\r\n"
    return {"content-type": "multipart/form-data; boundary=xyz"}, body


def post_form(echo: EchoProvider, path: str, fields: dict[str, str], **file: Any) -> UpstreamReply:
    headers, body = multipart(fields, **file)
    return echo.send(UpstreamRequest("POST", path, headers, body))
