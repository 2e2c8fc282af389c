#!/usr/bin/env bash
# openai 3.57.0 and anthropic 2.14.0 with pydantic 2.14.4 (PyPI).
# Guess: a reply with an item of a type that the SDK does not know yet raises, is left out, or becomes a plain dict.
# What happens: the item becomes an object of the first class of the union, without any check: an unknown output item
# is a ResponseOutputMessage, an unknown content block is a TextBlock. isinstance() says yes, and the fields that the
# class declares as str or list are None. Only `.type` tells the truth.
# Why it matters: code that picks blocks by isinstance(), as type checkers suggest, takes a new item (a gateway's own,
# or next month's) for text, and fails later on None, far from the reply.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check openai==3.57.0 anthropic==2.14.0 pydantic==2.14.4
"$dir/venv/bin/python" - <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import anthropic
import openai
from anthropic.types import TextBlock
from openai.types.responses import ResponseOutputMessage

PART = {"type": "output_text", "text": "hi", "annotations": []}
REPLIES = {
    "/v1/responses": {
        "id": "r",
        "object": "response",
        "created_at": 1,
        "model": "m",
        "status": "completed",
        "output": [
            {"type": "routing_note", "id": "n", "chosen": "m-2"},
            {"type": "message", "id": "a", "role": "assistant", "status": "completed", "content": [PART]},
        ],
    },
    "/v1/messages": {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "routing_note", "chosen": "m-2"}, {"type": "text", "text": "hi"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    },
}


class Upstream(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(REPLIES[self.path]).encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
print(", ".join(f"{name} {version(name)}" for name in ("openai", "anthropic", "pydantic")))
response = openai.OpenAI(api_key="k", base_url=f"{url}/v1").responses.create(model="m", input="hello")
item = response.output[0]
print(f"openai: {type(item).__name__}, type={item.type!r}, role={item.role!r}, content={item.content!r}")
assert isinstance(item, ResponseOutputMessage)
assert (item.type, item.role, item.content) == ("routing_note", None, None)
messages = [{"role": "user", "content": "hello"}]
message = anthropic.Anthropic(api_key="k", base_url=url).messages.create(model="m", max_tokens=9, messages=messages)
block = message.content[0]
print(f"anthropic: {type(block).__name__}, type={block.type!r}, text={block.text!r}")
assert isinstance(block, TextBlock)
assert (block.type, block.text) == ("routing_note", None)
try:
    "".join(block.text for block in message.content if isinstance(block, TextBlock))
except TypeError as error:
    print("joining the text of each TextBlock:", error)
else:
    raise SystemExit("joining the text now works")
PY
