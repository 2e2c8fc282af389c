#!/usr/bin/env bash
# openai 3.57.0 (PyPI) with opentelemetry-instrumentation-httpx 0.66b2, respx 0.23.1 and vcrpy 9.4.2; httpx 0.28.1.
# Guess: the OpenAI SDK sends by httpx, so the httpx instrumentation traces it and respx stops it.
# What happens: it now sends by httpx2, a separate package. The instrumentation silently makes no span and adds no
# traceparent, although calls of httpx in the same process are traced; respx lets the call through to the network,
# although it is set to answer every route. vcrpy sees it. With an old httpx.Client given to the SDK both work again.
# Why it matters: after an upgrade traces end at the application, and a mocked test suite calls the paid API.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check openai==3.57.0 httpx==0.28.1 httpx2==2.16.2 respx==0.23.1 \
  vcrpy==9.4.2 opentelemetry-sdk==1.45.2 opentelemetry-instrumentation-httpx==0.66b2
cat > "$dir/probe.py" <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import httpx
import openai
import respx
import vcr
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

REPLY = json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": []}).encode()
arrived = []


class Upstream(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        arrived.append("traceparent" in self.headers)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(REPLY)


server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/v1"


def ask(**options):
    client = openai.OpenAI(api_key="k", base_url=url, max_retries=0, **options)
    return client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hello"}])


CALLS = {
    "httpx": lambda: httpx.post(f"{url}/chat/completions", json={}),
    "openai": ask,
    "openai with httpx.Client": lambda: ask(http_client=httpx.Client()),
}


def traced(call):
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    arrived.clear()
    HTTPXClientInstrumentor().instrument(tracer_provider=provider)
    try:
        call()
    finally:
        HTTPXClientInstrumentor().uninstrument()
    return len(exporter.get_finished_spans()), arrived[0]


def reached_past_respx(call):
    arrived.clear()
    with respx.mock(assert_all_called=False) as router:
        router.route().mock(return_value=httpx.Response(200, json=json.loads(REPLY)))
        call()
    return len(arrived)


names = ("openai", "httpx", "httpx2", "respx", "vcrpy", "opentelemetry-instrumentation-httpx")
print(", ".join(f"{name} {version(name)}" for name in names))
expected = {"httpx": (1, True, 0), "openai": (0, False, 1), "openai with httpx.Client": (1, True, 0)}
for name, call in CALLS.items():
    seen = (*traced(call), reached_past_respx(call))
    print(f"{name:25} spans {seen[0]}, traceparent sent {seen[1]}, requests past respx {seen[2]}")
    assert seen == expected[name], (name, seen)
arrived.clear()
try:
    with vcr.use_cassette("none.yaml", record_mode="none"):
        ask()
except (vcr.errors.CannotOverwriteExistingCassetteException, openai.APIConnectionError) as error:
    print(f"openai under vcrpy, nothing recorded: {type(error).__name__}, requests past vcrpy {len(arrived)}")
assert not arrived
PY
cd "$dir" && venv/bin/python probe.py
