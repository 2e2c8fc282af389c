"""Defines the parameters of a row, and the values that each annotation allows."""

from __future__ import annotations

from .._http.encoding import segment
from ..json_types import is_mapping, is_sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Kind:
    """The values that an annotation of the table allows; ``says`` describes them in errors."""

    __slots__ = ("admits", "says")

    def __init__(self, says: str, admits: Callable[[Any], bool]) -> None:
        self.says: str = says
        self.admits: Callable[[Any], bool] = admits

    def check(self, name: str, value: Any) -> Any:
        """Return the value if it is of this kind; else raise a ``TypeError`` that names the parameter."""
        if not self.admits(value):
            raise TypeError(f"{name} must be {self.says}, not {_type_name(value)}")
        return value


def _type_name(value: Any) -> str:
    """Return the name of a value's type and of its items' types."""
    name = type(value).__name__
    items = sorted({type(item).__name__ for item in value}) if is_sequence(value) else []
    return f"{name} of {' and '.join(items)}" if items else name


def _is_object(value: Any) -> bool:
    return hasattr(value, "model_dump") or (is_mapping(value) and all(isinstance(key, str) for key in value))


_TEXT = Kind("a str", lambda value: isinstance(value, str))
_OBJECT = Kind("a mapping with str keys", _is_object)

KINDS: dict[str, Kind] = {
    "str": _TEXT,
    "int": Kind("an int", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "bool": Kind("a bool", lambda value: isinstance(value, bool)),
    "Any": Kind("given", lambda value: value is not None),
    "Mapping[str, Any]": _OBJECT,
    "Sequence[str]": Kind(
        "a list of str", lambda value: is_sequence(value) and all(isinstance(item, str) for item in value)
    ),
    # A date or a time has isoformat, too, but is not a point in time.
    "datetime | str": Kind("a datetime or a str", lambda value: isinstance(value, str) or hasattr(value, "astimezone")),
    "PromptFormat": _TEXT,
    "PaletteToken": _TEXT,
    "ReleaseStrategy": _TEXT,
    "RuleSnapshot | Mapping[str, Any]": _OBJECT,
    "Sequence[RuleReleaseWeight | Mapping[str, Any]]": Kind(
        "a list of weights", lambda value: is_sequence(value) and all(map(_is_object, value))
    ),
}
"""The annotations that a row may use, without ``| None``."""


class Parameter:
    """One parameter of a row.

    Attributes:
        wire_name: name in the query or the body.
        place: ``"path"``, ``"query"`` or ``"body"``.
        annotation: the type as written, without ``| None``; ``str`` for ``Literal[...] | str``.
        nullable: whether it is required and may be ``None``, which is sent as null.
    """

    __slots__ = ("annotation", "kind", "name", "nullable", "place", "required", "wire_name")

    def __init__(self, name: str, wire_name: str, place: str, annotation: str, *, required: bool) -> None:
        self.name: str = name
        self.wire_name: str = wire_name
        self.place: str = place
        kind = annotation.removesuffix(" | None")
        # The words that are known; a server may add others.
        self.annotation: str = "str" if kind.startswith("Literal[") and kind.endswith(" | str") else kind
        self.required: bool = required
        self.nullable: bool = required and annotation.endswith(" | None")
        self.kind: Kind = KINDS[self.annotation]

    def check(self, value: Any) -> Any:
        """Return the value if the parameter allows it; else raise ``TypeError`` or, for an id, ``ValueError``."""
        if not (self.nullable and value is None):
            self.kind.check(self.name, value)
        if self.name.endswith("_id"):
            segment(self.name, value)
        return value
