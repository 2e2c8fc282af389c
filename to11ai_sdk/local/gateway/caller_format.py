"""Finds the wire format of a chat call's caller, and refuses requests that cannot be translated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...json_types import is_object
from ..json_input.reader import objects
from .gateway_problem import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

SDKS = ("openai", "anthropic", "xai")
"""The values of ``x-genai-sdk``."""
PATHS = {"openai_chat": "/chat/completions", "openai_responses": "/responses", "anthropic_messages": "/messages"}
"""The path for each format below a provider's base URL."""

_ANTHROPIC_MEMBERS = frozenset({"system", "stop_sequences", "thinking", "top_k"})
# Not a set: the type that a caller sends may be a list, which cannot be looked up in a set.
_ANTHROPIC_PARTS = ("tool_use", "tool_result", "image", "document", "thinking", "redacted_thinking")


def format_at(path: str, sdk: str | None) -> str:
    """Return the caller's format for a path below ``/v1``: the path's own unless ``x-genai-sdk`` names another."""
    if sdk not in SDKS:
        sdk = "anthropic" if f"{path}/".startswith("/messages/") else "openai"
    return "anthropic_messages" if sdk == "anthropic" else "openai_chat"


def format_of(headers: Mapping[str, str], body: Mapping[str, Any], sdk: str | None) -> str:
    """Return the format of a call of ``/v1/responses``, which accepts all of them; the body decides."""
    if sdk == "anthropic":
        return "anthropic_messages"
    if "messages" not in body:
        return "openai_responses"
    looks = sdk is None and ("anthropic-version" in headers or _looks_anthropic(body))
    return "anthropic_messages" if looks else "openai_chat"


def refuse_json(wire_format: str, body: Mapping[str, Any], provider_id: str) -> None:
    """Refuse a response format that Anthropic's models do not have.

    Raises:
        GatewayProblem: 400, the OpenAI body requests ``json_object`` or ``json_schema``.
    """
    wanted = body.get("response_format") if wire_format == "openai_chat" else _member(body.get("text"), "format")
    kind = _member(wanted, "type")
    if kind in ("json_object", "json_schema"):
        message = f"response_format {kind!r} is not supported by {provider_id}: leave it out, or use an OpenAI model"
        details = {"responseFormat": kind, "providerId": provider_id}
        raise bad_request("unsupported_response_format", message, details)


def _looks_anthropic(body: Mapping[str, Any]) -> bool:
    return bool(
        _ANTHROPIC_MEMBERS & set(body)
        or any("input_schema" in tool for tool in objects(body.get("tools")))
        or any(
            part.get("type") in _ANTHROPIC_PARTS
            for message in objects(body["messages"])
            for part in objects(message.get("content"))
        )
    )


def _member(value: Any, name: str) -> Any:
    return value.get(name) if is_object(value) else None
