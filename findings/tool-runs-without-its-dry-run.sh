#!/usr/bin/env bash
# langchain 1.5.2, openai-agents 0.24.0, google-genai 3.6.1, mcp 2.3.0 (PyPI), ai 7.0.173 (npm) on Node 22.23.3; for
# comparison pydantic-ai-slim 2.68.0 and anthropic 2.14.0. Each is given one tool, pay(to, amount), and one answer of
# the model that calls it with dry_run=true, an argument that the tool does not have.
# Guess: such a call is refused, the more so where the schema that was sent says "additionalProperties": false.
# What happens: the first five drop the argument without a word, pay, and give the model a plain "paid"; the Agents SDK
# and the AI SDK do so although both sent additionalProperties false, the former with strict: true. Pydantic AI and
# the Anthropic SDK's tool runner run nothing and give the model an error to mend.
# Why it matters: dry_run, limit, only_before, unless: what models add to a call takes back part of it. Without strict
# decoding on the server the model is sure that it only rehearsed, and the log shows a tool called with valid arguments.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check langchain==1.5.2 langchain-openai==1.7.4 \
  langchain-core==1.8.3 openai-agents==0.24.0 google-genai==3.6.1 mcp==2.3.0 openai==3.57.0 anthropic==2.14.0 \
  "pydantic-ai-slim[openai]==2.68.0"
cd "$dir"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund node@22.23.3
export PATH="$dir/node_modules/node/bin:$PATH"
npm install --silent --no-audit --no-fund ai@7.0.173 @ai-sdk/openai-compatible@3.0.92 zod@4.6.7
cat > probe.mjs <<'JS'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, stepCountIs, tool } from 'ai';
import { z } from 'zod';

const model = createOpenAICompatible({ name: 'x', apiKey: 'k', baseURL: process.argv[2] })('m');
const ran = [];
const pay = tool({
  description: 'Pay someone.',
  inputSchema: z.object({ to: z.string(), amount: z.number() }),
  execute: async ({ to, amount }) => { ran.push([to, amount]); return 'paid'; },
});
await generateText({ model, prompt: 'go', tools: { pay }, stopWhen: stepCountIs(2) });
console.log(JSON.stringify(ran));
JS
cat > probe.py <<'PY'
import asyncio
import json
import logging
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import agents
import anthropic
import mcp
import openai
import pydantic_ai
from google import genai
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from mcp.server import MCPServer
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

agents.set_tracing_disabled(True)
logging.disable()
ARGUMENTS = {"to": "Ann", "amount": 5, "dry_run": True}
requests, ran = [], []


def gemini(again):
    part = {"text": "ok"} if again else {"functionCall": {"name": "pay", "args": ARGUMENTS}}
    return {"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}]}


def claude(again):
    block = {"type": "text", "text": "ok"}
    if not again:
        block = {"type": "tool_use", "id": "c", "name": "pay", "input": ARGUMENTS}
    message = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [block]}
    usage = {"input_tokens": 1, "output_tokens": 1}
    return message | {"usage": usage, "stop_sequence": None, "stop_reason": "end_turn" if again else "tool_use"}


def chat(again):
    message = {"role": "assistant", "content": "ok"}
    if not again:
        function = {"name": "pay", "arguments": json.dumps(ARGUMENTS)}
        message = {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": function}]}
    choice = {"index": 0, "finish_reason": "stop" if again else "tool_calls", "message": message}
    return {"id": "r", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


class Upstream(BaseHTTPRequestHandler):
    """Calls the tool in its first answer of a conversation, and says ok once it was given the result."""

    def log_message(self, *args):
        pass

    def do_POST(self):
        requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        reply = gemini if "generateContent" in self.path else claude if "/messages" in self.path else chat
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(reply(len(requests) > 1)).encode())


def pay(to: str, amount: float) -> str:
    """Pay someone."""
    ran.append([to, amount])
    return "paid"


async def langchain():
    model = ChatOpenAI(model="m", api_key="k", base_url=f"{url}/v1")
    await create_agent(model, [tool(pay)]).ainvoke({"messages": [("user", "go")]})


async def openai_agents():
    model = agents.OpenAIChatCompletionsModel("m", client)
    await agents.Runner.run(agents.Agent(name="a", tools=[agents.function_tool(pay)], model=model), "go")


async def google_genai():
    gemini_client = genai.Client(api_key="k", http_options={"base_url": url})
    await gemini_client.aio.models.generate_content(model="m", contents="go", config={"tools": [pay]})


async def mcp_server():
    server = MCPServer("bank")
    server.tool()(pay)
    async with mcp.Client(server) as session:
        await session.call_tool("pay", ARGUMENTS)


async def ai_sdk():
    command = ["node", "probe.mjs", f"{url}/v1"]
    ran.extend(json.loads((await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)).stdout))


async def pydantic():
    model = OpenAIChatModel("m", provider=OpenAIProvider(openai_client=client))
    await pydantic_ai.Agent(model, tools=[pay]).run("go")


async def anthropic_runner():
    claude_client = anthropic.Anthropic(api_key="k", base_url=url)
    ask = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "go"}]}
    runner = claude_client.beta.messages.tool_runner(tools=[anthropic.beta_tool(pay)], **ask)
    await asyncio.to_thread(runner.until_done)


def is_closed(request):
    """Say whether the tool's schema in the request forbids other arguments."""
    [tool] = request["tools"]
    tool = tool.get("function", tool)
    return tool.get("parameters", tool.get("input_schema", {})).get("additionalProperties") is False


server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
client = openai.AsyncOpenAI(api_key="k", base_url=f"{url}/v1")
cases = [  # who runs the tool, does it pay, was the schema that it sent closed to other arguments
    (langchain, True, False),
    (openai_agents, True, True),
    (google_genai, True, False),
    (mcp_server, True, False),
    (ai_sdk, True, True),
    (pydantic, False, True),
    (anthropic_runner, False, True),
]
names = ("langchain", "openai-agents", "google-genai", "mcp", "pydantic-ai-slim", "anthropic")
print(*(f"{name} {version(name)}" for name in names), "ai 7.0.173")


async def main():
    for run, pays, closed in cases:
        requests.clear()
        ran.clear()
        await run()
        seen = bool(requests) and is_closed(requests[0])
        print(f"{run.__name__:17} {'closed' if seen else 'open  '} schema, ran {ran}")
        assert ran == ([["Ann", 5]] if pays else []), (run.__name__, ran)
        assert seen == closed, run.__name__


asyncio.run(main())
PY
venv/bin/python probe.py
