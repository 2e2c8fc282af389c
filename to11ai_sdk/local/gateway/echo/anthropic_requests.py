"""Reads a request of Anthropic's messages.

Source: https://docs.anthropic.com/en/api/messages.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from .anthropic_limits import check_messages
from .body import BodyField
from .conversation import ChatQuestion
from .echo_answer import signature
from .refusals import EchoError
from .turns import ChatTurn, OfferedTool, ToolOutput, ToolUse, orphans, unanswered

if TYPE_CHECKING:
    from collections.abc import Sequence

_FOREIGN = (
    "n",
    "stop",
    "input",
    "instructions",
    "response_format",
    "reasoning_effort",
    "stream_options",
    "parallel_tool_calls",
    "max_completion_tokens",
    "max_output_tokens",
)
_THREADLESS = ("cache_control", "context_management", "fallbacks", "thinking")
_PASSED_OVER = (
    *("server_tool", "mcp_tool", "tool_search", "web_", "code_", "bash_", "text_editor", "container"),
    *("advisor", "compaction", "fallback", "tool_addition", "tool_removal"),
)
"""Prefixes of the types of blocks that come from the provider, mostly from its own tools."""
_BLOCKS = ("text", "image", "document", "search_result", "tool_use", "tool_result", "thinking", "redacted_thinking")


def read_messages(body: BodyField, *, counting: bool = False) -> ChatQuestion:
    """Return the question in a request; to count tokens, ``max_tokens`` may be missing.

    Raises:
        InvalidError: it is malformed.
        EchoError: 400, its parts contradict each other.
    """
    _refuse_foreign(body)
    _refuse_thread(body)
    _check_extras(body)
    limit = None if counting else body.need("max_tokens").integer(1)
    messages = (*_system(body), *map(_message, _some(body.need("messages"))))
    tools = _tools(body)
    check_messages(body)
    _check_results(messages)
    choice, name, parallel = _choice(body, tools)
    return ChatQuestion(
        "anthropic",
        body.need("model").text(),
        messages,
        tuple(tool for tool in tools if name in (None, tool.name)),
        choice,
        parallel,
        schema=_schema(body),
        thinking=_thinking(body, limit),
        stop=tuple(stop.texts()) if (stop := body.get("stop_sequences")) else (),
        limit=limit,
    )


def _refuse_foreign(body: BodyField) -> None:
    for name in _FOREIGN:
        if name in body.object():
            raise EchoError(400, f"{name}: Extra inputs are not permitted")


def _refuse_thread(body: BodyField) -> None:
    """Refuse a thread in the form that makes Anthropic's SDKs send the whole conversation instead."""
    if body.get("thread") is None:
        return
    named = [name for name in _THREADLESS if body.get(name) is not None]
    message = "thread: echo keeps no threads. Send the full conversation without `thread`."
    details = {"error_code": "thread_unsupported_request", "unsupported": named or ["thread"]}
    raise EchoError(400, message, details=details)


def _check_extras(body: BodyField) -> None:
    """Check members that are accepted but do not change the answer."""
    container = body.get("container")
    if container and not isinstance(container.value, str) and (skills := container.get("skills")):
        skills.items()
    management = body.get("context_management")
    edits = management.get("edits") if management else None
    for edit in edits.items() if edits else ():
        edit.need("type").text()


def _system(body: BodyField) -> list[ChatTurn]:
    if "system" not in body.object():
        return []
    system = BodyField(body.object()["system"], ("system",))
    if isinstance(system.value, str):
        return [ChatTurn("system", (system.value,))]
    return [ChatTurn("system", tuple(block.need("text").text() for block in system.items()))]


def _some(messages: BodyField) -> list[BodyField]:
    items = messages.items()
    if not items:
        raise EchoError(400, "messages: at least one message is required")
    return items


def _message(message: BodyField) -> ChatTurn:
    role = message.need("role").word("user", "assistant", "system")
    content = message.need("content")
    if isinstance(content.value, str):
        return ChatTurn(role, (content.value,))
    blocks = [(block.need("type").text(), block) for block in content.items()]
    for kind, block in blocks:
        if not kind.startswith(_PASSED_OVER):
            block.need("type").word(*_BLOCKS)
        if kind == "thinking":
            _check_thinking(block)
    return ChatTurn(
        role,
        tuple(block.need("text").text() for kind, block in blocks if kind == "text"),
        sum(bool(block.need("source").object()) for kind, block in blocks if kind == "image"),
        tuple(_call(block) for kind, block in blocks if kind == "tool_use"),
        tuple(_result(block) for kind, block in blocks if kind == "tool_result"),
    )


def _check_thinking(block: BodyField) -> None:
    if block.need("signature").text() != signature(block.need("thinking").text()):
        place = ".".join(map(str, block.path))
        raise EchoError(400, f"{place}: Invalid `signature` in `thinking` block")


def _call(block: BodyField) -> ToolUse:
    arguments = json.dumps(block.need("input").object(), ensure_ascii=False)
    return ToolUse(block.need("id").text(), block.need("name").text(), arguments)


def _result(block: BodyField) -> ToolOutput:
    call_id, content = block.need("tool_use_id").text(), block.get("content")
    if content is None or isinstance(content.value, str):
        return ToolOutput(call_id, content.text() if content else "")
    texts = [part.need("text").text() for part in content.items() if part.need("type").text() == "text"]
    return ToolOutput(call_id, "\n".join(texts))


def _check_results(messages: Sequence[ChatTurn]) -> None:
    if strange := orphans(messages):
        message = (
            f"messages: unexpected `tool_use_id` found in `tool_result` blocks: {', '.join(strange)}. Each"
            " `tool_result` block must have a corresponding `tool_use` block in the previous message."
        )
        raise EchoError(400, message)
    if missing := unanswered(messages, at_once=True):
        message = (
            "messages: `tool_use` ids were found without `tool_result` blocks immediately after:"
            f" {', '.join(missing)}. Each `tool_use` block must have a corresponding `tool_result` block in the next"
            " message."
        )
        raise EchoError(400, message)


def _tools(body: BodyField) -> list[OfferedTool]:
    tools: list[OfferedTool] = []
    for tool in offered.items() if (offered := body.get("tools")) else ():
        # A type other than custom is a tool of Anthropic's own servers.
        if (kind := tool.get("type")) is None or kind.text() == "custom":
            tools.append(OfferedTool(tool.need("name").text(), tool.need("input_schema").object(), tool.object()))
    return tools


def _choice(
    body: BodyField, tools: Sequence[OfferedTool]
) -> tuple[Literal["auto", "none", "required"], str | None, bool]:
    choice = body.get("tool_choice")
    if choice is None:
        return "auto", None, True
    kind = choice.need("type").word("auto", "any", "tool", "none")
    single = choice.get("disable_parallel_tool_use")
    parallel = not (single and single.flag())
    if kind == "tool":
        return "required", _offered(choice.need("name").text(), tools), parallel
    if kind == "any":
        return "required", None, parallel
    return "none" if kind == "none" else "auto", None, parallel


def _offered(name: str, tools: Sequence[OfferedTool]) -> str:
    if all(tool.name != name for tool in tools):
        raise EchoError(400, f"Tool '{name}' not found in provided tools")
    return name


def _thinking(body: BodyField, limit: int | None) -> bool:
    thinking = body.get("thinking")
    if thinking is None or thinking.need("type").text() == "disabled":
        return False
    if thinking.value["type"] == "enabled":
        budget = thinking.need("budget_tokens").integer(1024)
        if limit is not None and budget >= limit:
            raise EchoError(400, "`max_tokens` must be greater than `thinking.budget_tokens`.")
    return True


def _schema(body: BodyField) -> dict[str, Any] | None:
    config, older = body.get("output_config"), body.get("output_format")
    form = config.get("format") if config else None
    if form and older:
        raise EchoError(400, "output_format: Cannot be specified together with `output_config.format`.")
    form = form or older
    if form is None:
        return None
    form.need("type").word("json_schema")
    return form.need("schema").object()
