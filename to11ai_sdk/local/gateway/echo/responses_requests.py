"""Reads a request of OpenAI's responses.

Source: https://platform.openai.com/docs/api-reference/responses/create.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from .chat_requests import check_choice, choice_word, read_function
from .conversation import ChatQuestion
from .refusals import EchoError
from .turns import ChatTurn, OfferedTool, ToolOutput, ToolUse, orphans, unanswered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .body import BodyField

_MOVED = {"messages": "input", "response_format": "text.format", "max_tokens": "max_output_tokens"}
_MOVED["max_completion_tokens"] = "max_output_tokens"
_FOREIGN = ("system", "stop", "stop_sequences", "n", "reasoning_effort", "anthropic_version")
_TEXT_PARTS = ("input_text", "output_text", "refusal", "text")


def read_responses(body: BodyField) -> ChatQuestion:
    """Return what a request asks.

    Raises:
        InvalidError: it is malformed.
        EchoError: 400, it is not consistent, or refers to a response: none is kept.
    """
    _refuse_foreign(body)
    instructions = body.get("instructions")
    messages = [ChatTurn("system", (instructions.text(),))] if instructions else []
    messages += _input(body.need("input"))
    _check_results(messages)
    choice, names = _choice(body)
    parallel, limit = body.get("parallel_tool_calls"), body.get("max_output_tokens")
    return ChatQuestion(
        "openai",
        body.need("model").text(),
        tuple(messages),
        tuple(tool for tool in _tools(body, names) if names is None or tool.name in names),
        choice,
        parallel=parallel is None or parallel.flag(),
        schema=_schema(body),
        thinking=_thinking(body),
        limit=limit.integer(1) if limit else None,
    )


def _refuse_foreign(body: BodyField) -> None:
    for name, place in _MOVED.items():
        if name in body.object():
            message = f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to '{place}'."
            raise EchoError(400, message, param=name, code="unsupported_parameter")
    body.refuse(*_FOREIGN)
    if previous := body.get("previous_response_id"):
        message = f"Previous response with id '{previous.text()}' not found."
        raise EchoError(400, message, param="previous_response_id", code="previous_response_not_found")


def _input(given: BodyField) -> list[ChatTurn]:
    if isinstance(given.value, str):
        return [ChatTurn("user", (given.value,))]
    return [said for item in given.items() if (said := _item(item)) is not None]


def _item(item: BodyField) -> ChatTurn | None:
    kind = found.text() if (found := item.get("type")) else "message"
    if kind == "message":
        return _message(item)
    if kind == "function_call":
        name, arguments = item.need("name").text(), item.need("arguments").text()
        return ChatTurn("assistant", calls=(ToolUse(item.need("call_id").text(), name, arguments),))
    if kind == "function_call_output":
        texts, _ = _content(item.need("output"))
        return ChatTurn("tool", results=(ToolOutput(item.need("call_id").text(), "\n".join(texts)),))
    item.need("type").word("message", "function_call", "function_call_output", "reasoning")
    return None


def _message(item: BodyField) -> ChatTurn:
    role = item.need("role").word("user", "assistant", "system", "developer")
    texts, images = _content(item.need("content"))
    return ChatTurn(role, texts, images)


def _content(content: BodyField) -> tuple[tuple[str, ...], int]:
    if isinstance(content.value, str):
        return (content.value,), 0
    texts: list[str] = []
    images = 0
    for part in content.items():
        kind = part.need("type").word(*_TEXT_PARTS, "input_image", "input_file", "input_audio")
        if kind in _TEXT_PARTS:
            texts.append(part.need("refusal" if kind == "refusal" else "text").text())
        images += kind == "input_image"
    return tuple(texts), images


def _check_results(messages: Sequence[ChatTurn]) -> None:
    if strange := orphans(messages):
        message = f"No tool call found for function call output with call_id {strange[0]}."
        raise EchoError(400, message, param="input")
    if missing := unanswered(messages, at_once=False):
        raise EchoError(400, f"No tool output found for function call {missing[0]}.", param="input")


def _tools(body: BodyField, names: Sequence[str] | None) -> list[OfferedTool]:
    tools: list[OfferedTool] = []
    for tool in offered.items() if (offered := body.get("tools")) else ():
        if tool.need("type").text() == "function":
            name, parameters = read_function(tool)
            tools.append(OfferedTool(name, parameters, tool.object()))
    check_choice(tools, names)
    return tools


def _choice(body: BodyField) -> tuple[Literal["auto", "none", "required"], list[str] | None]:
    choice = body.get("tool_choice")
    if choice is None:
        return "auto", None
    if isinstance(choice.value, str):
        return choice_word(choice), None
    if choice.need("type").word("function", "allowed_tools") == "function":
        return "required", [choice.need("name").text()]
    names = [tool.need("name").text() for tool in choice.need("tools").items()]
    return choice_word(choice.need("mode")), names


def _schema(body: BodyField) -> dict[str, Any] | None:
    text = body.get("text")
    form = text.get("format") if text else None
    kind = form.need("type").word("text", "json_object", "json_schema") if form else "text"
    if form and kind == "json_schema":
        form.need("name").text()
        return form.need("schema").object()
    return {} if kind == "json_object" else None


def _thinking(body: BodyField) -> bool:
    reasoning = body.get("reasoning")
    effort = reasoning.get("effort") if reasoning else None
    return reasoning is not None and (effort is None or effort.text() != "none")
