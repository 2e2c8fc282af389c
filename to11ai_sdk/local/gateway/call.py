"""A request to the gateway, and the call that it makes: what was asked, by whom, in which format."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from ...json_types import is_object
from ..headers import SECRETS, bearer
from ..json_input.reader import TooDeepError, read_json
from . import caller_format
from .endpoints import CHAT, FILES, MODELS, NATIVE, EndpointMatch, GatewayEndpoint
from .gateway_problem import GatewayProblem, bad_request
from .observe.traces import Origin
from .observe.watch import Facts, input_texts
from .routing import RouteQuery
from .upstream import body_edits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .observe.traces import TraceContext
    from .routing import Attempt, Plan

MAX_DEPTH = 200
"""How many levels of arrays and objects a body may have."""

_UNKNOWN = EndpointMatch(GatewayEndpoint("unknown"))
_CHAT_INPUTS = ("system", "instructions", "messages", "input")
_ENDPOINT_OF = {
    "openai_chat": "chat_completions",
    "openai_responses": "responses",
    "anthropic_messages": "messages",
}


@dataclass
class Call:
    """A call.

    Attributes:
        incoming: the request.
        context: its place in a trace.
        match: the endpoint it means.
        form: the caller's format, for what is answered; as far as the path and ``x-genai-sdk`` tell, at first.
        project_id: whose call it is, empty until that is known.
        env: slug of the environment, ``None`` until that is known.
        plan: where it goes, ``None`` until that is known.
        attempt: the target that was tried last.
        facts: what is known of the reply.
        origin: where it says that it comes from.
        asked_model: the model it asks for.
        is_stream: whether the reply is sent as a stream.
        cache: ``"hit"`` or ``"miss"`` where the cache has a part.
    """

    incoming: Incoming
    context: TraceContext
    match: EndpointMatch = _UNKNOWN
    form: str = field(init=False)
    project_id: str = ""
    env: str | None = None
    plan: Plan | None = None
    attempt: Attempt | None = None
    facts: Facts = field(default_factory=Facts)
    origin: Origin = field(default_factory=Origin)
    asked_model: str | None = None
    is_stream: bool = False
    cache: str | None = None

    def __post_init__(self) -> None:
        self.form = caller_format.form_at(self.incoming.path, self.incoming.headers.get("x-genai-sdk"))

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

    @cached_property
    def body(self) -> dict[str, Any]:
        """The JSON object of the body; empty where the body is something else.

        Raises:
            GatewayProblem: 400, it must be a JSON object and is none.
        """
        if self.match.endpoint in (MODELS, FILES, NATIVE) or self.is_form:
            return {}
        return _object(self.incoming.body)

    @property
    def model(self) -> str | None:
        """The model that the path or the field ``model`` names.

        Raises:
            GatewayProblem: 400, it is no text.
        """
        if self.match.model is not None:
            return unquote(self.match.model)
        if self.is_form and self.match.endpoint is not FILES:
            return body_edits.model_of(self.incoming.body, self.content_type)
        model = self.body.get("model")
        if model is not None and not isinstance(model, str):
            raise bad_request("invalid_model", "model must be a string")
        return model

    @property
    def streams(self) -> bool:
        """Whether the reply is to be streamed."""
        return self.body.get("stream") is True

    def understand(self) -> None:
        """Find out what the caller asks for, and in which format where the body says that.

        Raises:
            GatewayProblem: 400, ``x-genai-sdk`` is none of the known words, or the body is malformed.
        """
        sdk = self.incoming.header("x-genai-sdk")
        if sdk is not None and sdk not in caller_format.SDKS:
            raise bad_request("invalid_sdk", f"x-genai-sdk must be one of {', '.join(caller_format.SDKS)}, not {sdk!r}")
        if self.match.endpoint.name == "responses":
            self.form = caller_format.form_of(self.incoming.headers, self.body, sdk)
        self.asked_model = self.model
        self.origin = Origin.of(self.incoming.headers, self.body.get("user"))

    def wanted(self) -> RouteQuery:
        """What decides where it goes."""
        metadata = self.body.get("metadata")
        headers = {name: value for name, value in self.incoming.headers.items() if name not in SECRETS}
        return RouteQuery(
            self.match.endpoint.name,
            self.asked_model,
            self.incoming.header("x-to11-env"),
            self.incoming.header("x-genai-provider"),
            self.match.native,
            headers,
            metadata if is_object(metadata) else {},
        )

    @property
    def chat_endpoint(self) -> str:
        """The endpoint in whose words the caller speaks."""
        return _ENDPOINT_OF[self.form]

    def texts(self) -> Iterator[str]:
        """What people wrote in it."""
        return input_texts(self.body, _CHAT_INPUTS if self.is_chat else self.match.endpoint.inputs)


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


class Incoming(NamedTuple):
    """A request.

    Attributes:
        method: HTTP method.
        path: path below ``/v1`` as it was sent, without the query.
        query: the query as it was sent, without ``?``.
        headers: by lower-case names.
        body: the bytes of the body.
        request_id: id of the request.
        unread: why the body could not be read, ``None`` if it was.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    unread: GatewayProblem | None = None

    def header(self, name: str) -> str | None:
        """The value of a header, ``None`` without it.

        Raises:
            GatewayProblem: 400, it is empty.
        """
        value = self.headers.get(name)
        if value is not None and not value.strip():
            raise bad_request("empty_header", f"the header {name} is empty; leave it out instead", {"header": name})
        return value

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def key(self) -> str | None:
        """The to11 key: what follows ``Bearer`` in ``x-to11-authorization``."""
        return bearer(self.headers.get("x-to11-authorization", ""))

    @property
    def provider_key(self) -> str | None:
        """What stands where a provider's key does: in ``x-api-key``, else after ``Bearer`` in ``Authorization``."""
        given = self.headers.get("x-api-key", "").strip()
        return bearer(given) or given or bearer(self.headers.get("authorization", ""))
