"""A request as values, and the parameters it is made of."""

from __future__ import annotations

from . import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Request:
    """One request as values: what to send, before any byte of it exists.

    Attributes:
        method: HTTP method.
        path: raw path, percent-encoded, starting with ``/v1/``.
        query: names and values of the query, both unencoded, in the order of the signature.
        body: what the JSON body says, ``None`` when the call has no body.
    """

    __slots__ = ("body", "method", "path", "query")

    def __init__(self, method: str, path: str, query: dict[str, str], body: dict[str, Any] | None) -> None:
        self.method: str = method
        self.path: str = path
        self.query: dict[str, str] = query
        self.body: dict[str, Any] | None = body

    @property
    def target(self) -> str:
        """Path and query as they stand in the request line (RFC 9112 section 3.2.1)."""
        return wire.target(self.path, self.query)


class Parameter:
    """One parameter of a row.

    Attributes:
        name: Python name.
        wire_name: name in the query or the body.
        place: ``"path"``, ``"query"`` or ``"body"``.
        annotation: the type as written, without ``| None``.
        required: whether the signature has no default for it.
        nullable: whether it is required and may be ``None``, which is sent as null.
    """

    __slots__ = ("annotation", "kind", "name", "nullable", "place", "required", "wire_name")

    def __init__(self, name: str, wire_name: str, place: str, annotation: str, *, required: bool) -> None:
        self.name: str = name
        self.wire_name: str = wire_name
        self.place: str = place
        self.annotation: str = annotation.removesuffix(" | None")
        self.required: bool = required
        self.nullable: bool = required and annotation.endswith(" | None")
        self.kind: wire.Kind = wire.KINDS[self.annotation]

    def check(self, value: Any) -> Any:
        """The value, if the parameter admits it; else a ``TypeError`` or, for an id, a ``ValueError``."""
        if not (self.nullable and value is None):
            self.kind.check(self.name, value)
        if self.name.endswith("_id"):
            wire.segment(self.name, value)
        return value
