#!/usr/bin/env bash
# pydantic 2.14.4 and openai 3.57.0 (PyPI).
# Guess: a datetime field refuses "20261128" and "20261128100000", or reads them as the dates that ISO 8601 and logs
# write so. (datetime.fromisoformat() of Python 3.11 reads the first as 28 November 2026.)
# What happens: a text of digits only is taken for Unix time. "20261128" is 23 August 1970, "20261128100000" is in the
# year 2612 (so many digits count as milliseconds), "2026" is 1970. strict=True makes it odder: it refuses "2026-11-28"
# for a datetime and still takes the digits. A date field refuses all of them, and "20261128T100000" is refused too.
# The model asks for the format "date-time" in its JSON Schema and does not check it.
# Why it matters: a model's answer or a log's time stamp validates and sorts, half a century away.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check pydantic==2.14.4 openai==3.57.0
"$dir/venv/bin/python" - <<'PY'
import json
import threading
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openai
from pydantic import VERSION, BaseModel, ConfigDict, TypeAdapter, ValidationError


class Invoice(BaseModel):
    model_config = ConfigDict(strict=True)
    due: datetime


class Upstream(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        schema = request["response_format"]["json_schema"]["schema"]
        assert schema["properties"]["due"]["format"] == "date-time"
        message = {"role": "assistant", "content": '{"due": "20261128"}'}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        reply = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(reply).encode())


def read(kind, text, strict):
    try:
        return str(TypeAdapter(kind).validate_json(json.dumps(text), strict=strict))
    except ValidationError:
        return "refused"


print("pydantic", VERSION, "openai", openai.__version__)
cases = [  # the text, then the datetime that comes of it, and the same with strict=True
    ("2026-11-28T10:00:00", "2026-11-28 10:00:00", "2026-11-28 10:00:00"),
    ("2026-11-28", "2026-11-28 00:00:00", "refused"),
    ("20261128", "1970-08-23 12:05:28+00:00", "1970-08-23 12:05:28+00:00"),
    ("20261128100000", "2612-01-19 19:08:20+00:00", "2612-01-19 19:08:20+00:00"),
    ("2026", "1970-01-01 00:33:46+00:00", "1970-01-01 00:33:46+00:00"),
    ("20261128T100000", "refused", "refused"),
]
for text, lax, strict in cases:
    seen = read(datetime, text, False), read(datetime, text, True), read(date, text, False)
    print(f"{text:20} datetime {seen[0]:26} strict {seen[1]:26} date {seen[2]}")
    assert seen == (lax, strict, text if text == "2026-11-28" else "refused"), text
server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = openai.OpenAI(api_key="k", base_url=f"http://127.0.0.1:{server.server_port}/v1", max_retries=0)
messages = [{"role": "user", "content": "When is it due?"}]
reply = client.chat.completions.parse(model="m", messages=messages, response_format=Invoice)
print("parsed from an answer:", repr(reply.choices[0].message.parsed))
assert reply.choices[0].message.parsed.due.year == 1970
PY
