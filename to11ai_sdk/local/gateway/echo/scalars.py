"""Makes numbers and strings within the bounds of a JSON schema, as far as possible."""

from __future__ import annotations

import math
from typing import Any

from .patterns import text_matching

_FORMATS = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "echo@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_LONGEST = 100_000


def number_within(schema: dict[str, Any], kind: str, variant: int = 0) -> int | float:
    """Return the allowed number nearest to zero, or the one ``variant`` steps after it."""
    step: float = schema.get("multipleOf", 1)
    low: float = schema.get("minimum", -math.inf)
    high: float = schema.get("maximum", math.inf)
    above: float = schema.get("exclusiveMinimum", -math.inf)
    below: float = schema.get("exclusiveMaximum", math.inf)
    if kind == "integer":
        low, high = max(low, _floor(above) + 1), min(high, _ceil(below) - 1)
        return int(_on_step(low, high, step if step >= 1 else 1, variant))
    if "multipleOf" not in schema and above >= low and below <= high and math.isfinite(above) and math.isfinite(below):
        return above + (below - above) / (2 + variant)
    low = above + step if above >= low and above > -math.inf else low
    high = below - step if below <= high and below < math.inf else high
    return _on_step(low, high, step, variant)


def _on_step(low: float, high: float, step: float, variant: int) -> float:
    if math.inf in (low, -high):
        raise ValueError("a number of JSON is finite")
    if low <= 0 <= high:
        return next(value for value in (variant * step, -variant * step, 0) if low <= value <= high)
    if low > 0:
        first = _ceil(low / step) * step
        return first + variant * step if first <= high else low
    first = _floor(high / step) * step
    return first - variant * step if first >= low else high


def _floor(value: float) -> float:
    return math.floor(value) if math.isfinite(value) else value


def _ceil(value: float) -> float:
    return math.ceil(value) if math.isfinite(value) else value


def text_within(schema: dict[str, Any], name: str, variant: int = 0) -> str:
    """Return a text of the right format and length; by default the name of the member."""
    if isinstance(pattern := schema.get("pattern"), str):
        return _fitted(text_matching(pattern) or name, schema, 0)
    if (known := _FORMATS.get(str(schema.get("format")))) is not None:
        return known
    return _fitted(name, schema, variant)


def _fitted(text: str, schema: dict[str, Any], variant: int) -> str:
    least, most = (int(min(schema.get(*bound), _LONGEST)) for bound in (("minLength", 0), ("maxLength", _LONGEST)))
    end = str(variant) if variant else ""
    padded = text + (text[-1:] or "x") * (least - len(text) - len(end))
    return (padded[: max(0, most - len(end))] + end)[:most]
