#!/usr/bin/env bash
# @anthropic-ai/sdk 1.14.0 and openai 7.57.0 (npm) on Node 22.23.3; anthropic 2.14.0 and openai 3.57.0 (PyPI).
# Guess: timeout: 1000 (Python: timeout=1) ends a call whose answer stops for four seconds, in both languages.
# What happens: in JavaScript the clock stops at the response's headers. A stream that stalls after them is awaited, and
# with the Anthropic SDK so is a plain JSON answer: it returns after four seconds, without an error. The OpenAI SDK does
# time the JSON body. In Python all four calls end after a second, as the time counts between any two reads (which is
# why an answer that drips never times out there); a stalled Anthropic stream raises httpx2's error, not the SDK's.
# Why it matters: a gateway that sends headers at once (streams do) switches the timeout of JavaScript clients off.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check anthropic==2.14.0 openai==3.57.0
cd "$dir"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund node@22.23.3
export PATH="$dir/node_modules/node/bin:$PATH"
npm install --silent --no-audit --no-fund @anthropic-ai/sdk@1.14.0 openai@7.57.0
cat > probe.mjs <<'JS'
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const [url, sdk, stream] = process.argv.slice(2);
const options = { apiKey: 'k', maxRetries: 0, timeout: 1000 };
const request = { model: 'm', messages: [{ role: 'user', content: 'hello' }], stream: stream === 'stream' };
try {
  const reply = await (sdk === 'openai'
    ? new OpenAI({ ...options, baseURL: `${url}/v1` }).chat.completions.create(request)
    : new Anthropic({ ...options, baseURL: url }).messages.create({ ...request, max_tokens: 100 }));
  if (request.stream) for await (const event of reply);
  console.log('answer');
} catch (error) {
  console.log(error.constructor.name);
}
process.exit(0);
JS
cat > probe.py <<'PY'
import json
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import anthropic
import openai

usage = {"input_tokens": 1, "output_tokens": 1}
choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}
REPLY = {"id": "r", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "type": "message"}
REPLY |= {"role": "assistant", "content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn"}
REPLY |= {"stop_sequence": None, "usage": usage}
messages = [{"role": "user", "content": "hello"}]


class Upstream(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        stream = json.loads(self.rfile.read(int(self.headers["Content-Length"]))).get("stream")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if stream else "application/json")
        self.end_headers()
        end = b'event: message_stop\ndata: {"type": "message_stop"}\n\n'
        if "messages" not in self.path:
            end = b"data: [DONE]\n\n"
        try:
            self.wfile.write(b": open\n\n" if stream else b" ")
            time.sleep(4)
            self.wfile.write(end if stream else json.dumps(REPLY).encode())
        except OSError:  # the client has gone
            pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"


def python(sdk, stream):
    options = {"api_key": "k", "max_retries": 0, "timeout": 1}
    try:
        if sdk == "openai":
            client = openai.OpenAI(base_url=f"{url}/v1", **options)
            reply = client.chat.completions.create(model="m", messages=messages, stream=stream)
        else:
            client = anthropic.Anthropic(base_url=url, **options)
            reply = client.messages.create(model="m", max_tokens=100, messages=messages, stream=stream)
        return "answer" if list(reply) else "nothing"
    except Exception as error:
        return type(error).__name__


def node(sdk, stream):
    arguments = ["node", "probe.mjs", url, sdk, "stream" if stream else "whole"]
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.strip()


cases = [
    (node, "anthropic", True, "answer"),
    (node, "anthropic", False, "answer"),
    (node, "openai", True, "answer"),
    (node, "openai", False, "APIConnectionTimeoutError"),
    (python, "anthropic", True, "ReadTimeout"),
    (python, "anthropic", False, "APITimeoutError"),
    (python, "openai", True, "APITimeoutError"),
    (python, "openai", False, "APITimeoutError"),
]
print("@anthropic-ai/sdk 1.14.0, openai 7.57.0;", *(f"{name} {version(name)}" for name in ("anthropic", "openai")))
for call, sdk, stream, expected in cases:
    started = time.monotonic()
    seen = call(sdk, stream)
    seconds = time.monotonic() - started
    print(f"{call.__name__:6} {sdk:9} {'stream' if stream else 'JSON':6} {seen} after {seconds:.1f} s")
    assert seen == expected, (call.__name__, sdk, stream)
    assert seen != "answer" or seconds > 3.9, seconds  # an error comes before the stall is over
PY
venv/bin/python probe.py
