"""The SDKs join the spans of the gateway to those of the application, as the page about OpenTelemetry says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.local.collector import Collector
from to11ai_sdk.local import LocalTo11

from .places import needs_clients

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = needs_clients
PAGE = (Path(__file__).parents[2] / "docs" / "opentelemetry.md").read_text("utf-8")
HELLO: Any = [{"role": "user", "content": "Hello!"}]


def of_openai(sdk: Any, streams: bool) -> None:
    reply = sdk.chat.completions.create(model="gpt-4o", messages=HELLO, stream=streams)
    assert list(reply) if streams else reply.id


def of_anthropic(sdk: Any, streams: bool) -> None:
    reply = sdk.messages.create(model="claude-sonnet-4-6", max_tokens=9, messages=HELLO, stream=streams)
    assert list(reply) if streams else reply.id


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("call", [of_openai, of_anthropic])
def test_a_call_is_a_child_of_the_callers_span(call: Callable[[Any, bool], None], streams: bool) -> None:
    from opentelemetry.sdk.trace import TracerProvider

    code = PAGE.partition("```python\nfrom openai")[2].partition("```")[0]
    code = "from openai" + code
    if call is of_anthropic:
        code = code.replace("openai", "anthropic").replace("OpenAI", "Anthropic")
    tracer = TracerProvider().get_tracer("application")
    with Collector() as collector:
        with LocalTo11(otlp=collector.url) as to11, to11.client() as client:
            known: dict[str, Any] = {"client": client, "project_id": to11.project_id, "gateway_url": to11.gateway_url}
            exec(compile(code, "opentelemetry.md", "exec"), known)
            with known["sdk"] as sdk, tracer.start_as_current_span("application") as span:
                call(sdk, streams)
        (sent,) = collector.spans
    context = span.get_span_context()
    assert (sent.trace_id.hex(), sent.parent_span_id.hex()) == (f"{context.trace_id:032x}", f"{context.span_id:016x}")
