"""Reads a request of OpenAI's responses.

Source: https://platform.openai.com/docs/api-reference/responses/create.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from .chat_requests import check_choice, choice_word, read_function
from .conversation import ChatQuestion
from .refusals import EchoError
from .responses_items import offered_tools, read_item
from .turns import ChatTurn, OfferedTool, orphans, unanswered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .body import BodyField

_MOVED = {"messages": "input", "response_format": "text.format", "max_tokens": "max_output_tokens"}
_MOVED["max_completion_tokens"] = "max_output_tokens"
_FOREIGN = ("system", "stop", "stop_sequences", "n", "reasoning_effort", "anthropic_version")


def read_responses(body: BodyField, items: Sequence[BodyField]) -> ChatQuestion:
    """Return the question in a request.

    Args:
        body: the request.
        items: its input, after the items of the responses that it continues.

    Raises:
        InvalidError: it is malformed.
        EchoError: 400, its parts contradict each other.
    """
    instructions = body.get("instructions")
    messages = [ChatTurn("system", (instructions.text(),))] if instructions else []
    messages += [said for item in items if (said := read_item(item)) is not None]
    _check_results(messages)
    choice, names = _choice(body)
    parallel, limit = body.get("parallel_tool_calls"), body.get("max_output_tokens")
    return ChatQuestion(
        "openai",
        body.need("model").text(),
        tuple(messages),
        tuple(tool for tool in _tools(body, items, names) if names is None or tool.name in names),
        choice,
        parallel=parallel is None or parallel.flag(),
        schema=_schema(body),
        thinking=_thinking(body),
        limit=limit.integer(1) if limit else None,
    )


def refuse_foreign(body: BodyField) -> None:
    """Refuse members of other APIs, and conversations, which ``echo`` does not keep.

    Raises:
        EchoError: 400 naming the first of them.
    """
    for name, place in _MOVED.items():
        if name in body.object():
            message = f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved to '{place}'."
            raise EchoError(400, message, param=name, code="unsupported_parameter")
    body.refuse(*_FOREIGN)
    if conversation := body.get("conversation"):
        value = conversation.value
        named = conversation.text() if isinstance(value, str) else conversation.need("id").text()
        message = (
            f"Conversation with id '{named}' not found. echo keeps no conversations: send all of it as `input`, or go"
            " on with `previous_response_id`."
        )
        raise EchoError(400, message, param="conversation", code="conversation_not_found")


def _check_results(messages: Sequence[ChatTurn]) -> None:
    if strange := orphans(messages):
        message = f"No tool call found for function call output with call_id {strange[0]}."
        raise EchoError(400, message, param="input")
    if missing := unanswered(messages, at_once=False):
        raise EchoError(400, f"No tool output found for function call {missing[0]}.", param="input")


def _tools(body: BodyField, items: Sequence[BodyField], names: Sequence[str] | None) -> list[OfferedTool]:
    tools: list[OfferedTool] = []
    for tool, namespace in offered_tools(body, items):
        is_custom = tool.value["type"] == "custom"
        name, parameters = (tool.need("name").text(), None) if is_custom else read_function(tool)
        tools.append(OfferedTool(name, parameters, tool.object(), namespace))
    check_choice(tools, names)
    return tools


def _choice(body: BodyField) -> tuple[Literal["auto", "none", "required"], list[str] | None]:
    choice = body.get("tool_choice")
    if choice is None:
        return "auto", None
    if isinstance(choice.value, str):
        return choice_word(choice), None
    if choice.need("type").word("function", "custom", "allowed_tools") != "allowed_tools":
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
