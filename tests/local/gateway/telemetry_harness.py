"""A gateway that sends its spans to a collector, and what the collector got."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from collector import Collector, known
from gateway_harness import Caller

from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from collections.abc import Generator

    import pytest
    from opentelemetry.proto.trace.v1.trace_pb2 import Span as SentSpan

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@contextmanager
def calling(collector: Collector, **options: Any) -> Generator[Caller]:
    """A caller of a gateway that sends its spans, all by the end of this block."""
    with LocalTo11(otlp=collector.url, sleep=lambda seconds: None, **options) as to11:
        yield Caller(to11)


def one(collector: Collector) -> tuple[SentSpan, dict[str, Any]]:
    (span,) = collector.spans
    return span, known(span)


def assert_has(attributes: dict[str, Any], **expected: Any) -> None:
    names = {name.replace("__", "."): value for name, value in expected.items()}
    assert {name: attributes.get(name) for name in names} == names


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
