"""Reads a request of OpenAI's chat completions.

Source: https://platform.openai.com/docs/api-reference/chat/create.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from .conversation import ChatQuestion
from .refusals import EchoError, InvalidError
from .turns import ChatTurn, OfferedTool, ToolOutput, ToolUse, orphans, unanswered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .body import BodyField

_ROLES = ("system", "developer", "user", "assistant", "tool", "function")
_FOREIGN = ("system", "stop_sequences", "input", "instructions", "max_output_tokens", "anthropic_version")
_TEXT_PARTS = ("text", "refusal")
_OTHER_PARTS = ("input_audio", "file")


def read_chat(body: BodyField, provider_type: str = "openai") -> ChatQuestion:
    """Return the question in a request to a type of provider.

    Raises:
        InvalidError: it is malformed.
        EchoError: 400, its parts contradict each other.
    """
    body.refuse(*_FOREIGN)
    messages = tuple(_message(each, provider_type) for each in _some(body.need("messages")))
    _check_results(messages)
    choice, names = _choice(body, provider_type)
    tools = [tool for tool in _tools(body, names) if names is None or tool.name in names]
    effort, parallel = body.get("reasoning_effort"), body.get("parallel_tool_calls")
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    return ChatQuestion(
        "openai",
        body.need("model").text(),
        messages,
        tuple(tools),
        choice,
        parallel=not is_old_form(body) and (parallel is None or parallel.flag()),
        schema=_schema(body),
        thinking=effort is not None and effort.text() != "none",
        stop=tuple(stop.texts()) if (stop := body.get("stop")) else (),
        limit=limit.integer(1) if limit else None,
        choices=n.integer(1, 128) if (n := body.get("n")) else 1,
    )


def is_old_form(body: BodyField) -> bool:
    """Whether a request offers its tools in the old form, as ``functions``."""
    return body.get("tools") is None and body.get("functions") is not None


def read_function(definition: BodyField) -> tuple[str, dict[str, Any]]:
    """Return the name and the parameters of a function."""
    parameters = definition.get("parameters")
    return definition.need("name").text(), parameters.object() if parameters else {}


def check_choice(tools: Sequence[OfferedTool], names: Sequence[str] | None, param: str = "tool_choice") -> None:
    """Refuse a choice of a tool that is not offered.

    Raises:
        EchoError: 400 naming it.
    """
    offered = {tool.name for tool in tools}
    for name in names or ():
        if name not in offered:
            place = "functions" if param == "function_call" else "tools"
            message = f"Invalid value for '{param}': tool '{name}' not found in '{place}'."
            raise EchoError(400, message, param=param)


def choice_word(choice: BodyField, provider_type: str = "openai") -> Literal["auto", "none", "required"]:
    """Return a choice that is a word; Mistral has an additional one."""
    more = ("any",) if provider_type == "mistral" else ()
    word = choice.word("none", "auto", "required", *more)
    return cast("Literal['auto', 'none', 'required']", "required" if word == "any" else word)


def _some(messages: BodyField) -> list[BodyField]:
    items = messages.items()
    if not items:
        message = "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array."
        raise EchoError(400, message, param="messages", code="empty_array")
    return items


def _message(message: BodyField, provider_type: str) -> ChatTurn:
    role = message.need("role").word(*_ROLES)
    calls = [*map(_call, listed.items())] if (listed := message.get("tool_calls")) else []
    if called := message.get("function_call"):
        calls.append(ToolUse("", called.need("name").text(), called.need("arguments").text()))
    if role == "tool":
        texts, _ = read_content(message.need("content"))
        return ChatTurn(role, results=(ToolOutput(message.need("tool_call_id").text(), "\n".join(texts)),))
    if role == "function":
        texts, _ = read_content(message.need("content"))
        return ChatTurn(role, results=(ToolOutput("", "\n".join(texts), message.need("name").text()),))
    content = message.get("content")
    if content is None and role != "assistant":
        raise InvalidError((*message.path, "content"))
    texts, images = read_content(content, provider_type) if content else ((), 0)
    return ChatTurn(role, texts, images, tuple(calls))


def read_content(content: BodyField, provider_type: str = "openai") -> tuple[tuple[str, ...], int]:
    """Return the texts and the number of images in a content; Mistral's clients may send the bare URL of an image."""
    if isinstance(content.value, str):
        return (content.value,), 0
    texts: list[str] = []
    images = 0
    for part in content.items():
        kind = part.need("type").word(*_TEXT_PARTS, "image_url", *_OTHER_PARTS)
        if kind in _TEXT_PARTS:
            texts.append(part.need(kind).text())
        elif kind == "image_url":
            image = part.need("image_url")
            bare = provider_type == "mistral" and isinstance(image.value, str)
            images += bool((image if bare else image.need("url")).text())
    return tuple(texts), images


def _call(call: BodyField) -> ToolUse:
    if call.need("type").word("function", "custom") == "custom":
        custom = call.need("custom")
        return ToolUse(call.need("id").text(), custom.need("name").text(), custom.need("input").text(), custom=True)
    function = call.need("function")
    return ToolUse(call.need("id").text(), function.need("name").text(), function.need("arguments").text())


def _check_results(messages: Sequence[ChatTurn]) -> None:
    if orphans(messages):
        message = "messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
        raise EchoError(400, f"Invalid parameter: {message}", param="messages")
    if missing := unanswered(messages, at_once=True):
        message = (
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each"
            f" 'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(missing)}"
        )
        raise EchoError(400, message, param="messages")


def _tools(body: BodyField, names: Sequence[str] | None) -> list[OfferedTool]:
    tools: list[OfferedTool] = []
    old = is_old_form(body)
    for tool in offered.items() if (offered := body.get("functions" if old else "tools")) else ():
        kind = "old" if old else tool.need("type").text()
        if kind == "custom":
            tools.append(OfferedTool(tool.need("custom").need("name").text(), None, tool.object()))
        elif kind in ("function", "old"):
            tools.append(OfferedTool(*read_function(tool if old else tool.need("function")), tool.object()))
    check_choice(tools, names, "function_call" if old else "tool_choice")
    return tools


def _choice(body: BodyField, provider_type: str) -> tuple[Literal["auto", "none", "required"], list[str] | None]:
    choice = body.get("function_call" if is_old_form(body) else "tool_choice")
    if choice is None:
        return "auto", None
    if isinstance(choice.value, str):
        return choice_word(choice, provider_type), None
    if is_old_form(body):
        return "required", [choice.need("name").text()]
    kind = choice.need("type").word("function", "custom", "allowed_tools")
    if kind != "allowed_tools":
        return "required", [choice.need(kind).need("name").text()]
    allowed = choice.need("allowed_tools")
    tools = [tool.need(tool.need("type").word("function", "custom")) for tool in allowed.need("tools").items()]
    return choice_word(allowed.need("mode")), [tool.need("name").text() for tool in tools]


def _schema(body: BodyField) -> dict[str, Any] | None:
    form = body.get("response_format")
    kind = form.need("type").word("text", "json_object", "json_schema") if form else "text"
    if form and kind == "json_schema":
        described = form.need("json_schema")
        described.need("name").text()
        return described.need("schema").object()
    return {} if kind == "json_object" else None
