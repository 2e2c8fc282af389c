from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from to11ai_sdk.local import bounds

if TYPE_CHECKING:
    from collections.abc import Generator

    from collector import Collector


@pytest.fixture
def collector() -> Generator[Collector]:
    """An OpenTelemetry collector."""
    from collector import Collector

    with Collector() as running:
        yield running


@pytest.fixture
def instant_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans are sent soon, by the default settings."""
    monkeypatch.setattr(bounds, "OTLP_PAUSE_S", 0.05)
    monkeypatch.setattr(bounds, "OTLP_CLOSE_S", 60.0)
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
