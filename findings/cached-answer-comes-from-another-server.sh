#!/usr/bin/env bash
# dspy 3.4.1, litellm 1.110.2 and langchain-openai 1.7.4 with langchain-core 1.8.3 (PyPI), each with its own cache.
# Guess: a cached answer is given again only if the same request would go to the same server.
# What happens: in DSPy, whose cache is on by default and on disk, and in LiteLLM the base URL is no part of the key: a
# call to a second server gets the first one's answer, and no request is sent. LiteLLM leaves out extra_body as well,
# and parameters that it passes on without knowing them: enable_thinking on or off, vLLM's guided_choice. DSPy keeps
# extra_body apart, LangChain both. None of the three keeps two API keys apart.
# Why it matters: a comparison of staging with production, or of a model with its fine-tuned copy under one name, finds
# equal answers without ever asking the second; a switch in extra_body shows no effect; two tenants share answers.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
# LiteLLM imports fastapi and soundfile at the first answer from its cache, and does not ask for them.
"$dir/venv/bin/pip" install -q --disable-pip-version-check dspy==3.4.1 litellm==1.110.2 fastapi==0.165.0 \
  soundfile==0.14.0 langchain-openai==1.7.4 langchain-core==1.8.3 openai==3.57.0
cd "$dir"
cat > probe.py <<'PY'
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

os.environ |= {"DSPY_CACHEDIR": str(Path("dspy").resolve()), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
import dspy
import litellm
from langchain_core.caches import InMemoryCache
from langchain_core.globals import set_llm_cache
from langchain_openai import ChatOpenAI

litellm.suppress_debug_info = True


class Upstream(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        self.server.last = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.calls += 1
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": self.server.text}}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        reply = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(reply | {"usage": usage}).encode())


def start(text):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    server.text, server.calls = text, 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


staging, production = start("staging"), start("production")
url = {server: f"http://127.0.0.1:{server.server_port}/v1" for server in (staging, production)}


def in_dspy(question, base_url, api_key, **more):
    return dspy.LM("openai/m", api_base=base_url, api_key=api_key, **more)(question)[0]


def in_litellm(question, base_url, api_key, **more):
    messages = [{"role": "user", "content": question}]
    reply = litellm.completion(model="openai/m", messages=messages, api_base=base_url, api_key=api_key, **more)
    return reply.choices[0].message.content


def in_langchain(question, base_url, api_key, **more):
    return ChatOpenAI(model="m", base_url=base_url, api_key=api_key, **more).invoke(question).content


set_llm_cache(InMemoryCache())
THINK, FAST = ({"extra_body": {"chat_template_kwargs": {"enable_thinking": on}}} for on in (True, False))
changes = {  # what the second call has that the first had not
    "nothing": ((staging, "k", {}), (staging, "k", {})),
    "another temperature": ((staging, "k", {}), (staging, "k", {"temperature": 0.5})),
    "another server": ((staging, "k", {}), (production, "k", {})),
    "another API key": ((staging, "k", {}), (staging, "k2", {})),
    "another extra_body": ((staging, "k", THINK), (staging, "k", FAST)),
}
cached = {  # the changes after which the answer still comes from the cache
    in_dspy: {"nothing", "another server", "another API key"},
    in_litellm: {"nothing", "another server", "another API key", "another extra_body"},
    in_langchain: {"nothing", "another API key"},
}
print(*(f"{name} {version(name)}" for name in ("dspy", "litellm", "langchain-openai", "langchain-core")))
for ask, expected in cached.items():
    litellm.enable_cache(type="local")
    hits = set()
    for change, calls in changes.items():
        answers, before = [], staging.calls + production.calls
        for server, api_key, more in calls:
            answers.append(ask(change, url[server], api_key, **more))
        sent = staging.calls + production.calls - before
        hits |= {change} if sent == 1 else set()
        print(f"{ask.__name__:13} {change:20} {sent} requests, answers of {' and '.join(answers)}")
    assert hits == expected, (ask.__name__, hits)
for value in ("yes", "no"):  # a parameter of vLLM's that LiteLLM passes on
    before = staging.calls
    in_litellm("guided", url[staging], "k", guided_choice=[value])
    print(f"in_litellm    guided_choice={value!r:6} {staging.calls - before} requests")
assert staging.calls == before and staging.last["guided_choice"] == ["yes"], staging.last
assert list(Path("dspy").rglob("*.db")), "DSPy's cache is on disk"
PY
venv/bin/python probe.py
