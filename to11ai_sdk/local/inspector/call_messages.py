"""Finds the messages in the bodies of a gateway call, for people to read; all of the formats, streamed or not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ...json_types import is_array, is_object
from .masking import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

Said = tuple[str, str]
"""A role, and what it said."""


def request_messages(text: str) -> list[Said]:
    """Return the messages of a request; none for anything else."""
    body = parsed(text)
    if not is_object(body):
        return []
    before = [("system", body[name]) for name in ("system", "instructions") if body.get(name)]
    given = body.get("messages", body.get("input", body.get("prompt", [])))
    turns = given if is_array(given) else [{"role": "user", "content": given}]
    return [(role, _text(said)) for role, said in before] + [_turn(turn) for turn in turns]


def reply_messages(text: str) -> list[Said]:
    """Return the messages of a reply; those of a stream are put together."""
    body = parsed(text)
    if is_object(body):
        return [("assistant", said) for said in _replied(body)]
    said = "".join(_streamed(text))
    return [("assistant", said)] if said else []


def _turn(turn: Any) -> Said:
    if not is_object(turn):
        return "user", _text(turn)
    rest = {name: value for name, value in turn.items() if name not in ("role", "content")}
    content = turn.get("content")
    said = _text(content if content is not None else rest)
    return str(turn.get("role") or turn.get("type") or "user"), said


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if is_array(content):
        return "\n".join(map(_text, content))
    if is_object(content) and isinstance(content.get("text"), str):
        return str(content["text"])
    return json.dumps(content, ensure_ascii=False)


def _replied(body: dict[str, Any]) -> Iterator[str]:
    choices, output, content = (body.get(name) for name in ("choices", "output", "content"))
    for choice in choices if is_array(choices) else []:
        message = choice.get("message") if is_object(choice) else None
        if is_object(message):
            yield _text(message.get("content") or message.get("tool_calls") or "")
    for item in output if is_array(output) else []:
        yield _text(item.get("content", item) if is_object(item) else item)
    if is_array(content):
        yield _text(content)


def _streamed(text: str) -> Iterator[str]:
    for line in text.splitlines():
        event = parsed(line[5:]) if line.startswith("data:") else None
        if not is_object(event):
            continue
        choices = event.get("choices")
        first = choices[0] if is_array(choices) and choices else None
        delta = first.get("delta") if is_object(first) else event.get("delta")
        said = delta.get("content") or delta.get("text") if is_object(delta) else delta
        if isinstance(said, str):
            yield said
