"""Opens the export to an OpenTelemetry collector, given by the URL at which it takes spans by OTLP over HTTP.

Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ...service import Platform
    from .span_export import SpanExport

_PATH = "/v1/traces"


def traces_url(given: object) -> str:
    """Return the URL to send spans to: ``/v1/traces`` below the given one, which may end so itself.

    Raises:
        TypeError: it is not a ``str``.
        ValueError: it is no URL of HTTP, or has a password, a query or a fragment.
    """
    if not isinstance(given, str):
        raise TypeError(f"otlp must be a str, not {type(given).__name__}")
    if not (given.isascii() and given.isprintable()) or " " in given or not _is_plain(given):
        # Not repeated: it may hold a password.
        raise ValueError(
            "otlp must be the http or https URL of a collector, such as http://127.0.0.1:4318; "
            "a key goes into OTEL_EXPORTER_OTLP_HEADERS"
        )
    base = given.rstrip("/")
    return base if base.endswith(_PATH) else base + _PATH


def load_span_export() -> type[SpanExport]:
    """Import the export, and with it the libraries of the extra; check the variables that those read.

    Raises:
        ImportError: they are not installed.
        ValueError: a variable of the environment is wrong.
    """
    try:
        from . import exporter_environment
        from .span_export import SpanExport
    except ImportError as exc:
        raise ImportError(f"otlp needs the extra 'otel', pip install 'to11ai-sdk[otel]': {exc}") from exc
    exporter_environment.check()
    return SpanExport


def open_span_export(url: str | None, platform: Platform) -> SpanExport | None:
    """Return the export to a collector, ``None`` without one.

    Raises:
        ImportError: the libraries of the extra are not installed.
        ValueError: a variable of the environment is wrong.
    """
    return None if url is None else load_span_export()(url, platform)


def _is_plain(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    is_http = parts.scheme in ("http", "https") and bool(parts.hostname)
    return is_http and has_port and not (parts.query or parts.fragment or "@" in parts.netloc)
