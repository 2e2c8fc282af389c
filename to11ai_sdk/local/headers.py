"""Facts about HTTP headers that the control plane and the gateway share."""

from __future__ import annotations

PROVIDER_KEYS = frozenset({"api-key", "authorization", "x-api-key", "x-goog-api-key"})
"""Headers in which a provider's key, or to11's own, may come."""
SECRETS = PROVIDER_KEYS | {"cookie", "proxy-authorization", "x-to11-authorization"}
"""Headers whose values are never logged."""


def bearer(header: str) -> str | None:
    """Return what follows ``Bearer`` in a header, ``None`` if nothing does."""
    scheme, _, key = header.partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None
