#!/usr/bin/env bash
# google-genai 3.6.1 (PyPI) and @google/genai 3.3.0 (npm) on Node 22.23.3.
# Guess: a chat sends its whole history with each message: at least every text that the user wrote.
# What happens: if any chunk of an answer has no parts, the chat leaves out that answer and the user's message before
# it from all later requests. One such chunk is enough: an answer streamed in full whose last chunk holds nothing but
# the finish reason is forgotten, with its question, and so is a turn whose answer was cut before its first word.
# Without streaming the Python SDK is the same. get_history() still lists what is no longer sent; nothing is raised.
# Why it matters: the model answers as if nothing had been said, and the history that one looks at is complete.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check google-genai==3.6.1
cd "$dir"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund node@22.23.3
export PATH="$dir/node_modules/node/bin:$PATH"
npm install --silent --no-audit --no-fund @google/genai@3.3.0
cat > probe.mjs <<'JS'
import { GoogleGenAI } from '@google/genai';

const chat = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: process.argv[2] } }).chats.create({ model: 'm' });
for await (const chunk of await chat.sendMessageStream({ message: 'My name is Ann' })) {
  process.stdout.write(chunk.text ?? '');
}
await chat.sendMessage({ message: 'What is my name?' });
JS
cat > probe.py <<'PY'
import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

from google import genai

requests, first = [], []


def chunk(content, reason=None):
    return {"candidates": [{"index": 0, **content, **({"finishReason": reason} if reason else {})}]}


def text(words):
    return {"content": {"role": "model", "parts": [{"text": words}]}}


class Upstream(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        chunks = first if len(requests) == 1 else [chunk(text("I cannot know"), "STOP")]
        stream = "stream" in self.path
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if stream else "application/json")
        self.end_headers()
        for item in chunks:
            body = json.dumps(item)
            self.wfile.write((f"data: {body}\r\n\r\n" if stream else body).encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
client = genai.Client(api_key="k", http_options={"base_url": url})


def python(stream):
    chat = client.chats.create(model="m")
    said = "My name is Ann"
    answers = list(chat.send_message_stream(said)) if stream else [chat.send_message(said)]
    chat.send_message("What is my name?")
    assert chat.get_history()[0].parts[0].text == said
    return "".join(answer.text or "" for answer in answers)


def node(stream):
    probe = subprocess.run(["node", "probe.mjs", url], check=True, capture_output=True, text=True)
    return probe.stdout


silent = {"content": {"role": "model"}}
whole = [chunk(text("Hello ")), chunk(text("Ann"), "STOP")]
bare = [chunk(text("Hello ")), chunk(text("Ann")), chunk({}, "STOP")]
empty = [chunk(silent, "MAX_TOKENS")]
cases = [
    ("reason beside the last text", whole, True, python, 3),
    ("reason beside the last text", whole, True, node, 3),
    ("reason in a chunk of its own", bare, True, python, 1),
    ("reason in a chunk of its own", bare, True, node, 1),
    ("cut before the first word", empty, True, python, 1),
    ("cut before the first word", empty, True, node, 1),
    ("cut before the first word", empty, False, python, 1),
]
print("google-genai", version("google-genai"), " @google/genai 3.3.0")
for name, chunks, stream, run, expected in cases:
    requests.clear()
    first[:] = chunks
    received = run(stream)
    texts = [turn["parts"][0]["text"] for turn in requests[-1]["contents"]]
    how = f"{run.__name__}, {'streamed' if stream else 'whole'}"
    print(f"{name:29} {how:17} received {received!r:12} next request {texts}")
    assert ("My name is Ann" in texts) == (expected == 3) and texts[-1] == "What is my name?", texts
    assert received == ("" if chunks is empty else "Hello Ann"), received
PY
venv/bin/python probe.py
