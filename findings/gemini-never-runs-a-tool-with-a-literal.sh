#!/usr/bin/env bash
# google-genai 3.6.1 (PyPI), which calls Python functions given as tools by itself.
# Guess: a type that the SDK can declare to the model is one that it can call the function with.
# What happens: for a parameter Literal["c", "f"], an Enum or tuple[int, int] it declares a correct schema, but fails to
# convert the model's valid argument and never runs the function. The model is sent that error as the tool's answer;
# the caller gets an ordinary reply, without an exception or a warning. A Pydantic model with the same Literal inside
# works, and so do str, list[int] and dict[str, int].
# Why it matters: narrowing `unit: str` to a Literal, as type checkers and prompt guides advise, switches the tool off;
# the model apologises or makes up the result, and unit tests of the function stay green.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check google-genai==3.6.1 pydantic==2.14.4
"$dir/venv/bin/python" - <<'PY'
import json
import threading
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from typing import Literal

from google import genai
from google.genai import types
from pydantic import BaseModel

requests, ran, argument = [], [], [None]


class Unit(Enum):
    CELSIUS = "c"


class Query(BaseModel):
    unit: Literal["c", "f"]


class Upstream(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        call = {"functionCall": {"name": "read_sensor", "args": {"value": argument[0]}}}
        part = {"text": "It is warm"} if len(requests) > 1 else call
        content = {"role": "model", "parts": [part]}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        reply = {"candidates": [{"index": 0, "finishReason": "STOP", "content": content}]}
        self.wfile.write(json.dumps(reply).encode())


def tool_for(kind):
    def read_sensor(value: kind) -> str:
        """Reads the sensor."""
        ran.append(value)
        return "21"

    return read_sensor


server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = genai.Client(api_key="k", http_options={"base_url": f"http://127.0.0.1:{server.server_port}"})
print("google-genai", version("google-genai"))
cases = [  # the parameter's type, the model's argument, and whether the function runs
    (str, "c", True),
    (list[int], [1, 2], True),
    (dict[str, int], {"a": 1}, True),
    (Query, {"unit": "c"}, True),
    (Literal["c", "f"], "c", False),
    (list[Literal["c", "f"]], ["c"], False),
    (Unit, "c", False),
    (tuple[int, int], [1, 2], False),
]
for kind, value, runs in cases:
    requests.clear(), ran.clear()
    argument[0] = value
    config = types.GenerateContentConfig(tools=[tool_for(kind)])
    answer = client.chats.create(model="m", config=config).send_message("How warm is it?").text
    declared = requests[0]["tools"][0]["functionDeclarations"][0]["parameters_json_schema"]["properties"]["value"]
    sent = requests[1]["contents"][-1]["parts"][0]["functionResponse"]["response"]
    print(f"{kind!s}\n   declared as {json.dumps(declared)}\n   ran with {ran}, answered {json.dumps(sent)[:90]}")
    assert bool(ran) == runs and ("error" in sent) != runs and answer == "It is warm", (kind, ran, sent)
    if kind == Literal["c", "f"]:
        assert declared == {"enum": ["c", "f"], "type": "string"}, declared
PY
