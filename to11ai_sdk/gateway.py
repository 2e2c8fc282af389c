"""Points a provider's own SDK at the to11 gateway; the to11 SDK imports none, and sends no model traffic itself."""

from __future__ import annotations

import time

from ._http.encoding import decode_valid
from ._http.retry import retry_after
from .errors import To11aiApiError, To11aiNetworkError, api_error
from .json_types import is_mapping, is_object
from .settings import GATEWAY_URL, header_value, origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn

    from .models.rendered import ResolvedPrompt

MANAGED_KEY = "managed-by-to11"
"""Placeholder for the provider's key if to11 keeps it: the providers' clients require a key."""


def gateway_auth_headers(api_key: str, project_id: str, env: str | None = None) -> dict[str, str]:
    """Return the headers that authenticate a call at the gateway.

    Args:
        api_key: to11 API key; the provider's own key stays in ``Authorization`` or ``x-api-key``.
        project_id: id of the project.
        env: slug of the environment; the gateway uses the project's fallback without one.

    Raises:
        ValueError: a blank value, or one that a header cannot hold; does not print the value.
    """
    headers = {
        "x-to11-authorization": f"Bearer {header_value('api_key', api_key)}",
        "x-to11-project-id": header_value("project_id", project_id),
    }
    return headers if env is None else {**headers, "x-to11-env": header_value("env", env)}


def gateway_prompt_headers(prompt: ResolvedPrompt) -> dict[str, str]:
    """Return the headers that name the prompt a call was made from.

    Args:
        prompt: the result of ``client.prompts.resolve``.

    Raises:
        ValueError: a value that a header cannot hold, or a label that is blank or contains a comma, because it would
            not arrive as one label; the message names it.
    """
    for label in prompt.labels:
        if "," in label or not label.strip():
            raise ValueError(f"labels must not be blank or hold a comma, not {label!r:.100}")
    headers = {
        "x-to11-prompt-id": header_value("prompt_id", prompt.prompt_id),
        "x-to11-prompt-version": f"{prompt.version:.0f}",
    }
    if prompt.labels:  # The gateway refuses empty header values.
        headers["x-to11-prompt-labels"] = header_value("labels", ",".join(prompt.labels))
    return headers


def provider_options(
    headers: dict[str, str], gateway_url: str, path: str, provider_api_key: str | None
) -> dict[str, Any]:
    """Return the keyword arguments that point a provider's client at ``path`` below the gateway's root."""
    key = MANAGED_KEY if provider_api_key is None else header_value("provider_api_key", provider_api_key)
    root = origin(gateway_url, "gateway_url", GATEWAY_URL).removesuffix("/v1")
    return {"base_url": root + path, "api_key": key, "default_headers": headers}


def to_openai_messages(prompt: ResolvedPrompt) -> list[dict[str, str]]:
    """Return the messages of a prompt for ``client.chat.completions.create(messages=...)``."""
    return [{"role": message.role, "content": message.content} for message in prompt.messages]


def to_anthropic_messages(prompt: ResolvedPrompt) -> tuple[str, list[dict[str, str]]]:
    """Return the messages of a prompt for ``client.messages.create(system=..., messages=...)``.

    Returns:
        The texts of the system and developer messages, joined by a blank line (``""`` if there are none), and the
        other messages. Blank ones are left out, because Anthropic refuses them.
    """
    texts: list[str] = []
    others: list[dict[str, str]] = []
    for message in to_openai_messages(prompt):
        if not message["content"].strip():
            continue
        if message["role"] in ("system", "developer"):
            texts.append(message["content"])
        else:
            others.append(message)
    return "\n\n".join(texts), others


def error_from_gateway(status: int, headers: Mapping[str, str], body: object) -> To11aiApiError:
    """Return the exception for an error reply of the gateway.

    Its ``error_code`` is the gateway's own, from ``x-to11-error-code`` if the body is a provider's.

    Args:
        status: HTTP status; 0 for an error inside a stream.
        headers: headers of the reply, names in any case.
        body: the body: bytes, text, or JSON already decoded.
    """
    fields = {name.lower(): value for name, value in headers.items()}
    envelope = _json(body)
    found: Any = envelope.get("error", envelope) if is_object(envelope) else None
    error: dict[str, Any] = found if is_object(found) else {"message": found if isinstance(found, str) else None}
    code = fields.get("x-to11-error-code")
    if code and ("x-to11-upstream-provider" in fields or not error.get("code")):
        error = {**error, "code": code}
    exc = api_error(status, error, "the gateway gave no reason")
    exc.retry_after_seconds = retry_after(fields.get("retry-after"), time.time)
    exc.request_id = fields.get("x-to11-request-id")
    return exc


def raise_for_gateway(exc: Exception) -> NoReturn:
    """Raise the to11 exception for an exception of a provider's SDK, with that one as its cause.

    ::

        try:
            openai_client.chat.completions.create(...)
        except openai.APIError as exc:
            raise_for_gateway(exc)

    What it was raised from counts, too: some frameworks wrap it.

    Raises:
        To11aiApiError: the gateway answered with an error, or its stream ended with one (``status_code`` is 0 then).
        To11aiNetworkError: no answer came.
        Exception: ``exc`` itself, if it is not about a request.
    """
    chain = _causes(exc)
    replies = [reply for cause in chain if (reply := _reply(cause)) is not None]
    if replies:
        # A wrapper may have kept the status alone.
        raise error_from_gateway(*next((reply for reply in replies if reply[1]), replies[0])) from exc
    for cause in chain:
        if (body := getattr(cause, "body", None)) is not None:
            raise error_from_gateway(0, _headers(getattr(cause, "response", None)), body) from exc
        if _is_about_a_request(cause):
            raise To11aiNetworkError(f"no answer from the gateway: {type(cause).__name__}") from exc
    raise exc


def _causes(exc: Exception) -> list[BaseException]:
    """Return an exception and what it was raised from, 10 at most."""
    chain: list[BaseException] = [exc]
    while len(chain) < 10 and (cause := chain[-1].__cause__) is not None:
        chain.append(cause)
    return chain


def _reply(exc: BaseException) -> tuple[int, Mapping[str, str], object] | None:
    """Return status, headers and body of the error reply that an exception holds, itself or in its ``response``."""
    response = getattr(exc, "response", None)
    for holder in (response, exc if hasattr(exc, "body") else None):
        status = getattr(holder, "status_code", None)
        if isinstance(status, int) and status >= 300:
            return status, _headers(holder), _content(exc, response)
    return None


def _headers(holder: object) -> Mapping[str, str]:
    fields = getattr(holder, "headers", None)
    return fields if is_mapping(fields) else {}


def _is_about_a_request(exc: BaseException) -> bool:
    try:
        return hasattr(exc, "request")
    except RuntimeError:  # httpx: it was not set
        return True


def _content(exc: BaseException, response: object) -> object:
    body = getattr(exc, "body", None)
    try:
        return getattr(response, "content") or body  # noqa: B009 - raises if the body of a stream was not read
    except Exception:
        return body


def _json(body: object) -> object:
    if isinstance(body, str):
        body = body.encode()
    return decode_valid(body) if isinstance(body, bytes) else body
