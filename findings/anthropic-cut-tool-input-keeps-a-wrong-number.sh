#!/usr/bin/env bash
# anthropic 2.14.0 with jiter 0.19.0 (PyPI), and @anthropic-ai/sdk 1.14.0 (npm) for comparison.
# Guess: if max_tokens cuts a tool's input in the middle, the final message raises, or keeps the raw text.
# What happens: both SDKs repair the JSON and return a dict. The Python SDK keeps a number that was cut in two
# (1500 becomes 15), the JavaScript SDK leaves it out; both leave out a text that was cut. There is no error and no
# mark on the block: only stop_reason "max_tokens" shows that the input is incomplete.
# Why it matters: a loop that runs every tool_use block runs it with a smaller amount, a shorter id, fewer rows.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check anthropic==2.14.0 jiter==0.19.0
(cd "$dir" && npm init -y > /dev/null && npm install --silent --no-audit --no-fund @anthropic-ai/sdk@1.14.0)
cat > "$dir/probe.mjs" <<'JS'
import Anthropic from '@anthropic-ai/sdk';

const anthropic = new Anthropic({ apiKey: 'k', baseURL: process.argv[2], maxRetries: 0 });
const request = { model: 'm', max_tokens: 20, messages: [{ role: 'user', content: 'Pay Ann' }] };
const message = await anthropic.messages.stream(request).finalMessage();
console.log(JSON.stringify(message.content[0].input));
JS
cat > "$dir/probe.py" <<'PY'
import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import anthropic

usage = {"input_tokens": 1, "output_tokens": 1}
head = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [], "usage": usage}
current = [""]


def events(partial):
    yield {"type": "message_start", "message": head | {"stop_reason": None, "stop_sequence": None}}
    block = {"type": "tool_use", "id": "t", "name": "pay", "input": {}}
    yield {"type": "content_block_start", "index": 0, "content_block": block}
    delta = {"type": "input_json_delta", "partial_json": partial}
    yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    yield {"type": "message_delta", "delta": {"stop_reason": "max_tokens", "stop_sequence": None}, "usage": usage}
    yield {"type": "message_stop"}


class Upstream(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for event in events(current[0]):
            self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
client = anthropic.Anthropic(api_key="k", base_url=url, max_retries=0)


def in_python():
    request = {"model": "m", "max_tokens": 20, "messages": [{"role": "user", "content": "Pay Ann"}]}
    with client.messages.stream(**request) as stream:
        message = stream.get_final_message()
    assert message.stop_reason == "max_tokens"
    return message.content[0].input


def in_node():
    return json.loads(subprocess.run(["node", "probe.mjs", url], check=True, capture_output=True, text=True).stdout)


print("anthropic", version("anthropic"), "jiter", version("jiter"), "@anthropic-ai/sdk 1.14.0")
cases = [  # what the stream held before max_tokens cut it, then the input in Python and in JavaScript
    ('{"to": "ann", "amount": 15', {"to": "ann", "amount": 15}, {"to": "ann"}),
    ('{"rows": [10, 11, 1', {"rows": [10, 11, 1]}, {"rows": [10, 11]}),
    ('{"amount": 15, "to": "an', {"amount": 15}, {"amount": 15}),
]
for text, python, node in cases:
    current[0] = text
    seen = in_python(), in_node()
    print(f"{text:30} Python {seen[0]}  JavaScript {seen[1]}")
    assert seen == (python, node), text
PY
cd "$dir" && venv/bin/python probe.py
