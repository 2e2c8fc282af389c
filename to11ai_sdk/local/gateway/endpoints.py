"""Lists the endpoints of the gateway.

Source: the table of the page "API reference" of the to11 gateway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..path_table import NoSuchPathError, PathTable, WrongMethodError
from .gateway_problem import GatewayProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    return _TABLE.has(path)


def match(method: str, path: str) -> EndpointMatch:
    """Return the endpoint for a method and a path below ``/v1``, both as sent.

    Raises:
        GatewayProblem: 404 or 405.
    """
    try:
        endpoint, arguments = _TABLE.find(method, path)
    except WrongMethodError as exc:
        message = f"{PREFIX}{path} does not support {method}; use {', '.join(exc.allowed)}"
        raise GatewayProblem(405, "method_not_allowed", "bad_request", message, {"allowed": exc.allowed}) from None
    except NoSuchPathError:
        message = f"the gateway has no endpoint {method} {PREFIX}{path}"
        raise GatewayProblem(404, "not_found", "bad_request", message) from None
    native = path.split("/")[1] if endpoint is NATIVE else None
    return EndpointMatch(endpoint, arguments.get("model"), native)


def _rows() -> Iterator[tuple[tuple[str, ...], str, GatewayEndpoint]]:
    for line, endpoint in _ENDPOINTS.items():
        method, path = line.split()
        yield (method,), path, endpoint
    for name in _NATIVE:
        yield _METHODS, f"/{name}/<path:rest>", NATIVE


_TABLE = PathTable(_rows())
