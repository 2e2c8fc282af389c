#!/usr/bin/env bash
# langchain-core 1.8.3, haystack-ai 3.4.1, llama-index-core 0.14.25, banks 2.5.1, all with jinja2 3.1.6, and minijinja
# 3.1.0 (PyPI); @huggingface/jinja 0.5.11 and nunjucks 3.2.4 (npm).
# Guess: {{ example | tojson }} writes the example as JSON, its keys in the order in which it was made.
# What happens: under Jinja2, so in the prompt templates of all four libraries, the keys are sorted at every level and
# < > and & become \u003c and the like, although the templates escape nothing else. An example that shows
# {"reasoning", "answer"} shows {"answer", "reasoning"}; a JSON Schema lists its properties by the alphabet. MiniJinja
# keeps the order and writes \u003c; the engines for JavaScript keep both (in Nunjucks the filter is called dump).
# Why it matters: a model that follows the example now answers before it reasons, and a schema asks for its fields in
# another order; code and XML in examples reach the model as escapes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check langchain-core==1.8.3 haystack-ai==3.4.1 \
  llama-index-core==0.14.25 banks==2.5.1 jinja2==3.1.6 minijinja==3.1.0
cd "$dir"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund @huggingface/jinja@0.5.11 nunjucks@3.2.4
cat > probe.mjs <<'JS'
import { Template } from '@huggingface/jinja';
import nunjucks from 'nunjucks';

const [template, text] = process.argv.slice(2);
const values = { example: JSON.parse(text) };
const environment = new nunjucks.Environment(null, { autoescape: false });
environment.addFilter('tojson', environment.getFilter('dump'));
console.log(JSON.stringify([new Template(template).render(values), environment.renderString(template, values)]));
JS
cat > probe.py <<'PY'
import json
import os
import subprocess
from importlib.metadata import version

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
from banks import Prompt
from haystack.components.builders import PromptBuilder
from langchain_core.prompts import ChatPromptTemplate
from llama_index.core.prompts import RichPromptTemplate
from minijinja import Environment

TEMPLATE = "Answer as {{ example | tojson }}"
EXAMPLE = {"reasoning": "x < 9 & y > 1", "answer": {"value": 3, "unit": "m"}}


def langchain():
    prompt = ChatPromptTemplate.from_messages([("human", TEMPLATE)], template_format="jinja2")
    return prompt.invoke({"example": EXAMPLE}).messages[0].content


def haystack():
    return PromptBuilder(TEMPLATE, required_variables=["example"]).run(example=EXAMPLE)["prompt"]


def llama_index():
    return RichPromptTemplate(TEMPLATE).format(example=EXAMPLE)


def banks():
    return Prompt(TEMPLATE).text({"example": EXAMPLE})


def minijinja():
    return Environment().render_str(TEMPLATE, example=EXAMPLE)


SORTED = r'Answer as {"answer": {"unit": "m", "value": 3}, "reasoning": "x \u003c 9 \u0026 y \u003e 1"}'
ESCAPED = r'Answer as {"reasoning": "x \u003c 9 \u0026 y \u003e 1", "answer": {"value": 3, "unit": "m"}}'
names = ("langchain-core", "haystack-ai", "llama-index-core", "banks", "jinja2", "minijinja")
print(*(f"{name} {version(name)}" for name in names))
engines = ((langchain, SORTED), (haystack, SORTED), (llama_index, SORTED), (banks, SORTED), (minijinja, ESCAPED))
for render, expected in engines:
    print(f"{render.__name__:17} {render()}")
    assert render() == expected, render.__name__
command = ["node", "probe.mjs", TEMPLATE, json.dumps(EXAMPLE)]
node = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
for name, text in zip(("@huggingface/jinja", "nunjucks"), node):
    print(f"{name:17} {text}")
    value = text.removeprefix("Answer as ")
    assert "x < 9 & y > 1" in value and list(json.loads(value)) == ["reasoning", "answer"], name
PY
venv/bin/python probe.py
