#!/usr/bin/env bash
# ddtrace 4.16.0 (Datadog's tracer) with openai 3.57.0 (PyPI).
# Guess: a tracer watches calls; what is sent and what comes back stay as they are, above all if tracing is off.
# What happens: each streamed chat asks for one chunk more, with the usage (stream_options.include_usage), and the
# tracer keeps that chunk for itself, also with DD_TRACE_ENABLED=false. If the caller passes stream_options of its own,
# the tracer writes into that very dict. The next call with the same dict then counts as one that asked for the usage,
# and its last chunk, with no choices, goes to the caller: `chunk.choices[0]` works once and then raises IndexError.
# Why it matters: an application breaks on its second request, in code that nobody touched; a server that refuses
# stream_options starts to fail under the tracer only.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check ddtrace==4.16.0 openai==3.57.0
cat > "$dir/probe.py" <<'PY'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

requests = []


class Upstream(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        parts = [("hel", None), ("lo", None), ("", "stop")]
        choices = [{"index": 0, "delta": {"content": text}, "finish_reason": reason} for text, reason in parts]
        chunks = [{"choices": [choice]} for choice in choices]
        if (requests[-1].get("stream_options") or {}).get("include_usage"):
            usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
            chunks.append({"choices": [], "usage": usage})
        for chunk in chunks:
            body = json.dumps({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", **chunk})
            self.wfile.write(f"data: {body}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


if sys.argv[1] == "traced":
    import ddtrace

    ddtrace.patch(openai=True)
import openai  # noqa: E402

server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = openai.OpenAI(api_key="k", base_url=f"http://127.0.0.1:{server.server_port}/v1", max_retries=0)
OPTIONS = {"include_obfuscation": False}


def ask(**options):
    messages = [{"role": "user", "content": "hello"}]
    stream = client.chat.completions.create(model="m", messages=messages, stream=True, **options)
    try:
        answer = "".join(chunk.choices[0].delta.content for chunk in stream)
    except IndexError as error:
        answer = type(error).__name__
    print(f"  sent stream_options {requests[-1].get('stream_options')}, answer {answer}")
    return requests[-1].get("stream_options"), answer


print(sys.argv[1], "openai", version("openai"), "ddtrace", version("ddtrace"))
seen = [ask(), ask(stream_options=OPTIONS), ask(stream_options=OPTIONS)]
plain = {"include_obfuscation": False}
usage = {"include_usage": True}
if sys.argv[1] == "traced":
    assert seen == [(usage, "hello"), (plain | usage, "hello"), (plain | usage, "IndexError")], seen
    assert OPTIONS == plain | usage
else:
    assert seen == [(None, "hello"), (plain, "hello"), (plain, "hello")], seen
    assert OPTIONS == plain
PY
export DD_TRACE_ENABLED=false DD_INSTRUMENTATION_TELEMETRY_ENABLED=false DD_REMOTE_CONFIGURATION_ENABLED=false
"$dir/venv/bin/python" "$dir/probe.py" untraced
"$dir/venv/bin/python" "$dir/probe.py" traced
