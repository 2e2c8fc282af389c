#!/usr/bin/env bash
# langchain-openai 1.7.4, openai-agents 0.24.0, litellm 1.110.2, pydantic-ai-slim 2.68.0 (PyPI); @langchain/openai
# 1.6.0, @openai/agents 0.20.0, ai 7.0.173 with @ai-sdk/openai and @ai-sdk/openai-compatible (npm) on Node 22.23.3.
# Guess: a library that counts tokens counts them in a stream too, whatever the base URL, in Python as in JavaScript.
# What happens: a server sends the usage of a stream to those who ask for it (stream_options.include_usage). LangChain,
# the Agents SDK and LiteLLM for Python ask OpenAI's own server only. With another base URL the first has no usage, the
# second counts one request of 0 tokens, the third shows an estimate of its own, unmarked, as the usage. The JavaScript
# halves of the first two do ask, and so does Pydantic AI; in the AI SDK the choice of package decides.
# Why it matters: moving an application behind a gateway, with no other change, sets its counted tokens to zero and its
# token limits out of work; nothing warns, and a test without streaming shows the right numbers.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check langchain-openai==1.7.4 langchain-core==1.8.3 \
  openai-agents==0.24.0 litellm==1.110.2 openai==3.57.0 "pydantic-ai-slim[openai]==2.68.0"
cd "$dir"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund node@22.23.3
export PATH="$dir/node_modules/node/bin:$PATH"
npm install --silent --no-audit --no-fund @langchain/openai@1.6.0 @langchain/core@1.4.0 @openai/agents@0.20.0 \
  ai@7.0.173 @ai-sdk/openai@4.0.118 @ai-sdk/openai-compatible@3.0.92 zod@4.6.7
cat > probe.mjs <<'JS'
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { ChatOpenAI } from '@langchain/openai';
import { Agent, OpenAIProvider, run, setTracingDisabled } from '@openai/agents';
import { streamText } from 'ai';

const [name, baseURL] = process.argv.slice(2);
setTracingDisabled(true);

async function langchain() {
  let usage;
  const model = new ChatOpenAI({ model: 'm', apiKey: 'k', configuration: { baseURL } });
  for await (const chunk of await model.stream('go')) usage = chunk.usage_metadata ?? usage;
  return [usage?.input_tokens, usage?.output_tokens];
}

async function agents() {
  const provider = new OpenAIProvider({ apiKey: 'k', baseURL, useResponses: false });
  const agent = new Agent({ name: 'a', model: await provider.getModel('m') });
  const result = await run(agent, 'go', { stream: true });
  await result.completed;
  const { usage } = result.state;
  return [usage.inputTokens, usage.outputTokens];
}

async function ai(model) {
  const result = streamText({ model, prompt: 'go' });
  await result.consumeStream();
  const usage = await result.usage;
  return [usage.inputTokens, usage.outputTokens];
}

const probes = {
  langchain,
  agents,
  ai_openai: () => ai(createOpenAI({ apiKey: 'k', baseURL }).chat('m')),
  ai_compatible: () => ai(createOpenAICompatible({ name: 'x', apiKey: 'k', baseURL })('m')),
};
const [input, output] = await probes[name]();
console.log(JSON.stringify([input ?? null, output ?? null]));
JS
cat > probe.py <<'PY'
import asyncio
import json
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import agents
import httpx2
import litellm
import openai
import pydantic_ai
from langchain_openai import ChatOpenAI
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

agents.set_tracing_disabled(True)
litellm.suppress_debug_info = True
OFFICIAL, GATEWAY = "https://api.openai.com/v1", "https://gateway.example/v1"
HEAD = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
USAGE = {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050}


def chunk(delta, finish=None):
    return HEAD | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


class Upstream(BaseHTTPRequestHandler):
    """Streams an answer, and the usage to those who asked for it, as OpenAI's API does."""

    def log_message(self, *args):
        pass

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        chunks = [chunk({"role": "assistant", "content": "hello"}), chunk({}, "stop")]
        if (request.get("stream_options") or {}).get("include_usage"):
            chunks.append(HEAD | {"choices": [], "usage": USAGE})
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for data in [*map(json.dumps, chunks), "[DONE]"]:
            self.wfile.write(f"data: {data}\n\n".encode())


class Loopback(httpx2.AsyncHTTPTransport):
    """Sends each request to this script's server, whatever host it is for."""

    async def handle_async_request(self, request):
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=server.server_port)
        return await super().handle_async_request(request)


def client(base_url):
    return openai.AsyncOpenAI(api_key="k", base_url=base_url, http_client=httpx2.AsyncClient(transport=Loopback()))


async def langchain(base_url):
    model = ChatOpenAI(model="m", api_key="k", base_url=base_url)
    usage = None
    async for part in model.astream("go"):
        usage = part.usage_metadata or usage
    return usage


async def openai_agents(base_url):
    model = agents.OpenAIChatCompletionsModel("m", client(base_url))
    result = agents.Runner.run_streamed(agents.Agent(name="a", model=model), "go")
    async for _ in result.stream_events():
        pass
    usage = result.context_wrapper.usage
    return [usage.input_tokens, usage.output_tokens]


async def lite(**where):
    ask = {"model": "openai/m", "messages": [{"role": "user", "content": "go"}], "stream": True}
    parts = [part async for part in await litellm.acompletion(**where, **ask)]
    usage = litellm.stream_chunk_builder(parts).usage
    return [usage.prompt_tokens, usage.completion_tokens]


async def pydantic(base_url):
    model = OpenAIChatModel("m", provider=OpenAIProvider(openai_client=client(base_url)))
    async with pydantic_ai.Agent(model).run_stream("go") as result:
        await result.get_output()
        return [result.usage.input_tokens, result.usage.output_tokens]


async def node(name):
    command = ["node", "probe.mjs", name, loopback]
    run = await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
    return json.loads(run.stdout)


server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
threading.Thread(target=server.serve_forever, daemon=True).start()
loopback = f"http://127.0.0.1:{server.server_port}/v1"
TRUE, NOTHING, ZERO = [1000, 50], [None, None], [0, 0]


async def main():
    names = ("langchain-openai", "openai-agents", "litellm", "pydantic-ai-slim")
    print(*(f"{name} {version(name)}" for name in names))
    print("Python                OpenAI's own URL, a gateway's URL; the server counts", TRUE)
    seen = ChatOpenAI(model="m", api_key="k").stream_usage, await langchain(loopback)
    print("  langchain           ", *seen)
    assert seen == (True, None), seen
    for probe, expected in ((openai_agents, (TRUE, ZERO)), (pydantic, (TRUE, TRUE))):
        seen = await probe(OFFICIAL), await probe(GATEWAY)
        print(f"  {probe.__name__:20}", *seen)
        assert seen == expected, probe.__name__
    official, estimate = await lite(client=client(OFFICIAL)), await lite(api_base=loopback, api_key="k")
    print("  litellm             ", official, estimate)
    assert official == TRUE and 0 < estimate[0] < 20 and 0 < estimate[1] < 5, estimate
    print("JavaScript            a gateway's URL")
    for name, expected in (("langchain", TRUE), ("agents", TRUE), ("ai_openai", TRUE), ("ai_compatible", NOTHING)):
        seen = await node(name)
        print(f"  {name:20}", seen)
        assert seen == expected, name


asyncio.run(main())
PY
venv/bin/python probe.py
