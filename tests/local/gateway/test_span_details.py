"""What is kept for a span: names of prompts for a while, and of a long call only so much."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from to11ai_sdk.local import bounds
from to11ai_sdk.local.gateway.provider import UnreachableError
from to11ai_sdk.local.gateway.telemetry.call_details import CallDetails
from to11ai_sdk.local.gateway.telemetry.prompt_names import PromptNames
from to11ai_sdk.local.service import Platform
from to11ai_sdk.local.store import StorageProblem, open_store

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from to11ai_sdk.local.gateway.routing import Attempt
    from to11ai_sdk.local.store import Transaction


class CountedPlatform:
    """The projects of a store in memory, and how often they were read."""

    def __init__(self) -> None:
        self.inner = Platform(open_store(None))
        self.reads = 0
        self.failing = False

    @contextmanager
    def reading(self) -> Generator[Transaction]:
        self.reads += 1
        if self.failing:
            raise StorageProblem(503, "STORAGE_BUSY", "busy")
        with self.inner.reading() as tx:
            yield tx


@pytest.fixture
def platform() -> Iterator[CountedPlatform]:
    counted = CountedPlatform()
    yield counted
    counted.inner.close()


def test_the_name_of_a_prompt_is_read_again_after_a_while(platform: CountedPlatform) -> None:
    clock = SimpleNamespace(now=5.0)
    names = PromptNames(cast("Any", platform), lambda: clock.now)
    for seconds, reads in ((0.0, 1), (bounds.OTLP_NAMES_S / 2, 1), (bounds.OTLP_NAMES_S, 2)):
        clock.now += seconds
        assert names.of("project", "prompt") is None
        assert platform.reads == reads


def test_a_name_that_cannot_be_read_is_none(platform: CountedPlatform) -> None:
    platform.failing = True
    assert PromptNames(cast("Any", platform), lambda: 0.0).of("project", "prompt") is None


def test_the_names_that_were_used_last_are_kept(platform: CountedPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_OTLP_NAMES", 2)
    names = PromptNames(cast("Any", platform), lambda: 0.0)
    for prompt_id, reads in (("a", 1), ("b", 2), ("a", 2), ("c", 3), ("a", 3), ("b", 4)):
        names.of("project", prompt_id)
        assert platform.reads == reads, prompt_id


def test_only_so_many_attempts_and_reasons_of_a_call_are_kept() -> None:
    details = CallDetails(lambda: 0.0)

    def unreachable(attempt: Attempt) -> Any:
        raise UnreachableError("gone")

    ask = details.watched(unreachable)
    for _ in range(bounds.MAX_OTLP_ITEMS + 10):
        with pytest.raises(UnreachableError):
            ask(cast("Any", None))
    details.read({"choices": [{"index": n, "finish_reason": "stop"} for n in range(bounds.MAX_OTLP_ITEMS + 10)]})
    details.read({"choices": [{"index": 0, "finish_reason": "length"}]})
    assert len(details.tries) == bounds.MAX_OTLP_ITEMS
    assert details.finish_reasons == ["length"] + ["stop"] * (bounds.MAX_OTLP_ITEMS - 1)
