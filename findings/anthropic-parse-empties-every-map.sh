#!/usr/bin/env bash
# anthropic 2.14.0 and openai 3.57.0 with pydantic 2.14.4 (PyPI), @anthropic-ai/sdk 1.14.0 with zod 4.6.7 (npm).
# Guess: messages.parse() with a field dict[str, int] asks for a map of integers, or raises if it cannot ask for one.
# What happens: the schema that is sent has "properties": {} and "additionalProperties": false for that field, so {} is
# the only answer it allows. The reply validates, and the field is an empty dict; nothing warns. The JavaScript SDK does
# the same to z.record(), and both drop the extra fields of an open object. A tool made from the same type keeps its
# map, and the OpenAI SDK sends the map unchanged, for the server to refuse.
# Why it matters: counts, labels, scores by name come back empty from a model that did just what it was asked for.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check anthropic==2.14.0 openai==3.57.0 pydantic==2.14.4 \
  jsonschema==4.26.0
cd "$dir"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund @anthropic-ai/sdk@1.14.0 zod@4.6.7
cat > probe.mjs <<'JS'
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { z } from 'zod';

const basket = z.object({ owner: z.string(), counts: z.record(z.string(), z.number()) });
console.log(JSON.stringify(zodOutputFormat(basket).schema.properties.counts));
JS
cat > probe.py <<'PY'
import json
import subprocess
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import anthropic
import jsonschema
import openai
from pydantic import BaseModel

warnings.simplefilter("error")
sent = {}


class Upstream(BaseHTTPRequestHandler):
    """Stands for a model that names all apples it sees, if the schema that it was sent allows that."""

    def log_message(self, *args):
        pass

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        claude = self.path == "/v1/messages"
        form = request["output_config"]["format"] if claude else request["response_format"]["json_schema"]
        sent[self.path] = schema = form["schema"]
        full, empty = ({"owner": "Ann", "counts": counts} for counts in ({"apples": 3}, {}))
        allowed = jsonschema.Draft202012Validator(schema).is_valid
        assert allowed(empty)
        text = json.dumps(full if allowed(full) else empty)
        usage = {"input_tokens": 1, "output_tokens": 1}
        message = {"id": "m", "type": "message", "role": "assistant", "model": "m", "usage": usage}
        message |= {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "stop_sequence": None}
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        chat = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(message if claude else chat).encode())


class Basket(BaseModel):
    owner: str
    counts: dict[str, int]


@anthropic.beta_tool
def store(counts: dict[str, int]) -> str:
    """Store the counts."""
    return "stored"


server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
ask = {"model": "m", "messages": [{"role": "user", "content": "Ann has three apples"}]}
claude = anthropic.Anthropic(api_key="k", base_url=url, max_retries=0)
basket = claude.messages.parse(max_tokens=100, output_format=Basket, **ask).parsed_output
gpt = openai.OpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0)
other = gpt.chat.completions.parse(response_format=Basket, **ask).choices[0].message.parsed
node = json.loads(subprocess.run(["node", "probe.mjs"], check=True, capture_output=True, text=True).stdout)
asked = {
    "anthropic, Python": sent["/v1/messages"]["properties"]["counts"],
    "anthropic, JavaScript": node,
    "anthropic, Python tool": store.to_dict()["input_schema"]["properties"]["counts"],
    "openai, Python": sent["/v1/chat/completions"]["properties"]["counts"],
}
print(" ".join(f"{name} {version(name)}" for name in ("anthropic", "openai", "pydantic")), "@anthropic-ai/sdk 1.14.0")
for name, schema in asked.items():
    print(f"{name:23} {schema['additionalProperties']} {schema.get('properties')}")
print("parsed: anthropic", repr(basket), " openai", repr(other))
closed = [name for name, schema in asked.items() if schema["additionalProperties"] is False]
assert closed == ["anthropic, Python", "anthropic, JavaScript"], closed
assert basket == Basket(owner="Ann", counts={})
assert other == Basket(owner="Ann", counts={"apples": 3})
PY
venv/bin/python probe.py
