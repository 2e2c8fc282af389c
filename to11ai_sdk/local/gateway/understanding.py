"""Turns a request into a call, and reads its format, model and origin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ...json_types import is_object
from ..bounds import MAX_GATEWAY_DEPTH, MAX_GATEWAY_VALUES
from ..headers import bearer
from ..json_input.reader import TooDeepError, TooManyValuesError, read_json
from . import caller_format
from .call import ReceivedCall, UnderstoodCall, advance
from .endpoints import FILES, MODELS, NATIVE
from .gateway_problem import GatewayProblem, bad_request
from .trace_context import Origin, TraceContext
from .upstream import body_edits
from .upstream.header_rules import without_ours

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .call import AdmittedCall
    from .incoming import Incoming
    from .trace_context import SpanIds


def receive(incoming: Incoming, span_ids: SpanIds) -> ReceivedCall:
    """Start a call, in the caller's trace or in a new one."""
    key = bearer(incoming.headers.get("x-to11-authorization", ""))
    context = TraceContext.begin(incoming.headers.get("traceparent"), span_ids)
    clean = without_ours(incoming, key)
    wire_format = caller_format.format_at(clean.path, clean.headers.get("x-genai-sdk"))
    return ReceivedCall(clean, key, context, wire_format)


def understand(call: AdmittedCall) -> UnderstoodCall:
    """Read the body of a call, and its format if the body decides that.

    Raises:
        GatewayProblem: 400 if ``x-genai-sdk`` is unknown, or the body is malformed.
    """
    sdk = call.incoming.header("x-genai-sdk")
    if sdk is not None and sdk not in caller_format.SDKS:
        message = f"x-genai-sdk must be one of {', '.join(caller_format.SDKS)}, not {sdk!r}"
        raise bad_request("invalid_sdk", message)
    wire_format, body = call.wire_format, _body(call)
    if call.match.endpoint.name == "responses":
        wire_format = caller_format.format_of(call.incoming.headers, body, sdk)
    model, origin = _model(call, body), Origin.of(call.incoming.headers, body.get("user"))
    return advance(call, UnderstoodCall, wire_format=wire_format, body=body, model=model, origin=origin)


def _body(call: AdmittedCall) -> dict[str, Any]:
    if call.match.endpoint in (MODELS, FILES, NATIVE) or call.is_form:
        return {}
    return _object(call.incoming.body)


def _model(call: AdmittedCall, body: Mapping[str, Any]) -> str | None:
    if call.match.model is not None:
        return unquote(call.match.model)
    if call.is_form and call.match.endpoint is not FILES:
        return body_edits.model_of(call.incoming.body, call.content_type)
    model = body.get("model")
    if model is not None and not isinstance(model, str):
        raise bad_request("invalid_model", "model must be a string")
    return model


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = read_json(body, MAX_GATEWAY_DEPTH, MAX_GATEWAY_VALUES)
    except (RecursionError, TooDeepError):
        raise bad_request("invalid_json", f"the body may be nested {MAX_GATEWAY_DEPTH} levels deep at most") from None
    except TooManyValuesError as exc:
        raise GatewayProblem(413, "content_too_large", "bad_request", f"the body is too large: {exc}") from None
    except ValueError as exc:
        raise bad_request("invalid_json", f"the body is not JSON: {exc}") from None
    if not is_object(value):
        raise bad_request("invalid_json", "the body must be a JSON object")
    return value
