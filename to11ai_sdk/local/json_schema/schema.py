"""Checks a JSON Schema, with its patterns and references, and keeps what is needed to apply it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ...json_types import is_array, is_object
from ..bounds import MAX_PATTERNS_SIZE, MAX_SCHEMA_SIZE
from .keywords import fault_of, parts_of
from .pattern_characters import PatternError
from .patterns import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

Place = tuple[str, ...]
"""The names and indices on the way to a schema inside another."""


class SchemaError(ValueError):
    """A schema that cannot be used; ``place`` is where, and the message says why."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


class Schema:
    """A schema that can be applied.

    Args:
        root: the schema; kept, and changed by nothing but ``adapt``.
        adapt: changes a schema before it is checked, by its place.

    Attributes:
        root: the schema.
        targets: the schema that each reference points at.
        has_unevaluated: whether it has a keyword for members that no other keyword applies to.

    Raises:
        SchemaError: it is no schema, or takes too long to apply.
    """

    def __init__(self, root: Any, adapt: Callable[[Place, dict[str, Any]], None] | None = None) -> None:
        self.root = root
        self.targets: dict[str, Any] = {}
        self.has_unevaluated: bool = False
        self._anchors: dict[str, Any] = {}
        self._patterns = set[str]()
        self._pattern_size = 0
        _limit_size(root)
        self._walk(root, adapt or (lambda _, __: None))

    def _walk(self, root: Any, adapt: Callable[[Place, dict[str, Any]], None]) -> None:
        waiting: list[tuple[Place, Any]] = [((), root)]
        references: list[tuple[Place, str]] = []
        seen = set[int]()
        while waiting or references:
            if not waiting:
                waiting += self._resolved(references)
                references = []
                continue
            place, part = waiting.pop()
            if not is_object(part) or id(part) in seen:
                _check_boolean(place, part)
                continue
            seen.add(id(part))
            adapt(place, part)
            self._check(place, part)
            references += [((*place, key), part[key]) for key in ("$ref", "$dynamicRef") if key in part]
            waiting += [((*place, *inner), inside) for inner, inside in reversed(list(parts_of(part)))]

    def _check(self, place: Place, part: dict[str, Any]) -> None:
        for keyword, value in part.items():
            if fault := fault_of(keyword, value):
                raise SchemaError((*place, keyword), fault)
        for keyword in ("$anchor", "$dynamicAnchor"):
            if keyword in part:
                self._anchors.setdefault(f"#{part[keyword]}", part)
        if "pattern" in part:
            self._check_pattern((*place, "pattern"), part["pattern"])
        for pattern in part.get("patternProperties", ()):
            self._check_pattern((*place, "patternProperties", pattern), pattern)
        self.has_unevaluated |= "unevaluatedItems" in part or "unevaluatedProperties" in part

    def _check_pattern(self, place: Place, pattern: str) -> None:
        if pattern in self._patterns:
            return
        self._patterns.add(pattern)
        try:
            self._pattern_size += compiled(pattern).size
        except PatternError as error:
            raise SchemaError(place, f"{pattern[:80]!r} is not a 'regex' that can be used: it {error}") from error
        if self._pattern_size > MAX_PATTERNS_SIZE:
            raise SchemaError(place, "the patterns of the schema are too large together; use fewer and shorter ones")

    def _resolved(self, references: list[tuple[Place, str]]) -> list[tuple[Place, Any]]:
        """Return the schemas that references point at, those already found left out."""
        found: dict[str, tuple[Place, Any]] = {}
        for place, reference in references:
            if reference in self.targets or reference in found:
                continue
            if not reference.startswith("#"):
                raise SchemaError(place, "must point inside the schema, such as '#/$defs/name'; nothing is fetched")
            target = self._anchors[reference] if reference in self._anchors else at_pointer(self.root, reference)
            if target is None:
                raise SchemaError(place, f"points at {reference[:80]!r}, which is not in the schema")
            found[reference] = (tuple(reference[1:].split("/")[1:]), target)
        self.targets.update({reference: target for reference, (_, target) in found.items()})
        return list(found.values())


def _limit_size(root: Any) -> None:
    left, waiting = MAX_SCHEMA_SIZE, [root]
    while waiting:
        value = waiting.pop()
        left -= 1
        if left < 0:
            raise SchemaError((), f"has more than {MAX_SCHEMA_SIZE} values; use shorter lists and fewer properties")
        waiting += value.values() if is_object(value) else value if is_array(value) else ()


def _check_boolean(place: Place, part: Any) -> None:
    if not isinstance(part, bool) and not is_object(part):
        raise SchemaError(place, f"{str(part)[:40]!r} is not of type 'object', 'boolean'")


def at_pointer(root: Any, reference: str) -> Any:
    """Return the schema at ``#/...`` (RFC 6901), ``None`` if there is none."""
    if reference[1:2] not in ("", "/"):
        return None
    found = root
    for name in unquote(reference[1:]).split("/")[1:]:
        key = name.replace("~1", "/").replace("~0", "~")
        if is_array(found) and key.isdecimal() and len(key) < 10 and int(key) < len(found):
            found = found[int(key)]
        else:
            found = found.get(key) if is_object(found) else None
    return found if is_object(found) or isinstance(found, bool) else None
