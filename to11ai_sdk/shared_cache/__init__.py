"""Shares resolved prompts between the processes of a fleet; imported only by a client with ``shared_cache``."""

from __future__ import annotations

from typing import Protocol


class SharedCache(Protocol):
    """What a store must have: ``redis.Redis`` of redis-py does, and threads may call it at once.

    Where it also has ``set(..., nx=True)`` and ``delete(name)``, as redis-py does, they are used.
    """

    def get(self, name: str, /) -> object:
        """Return the value of a name, ``str`` or ``bytes``, or ``None``."""
        ...

    def set(self, name: str, value: str, /, *, ex: int) -> object:
        """Keep a value for ``ex`` seconds."""
        ...
