#!/usr/bin/env bash
# openai 7.59.0 and ai 7.0.173 with @ai-sdk/openai-compatible 3.0.92 (npm) on Node 22.23.3, openai 3.57.0 (PyPI).
# Guess: the longer a 429 asks to wait, the later the next request; one SDK of a vendor does what its sister does.
# What happens: past a limit the header is not cut to the limit but ignored, and the short wait of a header-less 429
# counts again. openai on Node waits the whole minute of `Retry-After: 60`, and sends again within a second for 61;
# the AI SDK waits for 59 and sends again after 2 s for 60; openai in Python waits for 120 and gives up at once for 121.
# Why it matters: a server that is asked for too much, and says "come back in two minutes", gets three requests in
# seconds from two of these clients, while one that asks for a minute gets rest.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check openai==3.57.0
cd "$dir"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund node@22.23.3
export PATH="$dir/node_modules/node/bin:$PATH"
npm install --silent --no-audit --no-fund openai@7.59.0 ai@7.0.173 @ai-sdk/openai-compatible@3.0.92
cat > ask.mjs <<'JS'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText } from 'ai';
import OpenAI from 'openai';

const [client, baseURL] = process.argv.slice(2);
const options = { baseURL, apiKey: 'k', name: 'local' };
const messages = [{ role: 'user', content: 'Hi' }];
const ask = {
  openai: () => new OpenAI(options).chat.completions.create({ model: 'm', messages }),
  ai: () => generateText({ model: createOpenAICompatible(options)('m'), messages }),
};
await ask[client]().catch(() => {});
JS
cat > ask.py <<'PY'
import sys

import openai

client = openai.OpenAI(base_url=sys.argv[2], api_key="k")
try:
    client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}])
except openai.RateLimitError:
    pass
PY
cat > measure.py <<'PY'
import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

arrivals, wait = [], 0
WATCHED_S = 12


class Server(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        arrivals.append(time.monotonic())
        body = json.dumps({"error": {"message": "Slow down", "type": "rate_limit_error"}}).encode()
        self.send_response(429)
        for name, value in (("Retry-After", wait), ("Content-Type", "application/json"), ("Content-Length", len(body))):
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/v1"


def watch(command):
    arrivals.clear()
    process = subprocess.Popen([*command, url])
    try:
        process.wait(WATCHED_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        assert len(arrivals) == 1, arrivals
        return "waits"
    return "gives up" if len(arrivals) == 1 else f"{len(arrivals)} requests within {WATCHED_S} s"


node, python = ["node", "ask.mjs"], [sys.executable, "ask.py"]
cases = [
    ("openai (npm)", [*node, "openai"], 60, "waits"),
    ("openai (npm)", [*node, "openai"], 61, "3 requests within 12 s"),
    ("ai (npm)", [*node, "ai"], 59, "waits"),
    ("ai (npm)", [*node, "ai"], 60, "3 requests within 12 s"),
    ("openai (PyPI)", [*python, "openai"], 120, "waits"),
    ("openai (PyPI)", [*python, "openai"], 121, "gives up"),
]
for name, command, wait, expected in cases:
    found = watch(command)
    print(f"{name}, Retry-After: {wait}: {found}")
    assert found == expected, expected
print("as described")
PY
"$dir/venv/bin/python" measure.py
