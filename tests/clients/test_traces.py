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

    from to11ai_sdk import To11aiClient

pytestmark = needs_clients
PAGE = (Path(__file__).parents[2] / "docs" / "opentelemetry.md").read_text("utf-8")
HELLO: Any = [{"role": "user", "content": "Hello!"}]


def openai_sdk(client: To11aiClient, **where: Any) -> Any:
    """The client that the page makes."""
    code = "from openai" + PAGE.partition("```python\nfrom openai")[2].partition("```")[0]
    known: dict[str, Any] = {"client": client, **where}
    exec(compile(code, "opentelemetry.md", "exec"), known)
    return known["sdk"]


def anthropic_sdk(client: To11aiClient, **where: Any) -> Any:
    """A client as it is."""
    from anthropic import Anthropic

    return Anthropic(**client.anthropic_options(**where))


def ask(sdk: Any, streams: bool) -> None:
    if hasattr(sdk, "messages"):
        reply = sdk.messages.create(model="claude-sonnet-4-6", max_tokens=9, messages=HELLO, stream=streams)
    else:
        reply = sdk.chat.completions.create(model="gpt-4o", messages=HELLO, stream=streams)
    assert list(reply) if streams else reply.id


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("make", [openai_sdk, anthropic_sdk])
def test_a_call_is_a_child_of_the_callers_span(make: Callable[..., Any], streams: bool) -> None:
    from opentelemetry.sdk.trace import TracerProvider

    tracer = TracerProvider().get_tracer("application")
    with Collector() as collector:
        with LocalTo11(otlp=collector.url) as to11, to11.client() as client:
            sdk = make(client, project_id=to11.project_id, gateway_url=to11.gateway_url)
            with sdk, tracer.start_as_current_span("application") as span:
                ask(sdk, streams)
        (sent,) = collector.spans
    context = span.get_span_context()
    assert (sent.trace_id.hex(), sent.parent_span_id.hex()) == (f"{context.trace_id:032x}", f"{context.span_id:016x}")
