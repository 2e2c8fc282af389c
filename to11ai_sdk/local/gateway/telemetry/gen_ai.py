"""Describes a call by OpenTelemetry's semantic conventions for generative AI, without any text of people or models.

Source: https://github.com/open-telemetry/semantic-conventions-genai, version 0.1.0, whose status is "development". What
they have no name for is ``to11.*``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from ....json_types import is_object
from ...bounds import MAX_CACHED_NAMES, MAX_OTLP_ITEM_TEXT, MAX_OTLP_ITEMS, MAX_SPAN_LABELS
from ..call import UnderstoodCall
from ..endpoints import CHAT
from ..formats.openai_chat.replies import FINISH_REASONS
from ..observe.traces import COLUMNS, bounded_text
from ..routing import applied

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..call import AdmittedCall
    from ..config.providers import ProviderConfig
    from ..formats.neutral import StopReason
    from ..observe.traces import SpanRow
    from ..routing import Attempt
    from .call_details import CallDetails

    Value = str | bool | int | float | Sequence[str]

_PROVIDERS = {
    "aws-bedrock": "aws.bedrock",
    "azure-openai": "azure.ai.openai",
    "gcp-vertex-ai": "gcp.vertex_ai",
    "google-gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "moonshot": "moonshot_ai",
    "xai": "x_ai",
}
"""The names of the conventions for types of providers, where they are others than ours."""
_FLOATS = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
}
_INTEGERS = {
    "max_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "max_output_tokens": "gen_ai.request.max_tokens",
    "top_k": "gen_ai.request.top_k",
    "seed": "gen_ai.request.seed",
    "n": "gen_ai.request.choice.count",
    "dimensions": "gen_ai.embeddings.dimension.count",
}
_TEXTS = {
    "previous_response_id": "gen_ai.request.previous_response.id",
    "reasoning_effort": "gen_ai.request.reasoning.level",
    "reasoning.effort": "gen_ai.request.reasoning.level",
    "output_config.effort": "gen_ai.request.reasoning.level",
    "conversation": "gen_ai.conversation.id",
    "conversation.id": "gen_ai.conversation.id",
}
_OF_SPAN = {
    "env": "to11.environment",
    "request_id": "to11.request.id",
    "provider_id": "to11.provider.id",
    "rule_id": "to11.rule.id",
    "version_id": "to11.rule.version_id",
    "release_id": "to11.rule.release_id",
    "variant": "to11.rule.variant",
    "cache": "to11.cache",
    "prompt_id": "to11.prompt.id",
    "prompt_version": "to11.prompt.version",
    "session_id": "session.id",
    "conversation_id": "gen_ai.conversation.id",
    "status": "http.response.status_code",
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "error_code": "error.type",
}
"""The attributes that have the value of a member of a span as the gateway keeps it."""
_STOPS: Mapping[str, Mapping[StopReason, str]] = {
    "openai_chat": FINISH_REASONS,
    "openai_responses": {
        **dict.fromkeys(FINISH_REASONS, "completed"),
        "max_tokens": "max_output_tokens",
        "refusal": "content_filter",
    },
}
_OUTPUTS = {"image_generation": "image", "audio_speech": "speech"}
NO_PROVIDER = "to11"
"""The provider of a call that was refused before one was chosen."""


def span_name(attributes: Mapping[str, Value]) -> str:
    """Return the name of a span: its operation and the requested model."""
    operation, model = attributes["gen_ai.operation.name"], attributes.get("gen_ai.request.model")
    return f"{operation} {model}" if model else str(operation)


def attributes_of(call: AdmittedCall, attempt: Attempt | None, details: CallDetails, row: SpanRow) -> dict[str, Value]:
    """Return the attributes of the span of a call.

    Args:
        call: the last stage that it reached.
        attempt: the last target tried.
        details: the facts about its reply.
        row: its span as the gateway keeps it.
    """
    span = dict(zip(COLUMNS, row, strict=True))
    model = span["upstream_model"] or span["model"]
    own = {name: value for member, name in _OF_SPAN.items() if (value := span[member]) is not None}
    found: dict[str, Any] = {
        **(_of_request(call, attempt) if isinstance(call, UnderstoodCall) else {}),
        "gen_ai.operation.name": "chat" if span["endpoint"] in CHAT else span["endpoint"],
        "gen_ai.provider.name": NO_PROVIDER,
        "gen_ai.request.model": model,
        "gen_ai.response.id": details.response_id,
        "gen_ai.response.model": details.model,
        "gen_ai.response.finish_reasons": _finish_reasons(attempt, details, span),
        **{f"gen_ai.usage.{part}": count for part, count in details.token_parts.items()},
        "to11.project.id": span["project_id"],
        "to11.request.model": span["model"] if span["model"] != model else None,
        "to11.prompt.labels": list(span["prompt_labels"][:MAX_SPAN_LABELS]),
        **own,
        **(of_target(attempt.provider) if attempt else {}),
    }
    if span["is_stream"]:
        found["gen_ai.response.time_to_first_chunk"] = details.first_after_s
    if span["status"] >= 400:
        found.setdefault("error.type", str(span["status"]))
    return dict(sendable(found))


def of_target(provider: ProviderConfig) -> dict[str, Value]:
    """Return the attributes that name a provider."""
    return {"gen_ai.provider.name": _PROVIDERS.get(provider.type, provider.type), **_of_server(provider.base_url or "")}


@lru_cache(MAX_CACHED_NAMES)
def _of_server(base_url: str) -> dict[str, Value]:
    parts = urlsplit(base_url)
    if not parts.hostname:
        return {}
    return {"server.address": parts.hostname, "server.port": parts.port or (443 if parts.scheme == "https" else 80)}


def _of_request(call: UnderstoodCall, attempt: Attempt | None) -> dict[str, Value]:
    """Return the parameters of the request, with those that a rule added."""
    endpoint = call.match.endpoint.name
    body = applied(attempt, endpoint, call.body) if attempt and attempt.params else call.body
    found: dict[str, Value] = {}
    for member, name in _FLOATS.items():
        if (number := body.get(member)) is not None and _is_number(number):
            found[name] = float(number)
    for member, name in _INTEGERS.items():
        if _is_number(number := body.get(member)) and isinstance(number, int):
            found[name] = number
    for member, name in _TEXTS.items():
        if isinstance(text := _member(body, member), str) and text:
            found[name] = text
    if call.streams:
        found["gen_ai.request.stream"] = True
    if found.get("gen_ai.request.choice.count") == 1:
        del found["gen_ai.request.choice.count"]
    if endpoint == "embeddings" and isinstance(form := body.get("encoding_format"), str):
        found["gen_ai.request.encoding_formats"] = [form]
    output = _OUTPUTS.get(endpoint) or _output_of(body)
    return found | ({"gen_ai.output.type": output} if output else {})


def _member(body: Mapping[str, Any], path: str) -> object:
    name, _, rest = path.partition(".")
    value = body.get(name)
    return (value.get(rest) if is_object(value) else None) if rest else value


def _finish_reasons(attempt: Attempt | None, details: CallDetails, span: Mapping[str, Any]) -> list[str]:
    """Return the reasons in the provider's words; ``error`` for a stream of a chat that ended without one."""
    if details.finish_reasons:
        return details.finish_reasons
    if details.stop is not None and attempt is not None:
        return [_STOPS.get(attempt.provider.spoken[0], {}).get(details.stop, details.stop)]
    return ["error"] if span["is_stream"] and span["error_code"] and span["endpoint"] in CHAT else []


def _output_of(body: Mapping[str, Any]) -> str | None:
    """Return the type that a chat is to answer with, if it says so."""
    text = body.get("text")
    form = body.get("response_format") or (is_object(text) and text.get("format"))
    kind = form.get("type") if is_object(form) else None
    return {"json_schema": "json", "json_object": "json", "text": "text"}.get(kind) if isinstance(kind, str) else None


def _text(value: str) -> str:
    """Return a text of a bounded length in UTF-8, without NUL: some databases refuse that, and all spans with it."""
    return bounded_text(value).replace("\0", "\ufffd")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63


def sendable(found: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    """Yield what is known, and no number that the protocol cannot hold."""
    for name, value in found.items():
        if isinstance(value, str):
            yield name, _text(value)
        elif isinstance(value, list):
            texts = cast("list[str]", value)[:MAX_OTLP_ITEMS]
            yield from [(name, [_text(each[:MAX_OTLP_ITEM_TEXT]) for each in texts])] if texts else []
        elif isinstance(value, bool) or _is_number(value):
            yield name, value
