"""How many examples a property test tries."""

from __future__ import annotations

from hypothesis import settings

ALL = 60


def examples(count: int) -> int:
    """Return the number as it is, or a third of it under the profile ``brief``."""
    assert settings.default
    return count * settings.default.max_examples // ALL
