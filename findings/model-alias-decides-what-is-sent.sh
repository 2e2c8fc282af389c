#!/usr/bin/env bash
# langchain-openai 1.7.4, langchain-anthropic 1.7.10 and pydantic-ai-slim 2.68.0 (PyPI) on a gateway.
# Guess: the model's name is just passed on; a gateway's alias changes nothing else in the request.
# What happens: each looks at the letters of the name. In ChatOpenAI the alias "gpt-5-prod" goes to another endpoint
# (/responses), because it begins like "gpt-5-pro"; "gpt-5-test" does not, but silently loses temperature=0, and
# "o1-test" gets a temperature of 1 that nobody set. An alias of a Claude model caps answers at 4,096 tokens in
# ChatAnthropic and 16,384 in Pydantic AI; the real name asks for 128,000, and only then does run_sync() stream.
# Why it matters: renaming a route on the gateway changes endpoint, sampling and length of answers in its clients.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check langchain-openai==1.7.4 langchain-anthropic==1.7.10 \
  "pydantic-ai-slim[anthropic]==2.68.0" openai==3.57.0 anthropic==2.14.0
"$dir/venv/bin/python" - <<'PY'
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI
from pydantic_ai import Agent
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.providers.anthropic import AnthropicProvider

CHOICE = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}
PART = {"type": "output_text", "text": "hi", "annotations": []}
OUTPUT = {"type": "message", "id": "a", "role": "assistant", "status": "completed", "content": [PART]}
USAGE = {"input_tokens": 1, "output_tokens": 1}
MESSAGE = {"id": "m", "type": "message", "role": "assistant", "model": "m", "usage": USAGE, "stop_sequence": None}
REPLIES = {
    "/v1/chat/completions": {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [CHOICE]},
    "/v1/responses": {"id": "r", "object": "response", "created_at": 1, "model": "m", "output": [OUTPUT]},
    "/v1/messages": MESSAGE | {"content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn"},
}
STREAM = (
    {"type": "message_start", "message": MESSAGE | {"content": [], "stop_reason": None}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": USAGE},
    {"type": "message_stop"},
)
sent = []


class Gateway(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        path = self.path.partition("?")[0]
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        sent.append((path, request))
        streamed = request.get("stream")
        body = json.dumps(REPLIES[path])
        if streamed:
            body = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in STREAM)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if streamed else "application/json")
        self.end_headers()
        self.wfile.write(body.encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"


def chat_openai(model, **options):
    ChatOpenAI(model=model, base_url=f"{url}/v1", api_key="k", max_retries=0, **options).invoke("hello")
    path, request = sent.pop()
    return path, request.get("temperature")


def chat_anthropic(model):
    ChatAnthropic(model=model, base_url=url, api_key="k", max_retries=0).invoke("hello")
    request = sent.pop()[1]
    return request["max_tokens"], bool(request.get("stream"))


def pydantic_ai(model):
    provider = AnthropicProvider(base_url=url, api_key="k")
    Agent(AnthropicModel(model, provider=provider)).run_sync("hello")
    request = sent.pop()[1]
    return request["max_tokens"], bool(request.get("stream"))


packages = ("langchain-openai", "langchain-anthropic", "pydantic-ai-slim", "openai", "anthropic")
print(", ".join(f"{name} {version(name)}" for name in packages))
chat = "/v1/chat/completions"
rows = [
    ("ChatOpenAI('prod', temperature=0)", chat_openai("prod", temperature=0), (chat, 0.0)),
    ("ChatOpenAI('gpt-5-test', temperature=0)", chat_openai("gpt-5-test", temperature=0), (chat, None)),
    ("ChatOpenAI('gpt-5-prod', temperature=0)", chat_openai("gpt-5-prod", temperature=0), ("/v1/responses", None)),
    ("ChatOpenAI('prod')", chat_openai("prod"), (chat, None)),
    ("ChatOpenAI('o1-test')", chat_openai("o1-test"), (chat, 1.0)),
    ("ChatOpenAI('prod-codex')", chat_openai("prod-codex"), ("/v1/responses", None)),
    ("ChatAnthropic('prod')", chat_anthropic("prod"), (4096, False)),
    ("ChatAnthropic('claude-sonnet-4-6')", chat_anthropic("claude-sonnet-4-6"), (128000, False)),
    ("Pydantic AI 'prod'", pydantic_ai("prod"), (16384, False)),
    ("Pydantic AI 'claude-sonnet-4-6'", pydantic_ai("claude-sonnet-4-6"), (128000, True)),
]
print("OpenAI rows: path, temperature sent. Claude rows: max_tokens sent, streamed.")
for name, seen, expected in rows:
    print(f"{name:42} {seen[0]}, {seen[1]}")
    assert seen == expected, (name, seen)
PY
