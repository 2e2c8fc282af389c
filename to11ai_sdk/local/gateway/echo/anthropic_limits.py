"""Refuses what Anthropic refuses in a well-formed request: blank text, empty turns, ids, names, schemas and sampling.

The messages are the API's own, as users report them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .refusals import EchoError, InvalidError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .body import BodyField

_ID = "^[a-zA-Z0-9_-]+$"
_NAME = "^[a-zA-Z0-9_-]{1,128}$"
_VERSION = re.compile(r"claude-[a-z]+-(\d+)(?:-(\d{1,2}))?(?!\d)")
_ONE_OF_BOTH = (4, 1)
"""The first version that accepts a temperature or ``top_p``, but not both."""


def check_messages(body: BodyField) -> None:
    """Check a parsed request of messages.

    Raises:
        InvalidError: a schema has no type.
        EchoError: 400, with a message that names the mistake.
    """
    turns = body.need("messages").items()
    _check_texts("system", _blocks(body.get("system")))
    _check_turns(turns)
    for turn in turns:
        for block in _blocks(turn.get("content")):
            _check_block(block)
    _check_ids([block for turn in turns for block in _blocks(turn.get("content"))])
    tools = offered.items() if (offered := body.get("tools")) else []
    for tool in tools:
        _check_tool(tool)
    names = [tool.need("name").text() for tool in tools if tool.get("name") is not None]
    if len(set(names)) < len(names):
        raise EchoError(400, "tools: Tool names must be unique.")
    _check_sampling(body)


def _check_turns(turns: Sequence[BodyField]) -> None:
    for index, turn in enumerate(turns):
        content = turn.need("content")
        is_last_answer = index == len(turns) - 1 and turn.value["role"] == "assistant"
        if not content.value and not is_last_answer:
            message = "all messages must have non-empty content except for the optional final assistant message"
            raise EchoError(400, f"messages.{index}: {message}")
        if isinstance(content.value, str) and content.value:
            _check_text("messages", content.value)
        _check_texts("messages", _blocks(content))


def _blocks(content: BodyField | None) -> list[BodyField]:
    return [] if content is None or isinstance(content.value, str) else content.items()


def _check_texts(place: str, blocks: Iterable[BodyField]) -> None:
    for block in blocks:
        kind = block.need("type").text()
        if kind == "text":
            _check_text(place, block.need("text").text())
        elif kind == "tool_result":
            _check_texts(place, _blocks(block.get("content")))


def _check_text(place: str, text: str) -> None:
    if not text:
        raise EchoError(400, f"{place}: text content blocks must be non-empty")
    if not text.strip():
        raise EchoError(400, f"{place}: text content blocks must contain non-whitespace text")


def _check_block(block: BodyField) -> None:
    kind = block.value["type"]
    if kind == "tool_use":
        _check_pattern(block, kind, "id", _ID)
        _check_pattern(block, kind, "name", _NAME)
    elif kind == "tool_result":
        _check_pattern(block, kind, "tool_use_id", _ID)


def _check_ids(blocks: Iterable[BodyField]) -> None:
    called, answered = set[str](), set[str]()
    for block in blocks:
        place = ".".join(map(str, block.path))
        kind = block.value["type"]
        if kind == "tool_use":
            if block.value["id"] in called:
                raise EchoError(400, f"{place}: `tool_use` ids must be unique")
            called.add(block.value["id"])
        elif kind == "tool_result":
            call_id = block.value["tool_use_id"]
            if call_id in answered:
                several = f"Found multiple `tool_result` blocks with id: {call_id}"
                raise EchoError(400, f"{place}: each tool_use must have a single result. {several}")
            answered.add(call_id)


def _check_tool(tool: BodyField) -> None:
    if tool.value.get("type") not in (None, "custom"):
        return
    _check_pattern(tool, "custom", "name", _NAME)
    schema = tool.need("input_schema")
    place = (*tool.path, "custom", "input_schema", "type")
    kind = schema.get("type")
    if kind is None:
        raise InvalidError(place)
    if kind.value != "object":
        raise InvalidError(place, "'object'", kind.value)


def _check_pattern(holder: BodyField, kind: str, name: str, pattern: str) -> None:
    if not re.fullmatch(pattern[1:-1], holder.need(name).text()):
        place = ".".join(map(str, (*holder.path, kind, name)))
        raise EchoError(400, f"{place}: String should match pattern '{pattern}'")


def _check_sampling(body: BodyField) -> None:
    version = _VERSION.match(body.need("model").text())
    is_newer = version is not None and (int(version[1]), int(version[2] or 0)) >= _ONE_OF_BOTH
    if is_newer and body.get("temperature") is not None and body.get("top_p") is not None:
        message = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
        raise EchoError(400, message)
