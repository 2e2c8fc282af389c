"""The formats of a chat call: which one the caller speaks, which one a provider does, and what goes between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...json_types import is_array, is_object
from .problems import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .incoming import Incoming

PATHS = {"openai_chat": "/chat/completions", "openai_responses": "/responses", "anthropic_messages": "/messages"}
"""Where a provider takes each format, below its base URL."""

_OF_ENDPOINT = {"chat_completions": "openai_chat", "messages": "anthropic_messages"}
_ANTHROPIC_MEMBERS = frozenset({"system", "stop_sequences", "thinking", "top_k"})
_ANTHROPIC_PARTS = frozenset({"tool_use", "tool_result", "image", "document", "thinking", "redacted_thinking"})


def form_of(endpoint: str, incoming: Incoming, body: Mapping[str, Any], sdk: str | None) -> str:
    """The format that the caller speaks: that of the endpoint unless ``x-genai-sdk`` names another.

    ``/v1/responses`` takes all of them, and tells them apart by the body.
    """
    if sdk == "anthropic":
        return "anthropic_messages"
    if endpoint != "responses":
        return "openai_chat" if sdk else _OF_ENDPOINT[endpoint]
    if "messages" not in body:
        return "openai_responses"
    looks = sdk is None and ("anthropic-version" in incoming.headers or _looks_anthropic(body))
    return "anthropic_messages" if looks else "openai_chat"


def upstream_form(form: str, dialect: str) -> str:
    """The format in which a provider is asked; the caller's own if it speaks that."""
    if dialect == "anthropic":
        return "anthropic_messages"
    return form if form.startswith("openai") else "openai_chat"


def refuse_json(form: str, body: Mapping[str, Any], provider_id: str) -> None:
    """Refuse a response format that Anthropic's models do not have.

    Raises:
        GatewayProblem: 400, the OpenAI body asks for ``json_object`` or ``json_schema``.
    """
    wanted = body.get("response_format") if form == "openai_chat" else _member(body.get("text"), "format")
    kind = _member(wanted, "type")
    if kind in ("json_object", "json_schema"):
        message = f"response_format {kind!r} is not supported by {provider_id}: leave it out, or use an OpenAI model"
        details = {"responseFormat": kind, "providerId": provider_id}
        raise bad_request("unsupported_response_format", message, details)


def _looks_anthropic(body: Mapping[str, Any]) -> bool:
    return bool(
        _ANTHROPIC_MEMBERS & set(body)
        or any("input_schema" in tool for tool in _objects(body.get("tools")))
        or any(
            part.get("type") in _ANTHROPIC_PARTS
            for message in _objects(body["messages"])
            for part in _objects(message.get("content"))
        )
    )


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if is_object(item)] if is_array(value) else []


def _member(value: Any, name: str) -> Any:
    return value.get(name) if is_object(value) else None
