#!/usr/bin/env bash
# langchain-core 1.8.3 (PyPI) and @langchain/core 1.4.0 (npm), with the same mustache template.
# Guess: a prompt template puts the value in as it is, and a template shared by Python and JavaScript gives one prompt.
# What happens: in Python {{code}} is written for HTML: & < > and " in the value become &amp; &lt; &gt; and &quot;. In
# JavaScript they stay. {{{code}}} gives the value as it is in both; the f-string and jinja2 templates of LangChain for
# Python never escape.
# Why it matters: code, XML-like tags, JSON and quoted text reach the model changed, in one half of a system only; the
# prompt looks right in the editor, and a cache or an evaluation that compares prompts finds two where there is one.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check langchain-core==1.8.3 jinja2==3.1.6
cd "$dir"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund @langchain/core@1.4.0
cat > probe.mjs <<'JS'
import { ChatPromptTemplate } from '@langchain/core/prompts';

const [template, code] = process.argv.slice(2);
const prompt = ChatPromptTemplate.fromMessages([['human', template]], { templateFormat: 'mustache' });
process.stdout.write((await prompt.invoke({ code })).messages[0].content);
JS
cat > probe.py <<'PY'
import subprocess
from importlib.metadata import version

from langchain_core.prompts import ChatPromptTemplate

CODE = 'if a < b && c == "<x>": d'
HTML = "if a &lt; b &amp;&amp; c == &quot;&lt;x&gt;&quot;: d"


def python(template, template_format):
    prompt = ChatPromptTemplate.from_messages([("human", template)], template_format=template_format)
    return prompt.invoke({"code": CODE}).messages[0].content


def node(template, template_format):
    return subprocess.run(["node", "probe.mjs", template, CODE], check=True, capture_output=True, text=True).stdout


print("langchain-core", version("langchain-core"), " @langchain/core 1.4.0")
cases = [
    (python, "Fix: {{code}}", "mustache", HTML),
    (node, "Fix: {{code}}", "mustache", CODE),
    (python, "Fix: {{{code}}}", "mustache", CODE),
    (node, "Fix: {{{code}}}", "mustache", CODE),
    (python, "Fix: {code}", "f-string", CODE),
    (python, "Fix: {{code}}", "jinja2", CODE),
]
for render, template, template_format, expected in cases:
    seen = render(template, template_format)
    print(f"{render.__name__:6} {template_format:8} {template:15} -> {seen}")
    assert seen == f"Fix: {expected}", (render.__name__, template, template_format)
PY
venv/bin/python probe.py
