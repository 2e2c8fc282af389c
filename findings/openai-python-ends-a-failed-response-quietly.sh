#!/usr/bin/env bash
# openai 3.57.0 (PyPI), beside openai 7.59.0 (npm) on Node 22.23.3, both reading a stream of POST /v1/responses.
# Guess: an error in the middle of a stream is an exception, as it is for chat completions, and as it is on Node.
# What happens: the server's `error` event ends the loop over responses.create(stream=True) without an exception; the
# half answer looks whole. responses.stream() ends its loop as quietly; only get_final_response() then fails, with a
# RuntimeError that does not hold the server's message. The npm package throws an APIError with it in both cases.
# Why it matters: whoever collects the text deltas stores half an answer as a whole one, and no retry or alert starts.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check openai==3.57.0
cd "$dir"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund node@22.23.3
export PATH="$dir/node_modules/node/bin:$PATH"
npm install --silent --no-audit --no-fund openai@7.59.0
cat > read.mjs <<'JS'
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: process.argv[2], apiKey: 'k', maxRetries: 0 });
const asked = { model: 'm', input: 'How much?' };
for (const how of ['create', 'stream']) {
  let text = '';
  try {
    const helper = how === 'stream';
    const events = helper ? client.responses.stream(asked) : await client.responses.create({ ...asked, stream: true });
    for await (const event of events) if (event.type === 'response.output_text.delta') text += event.delta;
    console.log(`${how}: ${text.trim()} | no exception`);
  } catch (error) {
    console.log(`${how}: ${text.trim()} | ${error.constructor.name}: ${error.message}`);
  }
}
JS
cat > read.py <<'PY'
import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import openai

CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
RESPONSE = {"id": "resp_1", "object": "response", "created_at": 1, "status": "in_progress", "model": "m"}
RESPONSE |= {"output": [], "tools": [], "tool_choice": "auto", "parallel_tool_calls": True}
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
PART = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
FAILED = "The server had an error"
RESPONSES = [
    {"type": "response.created", "response": RESPONSE},
    {"type": "response.output_item.added", "output_index": 0, "item": MESSAGE},
    {"type": "response.content_part.added", **PART, "part": {"type": "output_text", "text": "", "annotations": []}},
    {"type": "response.output_text.delta", **PART, "delta": "Take two ", "logprobs": []},
    {"type": "error", "code": "server_error", "message": FAILED, "param": None},
]
CHAT = [
    {**CHUNK, "choices": [{"index": 0, "delta": {"content": "Take two "}, "finish_reason": None}]},
    {"error": {"message": FAILED, "type": "server_error", "code": None, "param": None}},
]


class Server(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        if self.path.endswith("/chat/completions"):
            for event in CHAT:
                self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
            return
        for number, event in enumerate(RESPONSES):
            data = json.dumps({**event, "sequence_number": number})
            self.wfile.write(f"event: {event['type']}\ndata: {data}\n\n".encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/v1"
client = openai.OpenAI(base_url=url, api_key="k", max_retries=0)


def chat(texts):
    asked = {"model": "m", "messages": [{"role": "user", "content": "How much?"}]}
    for chunk in client.chat.completions.create(**asked, stream=True):
        texts.append(chunk.choices[0].delta.content)


def create(texts):
    for event in client.responses.create(model="m", input="How much?", stream=True):
        if event.type == "response.output_text.delta":
            texts.append(event.delta)


def stream(texts):
    with client.responses.stream(model="m", input="How much?") as events:
        for event in events:
            if event.type == "response.output_text.delta":
                texts.append(event.delta)
        texts.append("(the loop is over)")
        events.get_final_response()


def outcome(read):
    texts = []
    try:
        read(texts)
    except Exception as error:
        return f"{''.join(texts).strip()} | {type(error).__name__}: {error}"
    return f"{''.join(texts).strip()} | no exception"


print("openai (PyPI)", version("openai"))
found = {read.__name__: outcome(read) for read in (chat, create, stream)}
for name, line in found.items():
    print(f"  {name}: {line}")
print("openai (npm) 7.59.0")
node = subprocess.run(["node", "read.mjs", url], capture_output=True, text=True, check=True).stdout
print("".join(f"  {line}\n" for line in node.splitlines()), end="")
assert found == {
    "chat": f"Take two | APIError: {FAILED}",
    "create": "Take two | no exception",
    "stream": "Take two (the loop is over) | RuntimeError: Didn't receive a `response.completed` event.",
}, found
assert node.splitlines() == [f"{how}: Take two | APIError: {FAILED}" for how in ("create", "stream")], node
print("as described")
PY
"$dir/venv/bin/python" read.py
