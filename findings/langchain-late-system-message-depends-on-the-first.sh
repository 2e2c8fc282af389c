#!/usr/bin/env bash
# langchain-google-genai 4.4.3, langchain-anthropic 1.7.10, langchain-openai 1.7.4, langchain-core 1.8.3 (PyPI).
# Guess: a SystemMessage in the middle of a conversation reaches every provider, or is refused where it has no place.
# What happens: OpenAI gets it where it stands. For the others the first message decides. If that is a SystemMessage,
# Anthropic's class raises ValueError and Gemini's joins the two at the top. If it is not, Anthropic's class moves the
# late message to the top with a warning, and Gemini's leaves it out of the request, with no warning and no error.
# Why it matters: "answer in German from now on", a summary or a guard put in by a middleware works with one provider
# and is silently missing with another, but only in those conversations that have no system prompt.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check langchain-google-genai==4.4.3 langchain-anthropic==1.7.10 \
  langchain-openai==1.7.4 langchain-core==1.8.3 google-genai==3.6.1 anthropic==2.14.0 openai==3.57.0
"$dir/venv/bin/python" - <<'PY'
import json
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_openai import ChatOpenAI

requests = []
usage = {"input_tokens": 1, "output_tokens": 1}
choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "ok"}}
answer = {"role": "model", "parts": [{"text": "ok"}]}
REPLY = {"id": "r", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "type": "message"}
REPLY |= {"role": "assistant", "content": [{"type": "text", "text": "ok"}], "stop_reason": "end_turn"}
REPLY |= {"stop_sequence": None, "usage": usage}
GEMINI = {"candidates": [{"index": 0, "finishReason": "STOP", "content": answer}]}


class Upstream(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(GEMINI if "generateContent" in self.path else REPLY).encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
models = [
    ChatOpenAI(model="m", api_key="k", base_url=f"{url}/v1"),
    ChatAnthropic(model="m", api_key="k", base_url=url, max_tokens=100),
    ChatGoogleGenerativeAI(model="m", api_key="k", base_url=url),
]
later = [HumanMessage("Hello"), SystemMessage("Answer in German"), HumanMessage("How are you?")]
conversations = {"with a system prompt": [SystemMessage("You help"), *later], "without one": later}


def place(request):
    """Says in which member of the request the late message is."""
    members = [name for name, value in request.items() if "Answer in German" in json.dumps(value)]
    return members[0] if members else "not sent"


print(*(f"{name} {version(name)}" for name in ("langchain-google-genai", "langchain-anthropic", "langchain-openai")))
seen = {}
for model in models:
    for name, messages in conversations.items():
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                model.invoke(messages)
                where = place(requests[-1])
            except ValueError as error:
                where = type(error).__name__
        late = [warning for warning in warned if "SystemMessage" in str(warning.message)]
        seen[type(model).__name__, name] = where, bool(late)
        print(f"{type(model).__name__:23} {name:21} {where:18} {'warning' if late else 'no warning'}")
assert seen == {
    ("ChatOpenAI", "with a system prompt"): ("messages", False),
    ("ChatOpenAI", "without one"): ("messages", False),
    ("ChatAnthropic", "with a system prompt"): ("ValueError", False),
    ("ChatAnthropic", "without one"): ("system", True),
    ("ChatGoogleGenerativeAI", "with a system prompt"): ("systemInstruction", False),
    ("ChatGoogleGenerativeAI", "without one"): ("not sent", False),
}, seen
PY
