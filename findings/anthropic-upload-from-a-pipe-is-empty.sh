#!/usr/bin/env bash
# anthropic 2.14.0 and openai 3.57.0 with httpx2 2.16.2 (PyPI).
# Guess: files.upload(file=open pipe) sends what the pipe holds, or raises because a pipe has no size.
# What happens: httpx2 takes 0 for the size of a pipe (a process's output, stdin, an urlopen() reply), so the body gets
# longer than the Content-Length and the send fails, after the pipe was read. The Anthropic SDK takes that for a lost
# connection and sends again, now with nothing left to read: an empty file is stored and the call succeeds. The OpenAI
# SDK does not retry; it lets out h11's LocalProtocolError, which is no OpenAIError. bytes work in both.
# Why it matters: `tool | upload.py` works and returns a file's id; the model is then asked about an empty document.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check anthropic==2.14.0 openai==3.57.0 httpx2==2.16.2
"$dir/venv/bin/python" - <<'PY'
import json
import subprocess
import sys
import threading
import urllib.request
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import anthropic
import openai

CONTENT = b"row 1\nrow 2\n"
stored = []


def read_body(request):
    if length := request.headers["Content-Length"]:
        return request.rfile.read(int(length))
    body = b""
    while size := int(request.rfile.readline(), 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()
    return body


class Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.answer(CONTENT)

    def do_POST(self):
        body = read_body(self)
        length = self.headers["Content-Length"]
        if length and len(body) < int(length):
            self.close_connection = True  # the client gave up in the middle
            return
        form = BytesParser().parsebytes(b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n" + body)
        stored.extend(part.get_payload(decode=True) for part in form.get_payload() if part.get_filename())
        about = {"id": "f", "object": "file", "bytes": 1, "created_at": 1, "filename": "a.txt", "purpose": "batch"}
        about |= {"status": "processed", "type": "file", "mime_type": "text/plain", "size_bytes": 1}
        self.answer(json.dumps(about).encode())

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
claude = anthropic.Anthropic(api_key="k", base_url=url).files
gpt = openai.OpenAI(api_key="k", base_url=f"{url}/v1").files
uploads = {
    "anthropic": lambda file: claude.upload(file=("a.txt", file, "text/plain")),
    "openai": lambda file: gpt.create(file=("a.txt", file, "text/plain"), purpose="batch"),
}
script = f"import sys; sys.stdout.buffer.write({CONTENT!r})"
sources = {
    "bytes": lambda: CONTENT,
    "output of a process": lambda: subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE).stdout,
    "urlopen() reply": lambda: urllib.request.urlopen(url),
}
seen = {}
for sdk, upload in uploads.items():
    for source, open_source in sources.items():
        stored.clear()
        try:
            result = type(upload(open_source())).__name__
        except Exception as error:
            assert not isinstance(error, openai.OpenAIError)
            result = type(error).__name__
        seen[sdk, source] = result, list(stored)
        print(f"{sdk:9} {source:20} stored {stored}, the call gives {result}")
print(" ".join(f"{name} {version(name)}" for name in ("anthropic", "openai", "httpx2")))
for source in ("output of a process", "urlopen() reply"):
    assert seen["anthropic", source] == ("FileMetadata", [b""]), source
    assert seen["openai", source] == ("LocalProtocolError", []), source
assert all(seen[sdk, "bytes"][1] == [CONTENT] for sdk in uploads)
PY
