"""Facts about HTTP headers that the control plane and the gateway share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PROVIDER_KEYS = frozenset({"api-key", "authorization", "x-api-key", "x-goog-api-key"})
"""Headers in which a provider's key, or to11's own, may come."""
SECRETS = PROVIDER_KEYS | {"cookie", "proxy-authorization", "x-to11-authorization"}
"""Headers whose values are never logged."""


def headers_of(environ: dict[str, Any]) -> dict[str, str]:
    """The headers of a request by their lower-case names."""
    names = {key: key.removeprefix("HTTP_").replace("_", "-").lower() for key in environ if key.startswith("HTTP_")}
    names |= {key: key.replace("_", "-").lower() for key in ("CONTENT_TYPE", "CONTENT_LENGTH") if key in environ}
    return {name: environ[key] for key, name in names.items()}


def shown(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers as the log keeps them: without the values of secret ones."""
    return {name: "***" if name in SECRETS else value for name, value in headers.items()}


def bearer(header: str) -> str | None:
    """What follows ``Bearer`` in a header, ``None`` if nothing does."""
    scheme, _, key = header.partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None
