"""Defines the stages of a call to the gateway; each holds what is known by then.

::

    ReceivedCall      a request, without to11's keys
    AdmittedCall      its endpoint exists, and its key opens the project
    UnderstoodCall    its body is read: the format, the model, its origin
    PlacedCall        its environment is found
    RoutedCall        its targets are chosen
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from ..._http.process_safety import lazy
from ...json_types import is_object
from ..headers import bearer
from .endpoints import CHAT, NATIVE
from .formats import FORMATS
from .routing import RouteQuery

if TYPE_CHECKING:
    from .endpoints import EndpointMatch
    from .formats.neutral import ChatRequest
    from .incoming import Incoming
    from .routing import Plan
    from .trace_context import Origin, TraceContext

_CHAT_INPUTS = ("system", "instructions", "messages", "input")
_ENDPOINT_OF = {
    "openai_chat": "chat_completions",
    "openai_responses": "responses",
    "anthropic_messages": "messages",
}


@dataclass(frozen=True)
class ReceivedCall:
    """A received call.

    Attributes:
        incoming: the request, without to11's keys.
        key: the caller's to11 key, the token after ``Bearer`` in ``x-to11-authorization``.
        context: its place in a trace.
        wire_format: the format of the answer, as given by the path and ``x-genai-sdk``.
    """

    incoming: Incoming
    key: str | None
    context: TraceContext
    wire_format: str

    @property
    def provider_key(self) -> str | None:
        """The provider's key in the request: ``x-api-key``, else the token after ``Bearer`` in ``Authorization``."""
        given = self.incoming.headers.get("x-api-key", "").strip()
        return bearer(given) or given or bearer(self.incoming.headers.get("authorization", ""))


@dataclass(frozen=True)
class AdmittedCall(ReceivedCall):
    """An admitted call.

    Attributes:
        match: its endpoint.
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
        """Whether it uses a provider's own API."""
        return self.match.endpoint is NATIVE

    @property
    def content_type(self) -> str:
        """The value of the header ``Content-Type``."""
        return self.incoming.headers.get("content-type", "")

    @property
    def is_form(self) -> bool:
        """Whether the body is a multipart form."""
        return self.content_type.lower().startswith("multipart/form-data")


@dataclass(frozen=True)
class UnderstoodCall(AdmittedCall):
    """A call whose body has been read; ``wire_format`` is the caller's.

    Attributes:
        body: the JSON object of the body; empty for any other body.
        model: the model that the path or the field ``model`` names.
        origin: its origin, as stated by the caller.
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

    @lazy
    def neutral(self) -> ChatRequest:
        """Return the neutral form of a chat request, read once.

        Raises:
            FormatError: the body is malformed, or has content that no other format can express.
        """
        return FORMATS[self.wire_format].read_request(self.body)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The members of the body with text that people wrote."""
        return _CHAT_INPUTS if self.is_chat else self.match.endpoint.inputs

    def route_query(self) -> RouteQuery:
        """Return the properties that decide where it goes."""
        metadata = self.body.get("metadata")
        return RouteQuery(
            self.match.endpoint.name,
            self.model,
            self.incoming.header("x-to11-env"),
            self.incoming.header("x-genai-provider"),
            self.match.native,
            self.incoming.headers,
            metadata if is_object(metadata) else {},
            self.origin.group,
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
    """Return the call at its next stage; ``known`` are the attributes that this stage adds or refines."""
    reached = object.__new__(stage)
    # All stages share their attributes: not through __init__, which would set each of a frozen object one by one.
    vars(reached).update(vars(call), **known)
    return reached
