"""Finds the messages in the bodies of a gateway call, for people to read; all of the formats, streamed or not."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ...json_types import is_array, is_object
from ..json_input.reader import objects
from .masking import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

Said = tuple[str, str]
"""A role, and what it said."""
_CALL, _THOUGHT = "tool call", "reasoning"
_LINE_END = re.compile("\r\n|\n|\r")
_ROLES = {
    "content": "assistant",
    "text": "assistant",
    "refusal": "assistant",
    "thinking": _THOUGHT,
    "reasoning": _THOUGHT,
    "reasoning_content": _THOUGHT,
    "partial_json": _CALL,
}
"""What the members of a delta are."""


class Piece(NamedTuple):
    """A piece of a stream.

    Attributes:
        choice: the choice that it continues.
        role: of the message that it continues.
        text: the text.
        is_first: whether it begins a message.
    """

    choice: int
    role: str
    text: str
    is_first: bool = False


def request_messages(text: str) -> list[Said]:
    """Return the messages of a request; none for anything else."""
    body = parsed(text)
    if not is_object(body):
        return []
    before = [("system", body[name]) for name in ("system", "instructions") if body.get(name)]
    given = body.get("messages", body.get("input", body.get("prompt", [])))
    turns = given if is_array(given) else [{"role": "user", "content": given}]
    return [(role, _text(said)) for role, said in before] + [said for turn in turns for said in _turn(turn)]


def reply_messages(text: str) -> list[Said]:
    """Return the messages of a reply; those of a stream are put together."""
    body = parsed(text)
    return list(_replied(body)) if is_object(body) else _streamed(text)


def _turn(turn: Any) -> Iterator[Said]:
    if not is_object(turn):
        yield "user", _text(turn)
        return
    calls = objects(turn.get("tool_calls"))
    if turn.get("content") or not calls:
        rest = {name: value for name, value in turn.items() if name not in ("role", "content")}
        content = turn.get("content")
        yield str(turn.get("role") or turn.get("type") or "user"), _text(rest if content is None else content)
    yield from ((_CALL, _text(call)) for call in calls)


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if is_array(content):
        return "\n".join(map(_text, content))
    if is_object(content):
        plain = content.get("text", content.get("thinking"))
        if isinstance(plain, str):
            return plain
        called = content.get("function", content)
        if is_object(called) and isinstance(called.get("name"), str):
            arguments = called.get("arguments", called.get("input"))
            if arguments is not None:
                return f"{called['name']} {_text(arguments)}"
    return json.dumps(content, ensure_ascii=False)


def _replied(body: dict[str, Any]) -> Iterator[Said]:
    for choice in objects(body.get("choices")):
        message = choice.get("message")
        if is_object(message):
            yield from _turn({**message, "role": "assistant"})
        elif isinstance(choice.get("text"), str):
            yield "assistant", choice["text"]
    for item in objects(body.get("output")) + objects(body.get("content")):
        yield _role(str(item.get("type"))), _text(item.get("content", item))


def _role(kind: str) -> str:
    """Return who speaks in a part or an event of this type."""
    if "arguments" in kind or kind.endswith(("_call", "tool_use")):
        return _CALL
    return _THOUGHT if "reasoning" in kind or "thinking" in kind else "assistant"


def _streamed(text: str) -> list[Said]:
    said: dict[int, list[Said]] = {}
    for line in _LINE_END.split(text):
        event = parsed(line[5:]) if line.startswith("data:") else None
        for piece in _pieces(event) if is_object(event) else ():
            turns = said.setdefault(piece.choice, [])
            if piece.is_first or not turns or turns[-1][0] != piece.role:
                turns.append((piece.role, piece.text))
            else:
                turns[-1] = piece.role, turns[-1][1] + piece.text
    return [turn for turns in said.values() for turn in turns if turn[1]]


def _pieces(event: dict[str, Any]) -> Iterator[Piece]:
    """Yield the pieces of an event, in any of the formats."""
    for choice in objects(event.get("choices")):
        index = choice.get("index")
        delta = choice.get("delta", choice)
        yield from _of_delta(index if isinstance(index, int) else 0, delta if is_object(delta) else {})
    begun, delta, kind = event.get("content_block", event.get("item")), event.get("delta"), str(event.get("type"))
    if is_object(begun) and isinstance(begun.get("name"), str) and not kind.endswith("done"):
        yield Piece(0, _CALL, f"{begun['name']} ", is_first=True)
    if isinstance(delta, str):
        yield Piece(0, _role(kind), delta)
    elif is_object(delta):
        yield from _of_delta(0, delta)


def _of_delta(choice: int, delta: dict[str, Any]) -> Iterator[Piece]:
    for name, role in _ROLES.items():
        if isinstance(delta.get(name), str) and delta[name]:
            yield Piece(choice, role, delta[name])
    for call in objects(delta.get("tool_calls")):
        called = call.get("function")
        if is_object(called):
            tool = called.get("name")
            if isinstance(tool, str) and tool:
                yield Piece(choice, _CALL, f"{tool} ", is_first=True)
            yield Piece(choice, _CALL, _text(called.get("arguments") or ""))
