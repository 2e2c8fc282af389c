#!/usr/bin/env bash
# anthropic 2.14.0 with opentelemetry-sdk 1.45.2 and two instrumentations: opentelemetry-instrumentation-genai-anthropic
# 1.3b0 (OpenTelemetry) and opentelemetry-instrumentation-anthropic 0.62.4 (OpenLLMetry).
# Guess: the SDK makes no spans; an instrumentation adds one model span per call, with the token usage.
# What happens: the SDK itself now makes a span of kind "chat" with the usage as soon as a tracer provider is set.
# Each instrumentation adds its own with the same attributes: one call is two spans and twice the tokens. With the
# first the SDK's span is a child of the other; with the second both are roots of two unrelated traces.
# Why it matters: sums of gen_ai.usage.* by model or project double after an upgrade, while nothing else changed.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check anthropic==2.14.0 opentelemetry-sdk==1.45.2 \
  opentelemetry-instrumentation==0.66b2 opentelemetry-instrumentation-genai-anthropic==1.3b0 \
  opentelemetry-util-genai==1.3b0 opentelemetry-instrumentation-anthropic==0.62.4
cat > "$dir/probe.py" <<'PY'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module

import anthropic
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

MESSAGE = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "hi"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1000, "output_tokens": 7},
}


class Upstream(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(MESSAGE).encode())


exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
trace.set_tracer_provider(provider)
if sys.argv[1] != "none":
    import_module(sys.argv[1]).AnthropicInstrumentor().instrument(tracer_provider=provider)
server = HTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = anthropic.Anthropic(api_key="k", base_url=f"http://127.0.0.1:{server.server_port}", max_retries=0)
client.messages.create(model="m", max_tokens=50, messages=[{"role": "user", "content": "hello"}])
spans = exporter.get_finished_spans()
for span in spans:
    print(f"  span {span.name!r} by {span.instrumentation_scope.name}, {'child' if span.parent else 'root'}")
chats = [span for span in spans if span.attributes.get("gen_ai.operation.name") == "chat"]
tokens = sum(span.attributes["gen_ai.usage.input_tokens"] for span in chats)
seen = f"{len(chats)} chat spans, {len({span.context.trace_id for span in chats})} traces, {tokens} input tokens"
print(f"{sys.argv[1]}: {seen}")
assert seen == sys.argv[2], seen
PY
cd "$dir"
venv/bin/pip list --format freeze --disable-pip-version-check | grep -E '^(anthropic|opentelemetry-(sdk|instrumentation.*))=='
venv/bin/python probe.py none "1 chat spans, 1 traces, 1000 input tokens"
venv/bin/python probe.py opentelemetry.instrumentation.genai.anthropic "2 chat spans, 1 traces, 2000 input tokens"
venv/bin/python probe.py opentelemetry.instrumentation.anthropic "2 chat spans, 2 traces, 2000 input tokens"
