"""Lists the endpoints of the gateway.

Source: the table of the page "API reference" of the to11 gateway.
"""

from __future__ import annotations

from typing import NamedTuple

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from .gateway_problem import GatewayProblem

PREFIX = "/v1"


class GatewayEndpoint(NamedTuple):
    """One endpoint.

    Attributes:
        name: its name in rules: ``messages``, ``chat_completions``, ``embeddings``, ...
        inputs: the members of the body with text that people wrote, for the guardrails.
    """

    name: str
    inputs: tuple[str, ...] = ()


MODELS = GatewayEndpoint("models")
FILES = GatewayEndpoint("files")
NATIVE = GatewayEndpoint("native")
CHAT = frozenset({"chat_completions", "messages", "responses"})

_ENDPOINTS = {
    "POST /responses": GatewayEndpoint("responses"),
    "POST /chat/completions": GatewayEndpoint("chat_completions"),
    "POST /messages": GatewayEndpoint("messages"),
    "GET /models": MODELS,
    "GET /models/<path:model>": MODELS,
    "POST /embeddings": GatewayEndpoint("embeddings", inputs=("input",)),
    "POST /messages/count_tokens": GatewayEndpoint("count_tokens"),
    "POST /rerank": GatewayEndpoint("rerank"),
    "POST /images/generations": GatewayEndpoint("image_generation", inputs=("prompt",)),
    "POST /audio/transcriptions": GatewayEndpoint("audio_transcription"),
    "POST /audio/speech": GatewayEndpoint("audio_speech", inputs=("input",)),
    "POST /files": FILES,
    "GET /files": FILES,
    "GET /files/<file_id>": FILES,
    "GET /files/<file_id>/content": FILES,
    "DELETE /files/<file_id>": FILES,
}
_NATIVE = ("bedrock", "vertex", "mistral")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class EndpointMatch(NamedTuple):
    """The endpoint of a request.

    Attributes:
        endpoint: the endpoint.
        model: the model in the path.
        native: the provider whose own API the path belongs to: ``bedrock``, ``vertex`` or ``mistral``.
    """

    endpoint: GatewayEndpoint
    model: str | None = None
    native: str | None = None


def below(path: str) -> str:
    """Return the path below ``/v1``, which may occur twice: the Anthropic client adds its own."""
    for _ in range(2):
        path = path[len(PREFIX) :] if path.startswith(f"{PREFIX}/") else path
    return path


def is_served(path: str) -> bool:
    """Return whether there is an endpoint at a path below ``/v1``, for some method."""
    if path in _PLAIN_PATHS:
        return True
    try:
        _ADAPTER.match(path, "GET")
    except MethodNotAllowed:
        return True
    except NotFound:
        return False
    return True


def match(method: str, path: str) -> EndpointMatch:
    """Return the endpoint for a method and a path below ``/v1``, both as sent.

    Raises:
        GatewayProblem: 404 or 405.
    """
    plain = _PLAIN.get((method, path))
    if plain is not None:
        return plain
    try:
        endpoint, arguments = _ADAPTER.match(path, method)
    except MethodNotAllowed as exc:
        allowed = sorted(exc.valid_methods or ())
        message = f"{PREFIX}{path} does not support {method}; use {', '.join(allowed)}"
        raise GatewayProblem(405, "method_not_allowed", "bad_request", message, {"allowed": allowed}) from None
    except NotFound:
        message = f"the gateway has no endpoint {method} {PREFIX}{path}"
        raise GatewayProblem(404, "not_found", "bad_request", message) from None
    native = path.split("/")[1] if endpoint is NATIVE else None
    return EndpointMatch(endpoint, arguments.get("model"), native)


def _rules() -> list[Rule]:
    rules = [_rule(line, endpoint) for line, endpoint in _ENDPOINTS.items()]
    return rules + [Rule(f"/{name}/<path:rest>", methods=_METHODS, endpoint=NATIVE) for name in _NATIVE]


def _rule(line: str, endpoint: GatewayEndpoint) -> Rule:
    method, path = line.split()
    return Rule(path, methods=[method], endpoint=endpoint)


_ADAPTER = Map(_rules(), strict_slashes=True, merge_slashes=False).bind("gateway")
_PLAIN = {(*line.split(),): EndpointMatch(endpoint) for line, endpoint in _ENDPOINTS.items() if "<" not in line}
_PLAIN_PATHS = frozenset(path for _, path in _PLAIN)
"""Almost all calls go to these, and a dictionary is faster than the general router."""
