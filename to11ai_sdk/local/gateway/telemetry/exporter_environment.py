"""Reads the variables of OpenTelemetry's exporter which it would print in the log, or misread, if they are wrong.

Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/.
"""

from __future__ import annotations

import logging
import math
import os
from typing import TYPE_CHECKING

from opentelemetry.util import re as headers_module

from ... import bounds
from .library_log import LibraryLog

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPRESSIONS = ("none", "gzip", "deflate")


def check() -> None:
    """Check all these variables.

    Raises:
        ValueError: one is wrong; the message names it, but never a header's value.
    """
    timeout_s()
    for name, value in _given("HEADERS"):
        if not _are_headers(value):
            raise ValueError(
                f"{name} must be like x-api-key=abc,other=def, in ASCII; in a value, a comma is %2C and a quote %22"
            )
    for name, value in _given("COMPRESSION"):
        if value.strip().lower() not in _COMPRESSIONS:
            raise ValueError(
                f"{name} must be {', '.join(_COMPRESSIONS[:-1])} or {_COMPRESSIONS[-1]}, not {value!r:.100}"
            )


def timeout_s() -> float:
    """Return how many seconds a request to a collector may take.

    Raises:
        ValueError: the variable for it is not a number above zero.
    """
    for name, value in _given("TIMEOUT"):
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not seconds > 0:
            raise ValueError(f"{name} must be seconds above 0, not {value!r:.100}")
        return min(seconds, bounds.MAX_OTLP_TIMEOUT_S)
    return bounds.OTLP_TIMEOUT_S


def _given(kind: str) -> Iterator[tuple[str, str]]:
    """Yield the names and values of a kind of variable, the one that takes precedence first."""
    for name in (f"OTEL_EXPORTER_OTLP_TRACES_{kind}", f"OTEL_EXPORTER_OTLP_{kind}"):
        if value := os.environ.get(name):
            yield name, value


def _are_headers(text: str) -> bool:
    refusals = LibraryLog()
    log = logging.getLogger(headers_module.__name__)
    log.addFilter(refusals)
    refusals.watch()
    try:
        headers = headers_module.parse_env_headers(text, liberal=True)
    finally:
        log.removeFilter(refusals)
    values = "".join([*headers.keys(), *headers.values()])
    return not refusals.latest and values.isascii() and values.isprintable()
