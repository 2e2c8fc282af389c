"""Finds what is at a path: literal ones in a dictionary, others by Werkzeug's router."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._http.process_safety import importing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from werkzeug.routing import MapAdapter

T = TypeVar("T")


class NoSuchPathError(Exception):
    """There is nothing at the path."""


class WrongMethodError(Exception):
    """There is something at the path, but not for this method.

    Attributes:
        allowed: the methods that it has.
    """

    def __init__(self, allowed: list[str]) -> None:
        super().__init__()
        self.allowed = allowed


class PathTable(Generic[T]):
    """A table of paths.

    The router is imported and compiled when it is first needed: that takes longer than all the rest of a start.

    Args:
        rows: methods, path with parameters as ``<name>`` or ``<path:name>``, and what is there.
    """

    def __init__(self, rows: Iterable[tuple[Collection[str], str, T]]) -> None:
        self._rows = tuple(rows)
        literal = [row for row in self._rows if "<" not in row[1]]
        self._literal = {(method, path): found for methods, path, found in literal for method in methods}
        self._literal_paths = frozenset(path for _, path, _ in literal)
        self._adapter: MapAdapter | None = None

    def has(self, path: str) -> bool:
        """Return whether there is something at a path, for some method."""
        if path in self._literal_paths:
            return True
        try:
            self.find("GET", path)
        except WrongMethodError:
            return True
        except NoSuchPathError:
            return False
        return True

    def find(self, method: str, path: str) -> tuple[T, Mapping[str, Any]]:
        """Return what is at a path as sent, and the parameters in the path.

        Raises:
            NoSuchPathError: nothing.
            WrongMethodError: something that does not have this method.
        """
        literal = self._literal.get((method, path))
        if literal is not None:
            return literal, {}
        adapter = self._adapter or self._compiled()
        from werkzeug.exceptions import MethodNotAllowed, NotFound

        try:
            return adapter.match(path, method)
        except MethodNotAllowed as exc:
            raise WrongMethodError(sorted(exc.valid_methods or ())) from None
        except NotFound:
            raise NoSuchPathError from None

    def _compiled(self) -> MapAdapter:
        # Werkzeug's modules import each other: to threads that import them at once, some seem to lack names.
        with importing.lock:
            from werkzeug.routing import Map, Rule

        rules = [Rule(path, methods=methods, endpoint=found) for methods, path, found in self._rows]
        self._adapter = Map(rules, strict_slashes=True, merge_slashes=False).bind("local")
        return self._adapter
