"""Merges two JSON schemas into one, and resolves references inside a schema."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from ....json_types import is_array, is_object


def local_reference(root: Any, reference: str) -> Any:
    """Return the schema at ``#/...`` (RFC 6901), ``None`` if there is none."""
    if not reference.startswith("#"):
        return None
    found = root
    for part in unquote(reference[1:]).split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if is_array(found) and key.isdecimal() and int(key) < len(found):
            found = found[int(key)]
        else:
            found = found.get(key) if is_object(found) else None
    return found if is_object(found) or isinstance(found, bool) else None


def merged(left: Any, right: Any) -> Any:
    """Return a schema that accepts the values that both accept, as far as one schema can express it."""
    if left is False or right is False:
        return False
    if not (is_object(left) and is_object(right)):
        return left if is_object(left) else right
    result = dict(left)
    for key, value in right.items():
        result[key] = _joined(key, result[key], value) if key in result else value
    return result


def _joined(key: str, left: Any, right: Any) -> Any:
    if key in _LEAST:
        return max(left, right)
    if key in _MOST:
        return min(left, right)
    if key == "properties":
        shared = {name: merged(left[name], right[name]) for name in left if name in right}
        return {**left, **right, **shared}
    if key in ("items", "additionalProperties"):
        return merged(left, right)
    if key in _LISTS:
        return [*left, *right]
    if key == "enum":
        return [value for value in left if value in right]
    return _common_type(left, right) if key == "type" else right


def _common_type(left: Any, right: Any) -> Any:
    lefts, rights = (value if is_array(value) else [value] for value in (left, right))
    common = [kind for kind in lefts if kind in rights]
    if "integer" in lefts + rights and "number" in lefts + rights and "integer" not in common:
        common.append("integer")
    return common or right


_LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_LISTS = ("required", "allOf")
