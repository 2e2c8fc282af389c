#!/usr/bin/env bash
# langfuse 5.0.4 with langchain-core 1.8.3 (PyPI), @langfuse/client 5.11.1 with @langchain/core 1.4.0 (npm), all reading
# the same stored prompts from one server.
# Guess: a prompt kept on the platform is one prompt: with the same variables each client makes the same text of it.
# What happens: compile() in JavaScript is Mustache, in Python a replacement of plain names. A variable that is not
# given becomes nothing in JavaScript and stays {{name}} in Python; {{user.name}} and {{#section}} work in JavaScript
# and are left as they stand in Python; a list or dict becomes Python's notation, or a,b and [object Object]. On the way
# through LangChain (get_langchain_prompt) the texts differ from both: in JavaScript {{ name }} with spaces is never
# filled, and in both languages a nested JSON example loses its last brace. Nothing warns.
# Why it matters: a prompt tested from one language misbehaves in the other, and a format that the prompt shows to the
# model is broken JSON once LangChain is between.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check langfuse==5.0.4 langchain-core==1.8.3
cd "$dir"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund @langfuse/client@5.11.1 @langchain/core@1.4.0 @opentelemetry/api@1.9.0
cat > probe.mjs <<'JS'
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { LangfuseClient } from '@langfuse/client';

const [baseUrl, variables] = process.argv.slice(2);
const langfuse = new LangfuseClient({ baseUrl, publicKey: 'pk', secretKey: 'sk' });
const prompt = await langfuse.prompt.get('x');
const template = ChatPromptTemplate.fromMessages([['human', prompt.getLangchainPrompt()]]);
const chained = await template.invoke(JSON.parse(variables)).then((p) => p.messages[0].content, () => 'an error');
console.log(JSON.stringify([prompt.compile(JSON.parse(variables)), chained]));
JS
cat > probe.py <<'PY'
import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

from langchain_core.prompts import ChatPromptTemplate
from langfuse import Langfuse

current = [""]


class Platform(BaseHTTPRequestHandler):
    """Answers as Langfuse's server does when it is asked for a prompt."""

    def log_message(self, *args):
        pass

    def do_GET(self):
        prompt = {"name": "x", "version": 1, "type": "text", "prompt": current[0], "config": {}, "labels": []}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(prompt | {"tags": [], "commitMessage": None, "resolutionGraph": None}).encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Platform)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
langfuse = Langfuse(public_key="pk", secret_key="sk", base_url=url, tracing_enabled=False)


def in_python(variables):
    prompt = langfuse.get_prompt("x", cache_ttl_seconds=0)
    template = ChatPromptTemplate.from_messages([("human", prompt.get_langchain_prompt())])
    try:
        chained = template.invoke(variables).messages[0].content
    except KeyError:
        chained = "an error"
    return [prompt.compile(**variables), chained]


def in_node(variables):
    command = ["node", "probe.mjs", url, json.dumps(variables)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


names = ("langfuse", "langchain-core")
print(*(f"{name} {version(name)}" for name in names), "@langfuse/client 5.11.1 @langchain/core 1.4.0")
JSON = '{{name}}: answer as {"a": {"b": 1}}'
cases = [  # the prompt, its variables, then [compiled, by LangChain] in Python and in JavaScript
    ("Hello {{name}}!", {"name": "Ann"}, ["Hello Ann!"] * 2, ["Hello Ann!"] * 2),
    ("Hello {{ name }}!", {"name": "Ann"}, ["Hello Ann!"] * 2, ["Hello Ann!", "Hello { name }!"]),
    ("Hello {{name}}!", {}, ["Hello {{name}}!", "an error"], ["Hello !", "an error"]),
    ("Tags: {{tags}}", {"tags": ["a", "b"]}, ["Tags: ['a', 'b']"] * 2, ["Tags: a,b", 'Tags: ["a","b"]']),
    ("{{user}}", {"user": {"a": 1}}, ["{'a': 1}"] * 2, ["[object Object]", '{"a":1}']),
    ("{{user.name}}", {"user": {"name": "Ann"}}, ["{{user.name}}", "{user.name}"], ["Ann", "{user.name}"]),
    ("Hi{{#vip}}!{{/vip}}", {"vip": False}, ["Hi{{#vip}}!{{/vip}}", "Hi{#vip}!{/vip}"], ["Hi", "Hi{#vip}!{/vip}"]),
    (JSON, {"name": "Ann"}, *[['Ann: answer as {"a": {"b": 1}}', 'Ann: answer as {"a": {"b": 1}']] * 2),
]
for text, variables, python, node in cases:
    current[0] = text
    seen = in_python(variables), in_node(variables)
    print(f"{text} with {json.dumps(variables)}")
    for language, (compiled, chained) in zip(("Python", "JavaScript"), seen):
        print(f"   {language:10} compile {compiled:40} LangChain {chained}")
    assert seen == (python, node), text
PY
venv/bin/python probe.py
