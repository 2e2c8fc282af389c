"""Names the HTTP headers with keys and secrets, for the control plane and the gateway."""

from __future__ import annotations

PROVIDER_KEYS = frozenset({"api-key", "authorization", "x-api-key", "x-goog-api-key"})
"""Headers that may carry a provider's key, or to11's own."""
SECRETS = PROVIDER_KEYS | {"cookie", "proxy-authorization", "x-to11-authorization"}
"""Headers whose values are never logged."""


def bearer(header: str) -> str | None:
    """Return the token after ``Bearer`` in a header, or ``None``."""
    scheme, _, key = header.partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None
