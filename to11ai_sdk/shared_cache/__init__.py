"""Shares resolved prompts between the processes of a fleet; imported only by a client with ``shared_cache``."""

from __future__ import annotations

from typing import Any, Protocol


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


def check_store(store: Any) -> None:
    """Check that a store can be called as a :class:`SharedCache`, without calling it; the error says what is wrong."""
    # Whoever made a store has imported it already.
    from inspect import iscoroutinefunction, signature

    kind = store if isinstance(store, type) else type(store)
    wrong = (
        "shared_cache must be an object with get(name) and set(name, value, ex=seconds), such as redis.Redis(...), "
        f"not {kind.__name__}"
    )
    get, put = getattr(store, "get", None), getattr(store, "set", None)
    if store is kind or not (callable(get) and callable(put)):
        raise TypeError(wrong)
    only_async = hasattr(kind, "__aenter__") and not hasattr(kind, "__enter__")
    if only_async or iscoroutinefunction(get) or iscoroutinefunction(put):
        raise TypeError(f"{wrong}, which is asynchronous: pass a synchronous client of that store")
    try:
        signature(get).bind("name")
        signature(put).bind("name", "value", ex=1)
    except TypeError as exc:
        raise TypeError(f"{wrong}, with which a call would fail ({exc}): pass an adapter") from None
    except ValueError:  # not written in Python: it has no signature
        return
