"""Makes the headers of a request, and removes the API key from errors."""

from __future__ import annotations

import sys

from ..errors import MESSAGE_LIMIT
from ..json_types import is_array, is_object
from ..settings import __version__, header_value
from .process_safety import from_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

USER_AGENT = f"to11ai-sdk-python/{__version__}"
SHORTEST_SECRET = 6
_SECRET_WORDS = ["auth", "cookie", "credential", "key", "jwt", "pass", "secret", "session", "signature", "token"]


def request_headers(api_key: str, added: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of one attempt; those ``added`` may replace the ``User-Agent``."""
    return {
        "Authorization": f"Bearer {api_key}",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": USER_AGENT,
        **added,
        **trace_headers(),
    }


def trace_headers() -> dict[str, str]:
    """Return the headers of https://www.w3.org/TR/trace-context/ for the active OpenTelemetry span, if there is one."""
    # Without the module there is no active span.
    module = sys.modules.get("opentelemetry.trace")
    if module is None:
        return {}
    try:
        context = module.get_current_span().get_span_context()
        if not context.is_valid:
            return {}
        headers = {"traceparent": f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"}
        state = context.trace_state.to_header()
        return {**headers, "tracestate": header_value("tracestate", state)} if state else headers
    except Exception as exc:
        # A tracer may raise anything, and its module is empty while another thread imports it.
        if from_handler(exc):
            raise
        return {}


def secrets_of(api_key: str, headers: Mapping[str, str]) -> list[str]:
    """Return the key and the values of headers with secret names, as a server reads them."""
    found = [value for name, value in headers.items() if any(word in name.lower() for word in _SECRET_WORDS)]
    return [value.strip() for value in (api_key, *found)]


def redact(error: BaseException, secret: str) -> None:
    """Remove a secret, unless it is too short to tell from words, from an exception and the messages of its causes."""
    if len(secret) < SHORTEST_SECRET:
        return
    for name, value in vars(error).items():
        try:
            safe = _without(value, secret)
        except RecursionError:  # details nested too deeply to search
            safe = None
        setattr(error, name, safe)
    error.args = tuple(_without_cut_secret(arg, secret) if isinstance(arg, str) else arg for arg in error.args)
    link: BaseException | None = error
    while link is not None:
        link.args = tuple(_without(arg, secret) for arg in link.args)
        link = link.__cause__


def _without_cut_secret(message: str, secret: str) -> str:
    if len(message) < MESSAGE_LIMIT:
        return message
    sizes = range(len(secret) - 1, SHORTEST_SECRET - 1, -1)
    cut = next((size for size in sizes if message.endswith(secret[:size])), 0)
    return message[: len(message) - cut]


def _without(value: Any, secret: str) -> Any:
    if isinstance(value, str):
        return value.replace(secret, "[key]")
    if is_array(value):
        return [_without(item, secret) for item in value]
    if is_object(value):
        return {_without(key, secret): _without(item, secret) for key, item in value.items()}
    return value
