"""Ids and time for what a format must tell and a provider did not; both can be replaced, to be deterministic."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

NewId = Callable[[str], str]
"""Makes an id that begins with a prefix such as ``"chatcmpl-"``."""

Clock = Callable[[], int]
"""Tells the time in seconds since 1970."""


def random_id(prefix: str) -> str:
    """The prefix and 24 random hexadecimal digits."""
    return prefix + secrets.token_hex(12)


def unix_time() -> int:
    """Seconds since 1970."""
    return int(time.time())


def id_for(id: str | None, prefix: str, new_id: NewId) -> str:  # noqa: A002 - the field's own word
    """The id itself if it is of the family of the prefix (its letters), else a new one."""
    family = prefix.rstrip("-_")
    return id if id is not None and id.startswith(family) else new_id(prefix)
