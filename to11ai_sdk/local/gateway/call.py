"""The stages of a call to the gateway; each holds what is known by then.

::

    ReceivedCall      a request, without to11's keys
    AdmittedCall      its endpoint is there, and its key opens the project
    UnderstoodCall    its body is read: the format, the model, where it comes from
    PlacedCall        its environment is found
    RoutedCall        its targets are chosen
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

from ...json_types import is_object
from ..headers import SECRETS, bearer
from ..json_input.reader import TooDeepError, read_json
from . import caller_format
from .endpoints import CHAT, FILES, MODELS, NATIVE
from .formats import FORMATS
from .gateway_problem import bad_request
from .observe.traces import Origin, TraceContext
from .observe.watch import input_texts
from .routing import RouteQuery
from .upstream import body_edits
from .upstream.header_rules import without_ours

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .endpoints import EndpointMatch
    from .formats.neutral import ChatRequest
    from .incoming import Incoming
    from .observe.traces import SpanIds
    from .routing import Plan

MAX_DEPTH = 200
"""How many levels of arrays and objects a body may have."""

_CHAT_INPUTS = ("system", "instructions", "messages", "input")
_ENDPOINT_OF = {
    "openai_chat": "chat_completions",
    "openai_responses": "responses",
    "anthropic_messages": "messages",
}


@dataclass(frozen=True)
class ReceivedCall:
    """A call that came in.

    Attributes:
        incoming: the request, without to11's keys.
        key: the caller's to11 key: what follows ``Bearer`` in ``x-to11-authorization``.
        context: its place in a trace.
        wire_format: the format of the answer, as far as the path and ``x-genai-sdk`` decide it.
    """

    incoming: Incoming
    key: str | None
    context: TraceContext
    wire_format: str

    @property
    def provider_key(self) -> str | None:
        """What stands where a provider's key does: in ``x-api-key``, else after ``Bearer`` in ``Authorization``."""
        given = self.incoming.headers.get("x-api-key", "").strip()
        return bearer(given) or given or bearer(self.incoming.headers.get("authorization", ""))


@dataclass(frozen=True)
class AdmittedCall(ReceivedCall):
    """A call that is let in.

    Attributes:
        match: the endpoint it means.
        project_id: the project that its key opens.
    """

    match: EndpointMatch
    project_id: str

    @property
    def is_chat(self) -> bool:
        """Whether it is a call of a chat endpoint."""
        return self.match.endpoint.name in CHAT

    @property
    def is_native(self) -> bool:
        """Whether it is of a provider's own API."""
        return self.match.endpoint is NATIVE

    @property
    def content_type(self) -> str:
        """The header ``Content-Type``."""
        return self.incoming.headers.get("content-type", "")

    @property
    def is_form(self) -> bool:
        """Whether the body is a multipart form."""
        return self.content_type.lower().startswith("multipart/form-data")


@dataclass(frozen=True)
class UnderstoodCall(AdmittedCall):
    """A call whose body is read; ``wire_format`` is the caller's.

    Attributes:
        body: the JSON object of the body; empty where the body is something else.
        model: the model that the path or the field ``model`` names.
        origin: where it says that it comes from.
    """

    body: dict[str, Any]
    model: str | None
    origin: Origin

    @property
    def streams(self) -> bool:
        """Whether the reply is to be streamed."""
        return self.body.get("stream") is True

    @property
    def chat_endpoint(self) -> str:
        """The endpoint whose format the caller speaks."""
        return _ENDPOINT_OF[self.wire_format]

    @cached_property
    def neutral(self) -> ChatRequest:
        """The neutral form of a chat request, read once.

        Raises:
            FormatError: the body is malformed, or holds what no other format can.
        """
        return FORMATS[self.wire_format].read_request(self.body)

    def texts(self) -> Iterator[str]:
        """Return what people wrote in it."""
        return input_texts(self.body, _CHAT_INPUTS if self.is_chat else self.match.endpoint.inputs)

    def route_query(self) -> RouteQuery:
        """Return what decides where it goes."""
        metadata = self.body.get("metadata")
        headers = {name: value for name, value in self.incoming.headers.items() if name not in SECRETS}
        return RouteQuery(
            self.match.endpoint.name,
            self.model,
            self.incoming.header("x-to11-env"),
            self.incoming.header("x-genai-provider"),
            self.match.native,
            headers,
            metadata if is_object(metadata) else {},
        )


@dataclass(frozen=True)
class PlacedCall(UnderstoodCall):
    """A call in its environment.

    Attributes:
        env: slug of the environment.
    """

    env: str


@dataclass(frozen=True)
class RoutedCall(PlacedCall):
    """A call whose targets are chosen.

    Attributes:
        plan: the targets.
    """

    plan: Plan


C = TypeVar("C", bound=ReceivedCall)


def advance(call: ReceivedCall, stage: type[C], **known: Any) -> C:
    """Return the call at its next stage; ``known`` are the attributes that this stage adds or makes exact."""
    return stage(**{each.name: getattr(call, each.name) for each in fields(call)} | known)


def receive(incoming: Incoming, span_ids: SpanIds) -> ReceivedCall:
    """Begin a call, in the caller's trace or in a new one."""
    key = bearer(incoming.headers.get("x-to11-authorization", ""))
    context = TraceContext.begin(incoming.headers.get("traceparent"), span_ids)
    clean = without_ours(incoming, key)
    wire_format = caller_format.format_at(clean.path, clean.headers.get("x-genai-sdk"))
    return ReceivedCall(clean, key, context, wire_format)


def understand(call: AdmittedCall) -> UnderstoodCall:
    """Read what the caller asks for, and in which format where the body decides that.

    Raises:
        GatewayProblem: 400, ``x-genai-sdk`` is none of the known words, or the body is malformed.
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
        value = read_json(body, MAX_DEPTH)
    except (RecursionError, TooDeepError):
        raise bad_request("invalid_json", f"the body may be nested {MAX_DEPTH} levels deep at most") from None
    except ValueError as exc:
        raise bad_request("invalid_json", f"the body is not JSON: {exc}") from None
    if not is_object(value):
        raise bad_request("invalid_json", "the body must be a JSON object")
    return value
