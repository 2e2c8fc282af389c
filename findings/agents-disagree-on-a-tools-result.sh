#!/usr/bin/env bash
# langchain 1.5.2, pydantic-ai-slim 2.68.0 and openai-agents 0.24.0 (PyPI), each calling one tool of one server.
# Guess: what a tool returns reaches the model as JSON, whichever library runs it: [] is "[]", a dict is an object.
# What happens: Pydantic AI sends [] as an empty text (yet () as "[]" and {} as "{}"); LangChain sends it as a message
# of no parts. LangChain sends a dict as JSON until one value in it is a date or a Decimal: then the whole dict goes as
# Python writes it, {'due': datetime.date(2026, 11, 28)}. The OpenAI Agents SDK always sends what Python writes: None
# and True for null and true, single quotes.
# Why it matters: "no results" looks like a lost answer or is refused by the server, and one new column in a row changes
# the format of everything beside it; none of them warns, and prompts tested with one library differ in another.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check langchain==1.5.2 langchain-openai==1.7.4 \
  langchain-core==1.8.3 "pydantic-ai-slim[openai]==2.68.0" openai-agents==0.24.0 openai==3.57.0
"$dir/venv/bin/python" - <<'PY'
import asyncio
import json
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from typing import Any

import agents
import openai
import pydantic_ai
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

agents.set_tracing_disabled(True)
results, returned = [], [None]
CALL = {"id": "c", "type": "function", "function": {"name": "find_rows", "arguments": "{}"}}


class Upstream(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        last = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"][-1]
        message = {"role": "assistant", "content": None, "tool_calls": [CALL]}
        if last["role"] == "tool":
            results.append(last["content"])
            message = {"role": "assistant", "content": "done"}
        choice = {"index": 0, "finish_reason": "stop" if message["content"] else "tool_calls", "message": message}
        reply = {"id": "r", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(reply).encode())


def find_rows() -> Any:
    """Finds rows."""
    return returned[0]


server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/v1"
client = openai.AsyncOpenAI(api_key="k", base_url=url)
chain = create_agent(ChatOpenAI(model="m", api_key="k", base_url=url), [tool(find_rows)])
model = OpenAIChatModel("m", provider=OpenAIProvider(openai_client=client))
pydantic = pydantic_ai.Agent(model, tools=[find_rows])
model = agents.OpenAIChatCompletionsModel("m", client)
openai_agent = agents.Agent(name="a", tools=[agents.function_tool(find_rows)], model=model)
row, due = {"paid": None}, {"paid": None, "due": date(2026, 11, 28)}
python_due = "{'paid': None, 'due': datetime.date(2026, 11, 28)}"
cases = [  # what the tool returns, then what LangChain, Pydantic AI and the OpenAI Agents SDK send
    ([], [], "", "[]"),
    ((), [], "[]", "()"),
    ({}, "{}", "{}", "{}"),
    (["a"], '["a"]', '["a"]', "['a']"),
    (row, '{"paid": null}', '{"paid":null}', "{'paid': None}"),
    (due, python_due, '{"paid":null,"due":"2026-11-28"}', python_due),
]


async def main():
    for value, *expected in cases:
        returned[0] = value
        results.clear()
        await chain.ainvoke({"messages": [("user", "go")]})
        await pydantic.run("go")
        await agents.Runner.run(openai_agent, "go")
        print(f"{value!r}\n   LangChain {results[0]!r}   Pydantic AI {results[1]!r}   OpenAI Agents {results[2]!r}")
        assert results == expected, (value, results)


print(*(f"{name} {version(name)}" for name in ("langchain", "pydantic-ai-slim", "openai-agents")))
asyncio.run(main())
PY
