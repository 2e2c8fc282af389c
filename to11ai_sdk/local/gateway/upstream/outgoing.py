"""Builds the request for a provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import caller_format
from ..endpoints import NATIVE, PREFIX
from ..formats import FORMATS, FormatError
from ..formats.common import changed, escaped
from ..formats.marks import MARK, without_marked
from ..formats.members import TABLES, ThreadError
from ..gateway_problem import GatewayProblem, bad_request
from ..provider import UpstreamRequest
from ..routing import applied
from . import body_edits, header_rules, stream_usage
from .request_head import safe_target

if TYPE_CHECKING:
    from ..call import RoutedCall
    from ..config.providers import ProviderConfig
    from ..routing import Attempt


def upstream_format(call: RoutedCall, attempt: Attempt) -> str:
    """Return the format of the request to a target: the caller's own, unless it is a chat and the target lacks it."""
    return call.wire_format if not call.is_chat or speaks(call, attempt) else attempt.provider.spoken[0]


def speaks(call: RoutedCall, attempt: Attempt) -> bool:
    """Return whether a target speaks the caller's format."""
    return call.wire_format in attempt.provider.spoken


def request(call: RoutedCall, attempt: Attempt, *, asks_usage: bool = True) -> UpstreamRequest:
    """Return the request for a target; a body in the target's format is passed on unchanged.

    Args:
        call: the call.
        attempt: the target.
        asks_usage: whether to request the tokens of a chat stream even if the caller did not.

    Raises:
        GatewayProblem: 400 if the target's format cannot express the request, or its path is unsafe; 500 if no header
            can hold the kept key.
    """
    target_format = upstream_format(call, attempt)
    same = call.is_native or speaks(call, attempt)
    travelling = header_rules.to_upstream(call.incoming.headers, call.context.traceparent, same_dialect=same)
    if call.context.parent_span_id is None:  # the state of another trace, or of none (W3C Trace Context, section 3.3)
        travelling.pop("tracestate", None)
    managed = _managed_key(attempt)
    if managed is None:
        travelling |= header_rules.own_credentials(call.incoming.headers, native=call.is_native)
    body = _body(call, attempt, target_format, asks_usage)
    if target_format != call.wire_format:
        travelling["content-type"] = "application/json"
    return UpstreamRequest(
        call.incoming.method,
        safe_target(_path(call, attempt, target_format), call.key),
        travelling,
        body,
        managed or call.provider_key,
        attempt.provider.timeout_s,
        call.incoming.hang_up,
    )


def _managed_key(attempt: Attempt) -> str | None:
    try:
        return attempt.provider.credential()
    except ValueError as exc:
        raise GatewayProblem(500, "invalid_credential", "internal", str(exc)) from None


def _path(call: RoutedCall, attempt: Attempt, target_format: str) -> str:
    if call.match.endpoint is NATIVE:
        path = call.incoming.target.removeprefix(f"/{call.match.native}")
        return path[len(PREFIX) :] if path.startswith(f"{PREFIX}/") and _has_prefix(attempt.provider) else path
    if not call.is_chat:
        return call.incoming.target
    query = f"?{call.incoming.query}" if call.incoming.query and target_format == call.wire_format else ""
    return caller_format.PATHS[target_format] + query


def _has_prefix(provider: ProviderConfig) -> bool:
    """Whether the address of a provider ends in ``/v1``, which Mistral's own client adds again."""
    address = provider.base_url or (f"{provider.id}{PREFIX}" if provider.type == "mistral" else "")
    return address.rstrip("/").endswith(PREFIX)


def _body(call: RoutedCall, attempt: Attempt, target_format: str, asks_usage: bool) -> bytes:
    if attempt.model is None:
        return call.incoming.body
    if call.is_form:
        same = call.model == attempt.model
        return (
            call.incoming.body if same else body_edits.with_model(call.incoming.body, call.content_type, attempt.model)
        )
    endpoint = call.chat_endpoint if call.is_chat else call.match.endpoint.name
    body = applied(attempt, endpoint, call.body)
    if call.is_chat and target_format == "anthropic_messages":
        caller_format.refuse_json(call.wire_format, body, attempt.provider_id)
    if target_format != call.wire_format:
        return _translated(call, attempt, body, target_format, asks_usage)
    if target_format == "openai_chat" and call.streams and asks_usage:
        body = stream_usage.asking(body)
    if call.is_chat and MARK.encode() in call.incoming.body:
        takes_thoughts = attempt.provider.peer.reasoning_field is not None
        body = without_marked(call.wire_format, body, takes_thoughts=takes_thoughts)
    changes = {name: value for name, value in body.items() if name not in call.body or call.body[name] != value}
    return body_edits.with_members(call.incoming.body, changes, has_model="model" in call.body, known=call.body.keys())


def _translated(
    call: RoutedCall, attempt: Attempt, body: dict[str, object], target_format: str, asks_usage: bool
) -> bytes:
    writer = attempt.provider.writers[target_format]
    try:
        # A rule's parameters use the names of the caller's format: only with them the body is read again.
        is_same = body.keys() == call.body.keys()
        own = {} if is_same else _only_of_target(call, body, target_format)
        read = FORMATS[call.wire_format].read_request
        asked = call.neutral if is_same else read({name: body[name] for name in body.keys() - own.keys()})
        content = own | writer.write_request(
            changed(asked, model=str(body["model"]), include_usage=asked.stream and asks_usage)
        )
    except FormatError as exc:
        details = exc.details if isinstance(exc, ThreadError) else {"field": exc.field} if exc.field else {}
        raise bad_request("untranslatable", str(exc), details) from None
    return escaped(content)


def _only_of_target(call: RoutedCall, body: dict[str, object], target_format: str) -> dict[str, object]:
    """Return the parameters of a rule that only the target's format has; they are sent unchanged."""
    known, own = TABLES[call.wire_format], TABLES[target_format]
    return {name: value for name, value in body.items() if name not in call.body and name not in known and name in own}
