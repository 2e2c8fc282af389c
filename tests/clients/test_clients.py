"""Every client, every capability, both models: what comes back is what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from to11ai_sdk import create_client
from to11ai_sdk.errors import To11aiApiError, To11aiAuthError, To11aiRateLimitError
from to11ai_sdk.gateway import raise_for_gateway

from . import asked
from .adapters import CLIENTS
from .asked import Reply, Stream, Talk
from .client import Client, tried
from .places import needs_clients

if TYPE_CHECKING:
    from collections.abc import Callable

    from to11ai_sdk.local import LocalTo11

pytestmark = needs_clients
CASES = [
    pytest.param(client, capability, model, id=f"{client.title}-{capability}-{model}")
    for client in CLIENTS
    for capability, model in tried(client)
]
BECOME: dict[str, tuple[type[To11aiApiError], int, str, float | None]] = {
    "key": (To11aiAuthError, 401, "auth", None),
    "model": (To11aiApiError, 404, "model_not_found", None),
    "rate": (To11aiRateLimitError, 429, "rate_limit", 300.0),
    "server": (To11aiApiError, 502, "upstream", None),
}
"""What ``raise_for_gateway`` makes of an error, whichever client it comes from."""


@pytest.mark.parametrize(("client", "capability", "model"), CASES)
def test_what_comes_back(
    client: type[Client], capability: str, model: str, to11: LocalTo11, report: dict[str, dict[str, Any]]
) -> None:
    client.needed()
    missing = client.can(capability, model)
    if missing is None:
        CHECKS[capability](client, model, to11)
    else:
        with pytest.raises(Exception, match=missing.error):
            getattr(made(client, model, to11), capability)()
    report[client.title].setdefault(capability, {})[model] = missing.why if missing else ""
    report[client.title]["version"] = client.version()


def made(client: type[Client], model: str, to11: LocalTo11, key: str | None = None) -> Client:
    """A client, made by the lines that the page shows."""
    owner = to11.client() if key is None else create_client(api_key=key, base_url=to11.base_url)
    return client(client.connect(owner, to11.project_id, to11.gateway_url, model), model)


def check_chat(client: type[Client], model: str, to11: LocalTo11) -> None:
    found = made(client, model, to11).chat(asked.HELLO)
    assert found.text == client.hello_answer
    counted(client, "chat", found, to11)


def check_stream(client: type[Client], model: str, to11: LocalTo11) -> None:
    found = made(client, model, to11).stream(asked.COUNT)
    assert "".join(found.pieces) == asked.COUNT_ANSWER
    assert len(found.pieces) > 2
    counted(client, "stream", found, to11)


def counted(client: type[Client], capability: str, found: Reply | Stream, to11: LocalTo11) -> None:
    """The tokens that a client shows are those that the gateway recorded, and those that echo counts."""
    if capability not in client.shows_tokens:
        return
    span = to11.traces()[0]
    assert found.tokens is not None
    assert found.tokens[1] == {"chat": 4, "stream": 5}[capability]
    if not client.passed_through:
        assert found.tokens == (span.input_tokens, span.output_tokens)


def check_tools(client: type[Client], model: str, to11: LocalTo11) -> None:
    assert made(client, model, to11).tools(asked.WEATHER, asked.THANKS) == Talk(asked.CALLS, asked.TALK)


def check_structured(client: type[Client], model: str, to11: LocalTo11) -> None:
    assert made(client, model, to11).structured() == asked.CITY


def check_agent(client: type[Client], model: str, to11: LocalTo11) -> None:
    found = made(client, model, to11).agent()
    assert found == (Talk(asked.AGENT_CALLS, [asked.AGENT_TEXT]) if isinstance(found, Talk) else asked.AGENT_CITY)


def check_image(client: type[Client], model: str, to11: LocalTo11) -> None:
    assert made(client, model, to11).image(asked.PICTURE).text == client.picture_answer
    assert (to11.traces()[0].input_tokens or 0) > 85  # What echo counts for an image.


def check_errors(client: type[Client], model: str, to11: LocalTo11) -> None:
    kinds = [kind for kind in asked.ERRORS if kind in client.classes]
    assert kinds
    for kind in kinds:
        asking = made(client, "no-such-model" if kind == "model" else model, to11, "wrong" if kind == "key" else None)
        asking.at_once()
        failed(client, kind, model, lambda asking=asking, kind=kind: asking.errors(kind))  # type: ignore[misc]


def check_stream_error(client: type[Client], model: str, to11: LocalTo11) -> None:
    asking = made(client, model, to11)
    asking.at_once()
    failed(client, "stream", model, lambda: asking.stream_error(asked.STREAM_ERROR))


def failed(client: type[Client], kind: str, model: str, call: Callable[[], object]) -> None:
    """The exception is the client's right one, and becomes that of to11."""
    with pytest.raises(Exception, match="") as caught:  # noqa: PT011 - its name is what is compared
        call()
    assert type(caught.value).__name__ == client.classes.get((kind, model), client.classes.get(kind))
    if client.language == "node":
        return client.check_error(kind, caught.value)
    with pytest.raises(Exception, match="") as become:  # noqa: PT011
        raise_for_gateway(caught.value)
    if kind in client.opaque or (kind, model) in client.opaque:
        assert become.value is caught.value
        return None
    assert isinstance(become.value, To11aiApiError)
    if kind == "stream":
        assert become.value.status_code in (0, 500, 503, 529)  # Some frameworks make a status of the type.
        assert ("the stream broke" in str(become.value)) == client.says_why
        return None
    wanted, status, code, retry_after = BECOME[kind]
    status = 500 if client.passed_through and kind == "server" else status
    assert (type(become.value), become.value.status_code) == (wanted, status)
    if client.keeps_headers:
        assert (become.value.error_code, become.value.retry_after_seconds) == (code, retry_after)
    return None


CHECKS = {
    "chat": check_chat,
    "stream": check_stream,
    "tools": check_tools,
    "structured": check_structured,
    "agent": check_agent,
    "image": check_image,
    "errors": check_errors,
    "stream_error": check_stream_error,
}
