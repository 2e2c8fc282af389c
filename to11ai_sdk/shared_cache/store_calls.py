"""Calls the methods of a store, whichever of them it has; whatever goes wrong there is a ``StoreError``."""

from __future__ import annotations

from contextlib import suppress

from ..json_types import is_array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import SharedCache


class StoreError(Exception):
    """The store raised an error, or gave what no store may give."""


class StoreCalls:
    """The calls of a store; each may take any time."""

    def __init__(self, store: SharedCache) -> None:
        self._store: Any = store
        self._has_nx = self._has_mget = True

    def get(self, name: str) -> object:
        """Return the value of a name, whatever it is."""
        return self._call("get", name)

    def get_two(self, one: str, other: str) -> list[object]:
        """Return the values of two names, in one round trip if the store can."""
        if self._has_mget:
            with suppress(StoreError):
                values = self._call("mget", [one, other])
                if is_array(values) and len(values) == 2:
                    return values
        values = [self.get(one), self.get(other)]
        # It works, but not together: the names of a cluster are on several servers.
        self._has_mget = False
        return values

    def set(self, name: str, value: str, ex: int) -> None:
        """Keep a value for some seconds."""
        self._call("set", name, value, ex=ex)

    def take(self, name: str, token: str, ex: int) -> object:
        """Take the lock of this name if it is free, and return what it holds then: the token if it is ours.

        A store without ``nx`` may let a few have it at once.
        """
        if self._has_nx:
            try:
                if self._call("set", name, token, nx=True, ex=ex) is True:
                    return token
            except StoreError as exc:
                if not isinstance(exc.__cause__, TypeError):
                    raise
                self._has_nx = False
        found = self.get(name)
        if found is None and not self._has_nx:
            self.set(name, token, ex)
            return token
        # Not all stores say that they set a value.
        return found

    def drop(self, name: str) -> None:
        """Remove a value, or let it expire soon where the store cannot remove it."""
        if callable(getattr(self._store, "delete", None)):
            self._call("delete", name)
        else:
            self.set(name, "", 1)

    def _call(self, method: str, *args: Any, **options: Any) -> Any:
        try:
            value = getattr(self._store, method)(*args, **options)
            if hasattr(value, "__await__"):
                getattr(value, "close", bool)()
                raise TypeError("an asynchronous client")
            if value is self._store:
                raise TypeError("a pipeline, which keeps all commands")
        except BaseException as exc:
            # No signal handler runs in this thread: whatever is raised here, the store raised it.
            raise StoreError from exc
        return value
