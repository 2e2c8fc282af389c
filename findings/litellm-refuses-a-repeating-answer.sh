#!/usr/bin/env bash
# LiteLLM 1.110.2 (PyPI) as a client of an OpenAI-compatible server.
# Guess: litellm.completion(stream=True) passes on whatever text the model streams.
# What happens: when more than 100 deltas in a row are equal and longer than two characters, it assumes that the model
# is stuck, drops the rest and raises a ServiceUnavailableError, as if the server had failed. 150 deltas "--" pass (two
# characters), and so does the same text without streaming. The check is on by default.
# Why it matters: a long table, a rule of dashes, zeros in a CSV or a test gateway that echoes a repetitive prompt
# fail for streaming LiteLLM users only, after most of the answer was received and paid.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check litellm==1.110.2
export LITELLM_LOCAL_MODEL_COST_MAP=True LITELLM_LOG=CRITICAL
"$dir/venv/bin/python" - <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import litellm

litellm.suppress_debug_info = True
deltas = []


def envelope(kind, choice):
    return json.dumps({"id": "c", "object": kind, "created": 1, "model": "m", "choices": [{"index": 0, **choice}]})


class Upstream(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if request.get("stream") else "application/json")
        self.end_headers()
        if not request.get("stream"):
            message = {"role": "assistant", "content": "".join(deltas)}
            self.wfile.write(envelope("chat.completion", {"finish_reason": "stop", "message": message}).encode())
            return
        choices = [{"finish_reason": None, "delta": {"role": "assistant", "content": text}} for text in deltas]
        for choice in [*choices, {"finish_reason": "stop", "delta": {}}]:
            self.wfile.write(f"data: {envelope('chat.completion.chunk', choice)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=server.serve_forever, daemon=True).start()


def ask(texts, stream):
    deltas[:] = texts
    reply = litellm.completion(
        model="openai/m",
        api_base=f"http://127.0.0.1:{server.server_port}/v1",
        api_key="k",
        messages=[{"role": "user", "content": "Draw the table"}],
        stream=stream,
        num_retries=0,
    )
    if not stream:
        return "complete" if reply.choices[0].message.content == "".join(texts) else "incomplete"
    received = []
    try:
        for chunk in reply:
            received.append(chunk.choices[0].delta.content or "")
    except litellm.exceptions.ServiceUnavailableError as error:
        assert "repeating the same chunk" in str(error), error
        return f"{type(error).__name__} after {len(received)} deltas"
    return "complete" if "".join(received) == "".join(texts) else "incomplete"


print("litellm", version("litellm"))
cases = [
    ("100 x '| 0 ', streamed", ["| 0 "] * 100, True, "complete"),
    ("120 x '| 0 ', streamed", ["| 0 "] * 120, True, "MidStreamFallbackError after 100 deltas"),
    ("120 x '| 0 ', not streamed", ["| 0 "] * 120, False, "complete"),
    ("150 x '--', streamed", ["--"] * 150, True, "complete"),
]
for name, texts, stream, expected in cases:
    seen = ask(texts, stream)
    print(f"{name:28} {seen}")
    assert seen == expected, (name, seen)
PY
