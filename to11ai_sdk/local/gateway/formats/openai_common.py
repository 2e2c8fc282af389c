"""What the two formats of OpenAI have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .common import present
from .neutral import ResponseFormat

if TYPE_CHECKING:
    from ...json_input.fields import Fields

SERVICE = ("prompt_cache_key", "safety_identifier", "service_tier")
"""Settings that both formats have under the same name, and Anthropic's lacks."""


def function_tools_only(fields: Fields) -> None:
    """Refuse a tool, or a choice of one, that is no function: only the provider itself could run it."""
    advice = "tools that the provider runs itself cannot be translated to another format"
    fields.choice("type", {"function": True}, advice)


def service(fields: Fields) -> dict[str, str]:
    """Return the members that are such settings."""
    return {key: fields.text(key) for key in SERVICE if fields.has(key)}


def read_json_schema(fields: Fields) -> ResponseFormat:
    """Return the JSON Schema that an answer shall fit, from the object that names it."""
    return ResponseFormat(
        type="json_schema",
        name=fields.text("name"),
        description=fields.text_or_none("description"),
        schema=fields.mapping("schema"),
        strict=fields.flag("strict"),
    )


def write_json_schema(wanted: ResponseFormat) -> dict[str, Any]:
    """Return the members of the object that names it; one without a name is called ``response``."""
    members = {"description": wanted.description, "schema": wanted.schema, "strict": wanted.strict}
    return present({"name": wanted.name or "response", **members})


def detail_of(fields: Fields) -> str | None:
    """Return the detail of an image; ``auto`` is the default."""
    detail = fields.text_or_none("detail")
    return None if detail == "auto" else detail


def created_of(fields: Fields, key: str) -> int | None:
    """When a reply was made, in whole seconds since 1970; some servers send fractions of seconds."""
    created = fields.number(key)
    return None if created is None else int(created)
