#!/usr/bin/env bash
# python-liquid 2.3.6 (PyPI) and liquidjs 10.30.1 (npm), with the same templates and values, both with their defaults.
# Guess: Liquid is one language: what renders in both engines is the same text.
# What happens: 10 divided by 4 is 2 in Python and 2.5 in JavaScript, 2.5 rounded is 2 and 3. A value that was not given
# is blank in JavaScript only, so the fallback text is missing in Python. where: "stock" takes 0 for false in Python, as
# Liquid does not; join writes None for null there. strip_html in JavaScript cuts a comparison, the text from
# "<" to ">", and date moves a time to the zone of the server, here to the day before. A map is written
# in Python's notation or as [object Object]. None of these is an error, and none is logged.
# Why it matters: a prompt that is stored once and rendered by services in two languages is two prompts, with other
# numbers, days and branches; a preview in a JavaScript editor shows a text that the Python worker never sends.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check python-liquid==2.3.6
cd "$dir"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund liquidjs@10.30.1
cat > probe.mjs <<'JS'
import { Liquid } from 'liquidjs';

const engine = new Liquid();
const cases = JSON.parse(process.argv[2]);
console.log(JSON.stringify(cases.map(([template, values]) => engine.parseAndRenderSync(template, values))));
JS
cat > probe.py <<'PY'
import json
import os
import subprocess
from importlib.metadata import version

from liquid import Environment

STOCK = {"items": [{"name": "pen", "stock": 5}, {"name": "ink", "stock": 0}, {"name": "pad", "stock": None}]}
cases = [  # the template, its values, then the text in Python and in JavaScript
    ("{{ n | divided_by: 4 }}", {"n": 10}, "2", "2.5"),
    ("{{ n | round }}", {"n": 2.5}, "2", "3"),
    ("{{ n | times: 1.1 }}", {"n": 3}, "3.3", "3.3000000000000003"),
    ("{% if name == blank %}nobody{% else %}somebody{% endif %}", {}, "somebody", "nobody"),
    ("{{ items | where: 'stock' | map: 'name' | join }}", STOCK, "pen", "pen ink"),
    ("{{ names | join: ', ' }}", {"names": ["Ann", None, "Bob"]}, "Ann, None, Bob", "Ann, , Bob"),
    ("{{ text | strip_html }}", {"text": "if a < b and c > d"}, "if a < b and c > d", "if a  d"),
    ("{{ at | date: '%d %B %H:%M' }}", {"at": "2026-11-29T02:30:00+01:00"}, "29 November 02:30", "28 November 20:30"),
    ("{{ row | split: ',' | size }}", {"row": "a,b,,"}, "4", "2"),
    ("{{ user }}", {"user": {"name": "Ann"}}, "{'name': 'Ann'}", "[object Object]"),
    ("{% for pair in user %}{{ pair }}{% endfor %}", {"user": {"name": "Ann"}}, "('name', 'Ann')", "nameAnn"),
]
environment = Environment()
zone = {"TZ": "America/New_York"}
os.environ |= zone
command = ["node", "probe.mjs", json.dumps(cases)]
node = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
print("python-liquid", version("python-liquid"), "liquidjs 10.30.1", zone)
for (template, values, *expected), javascript in zip(cases, node):
    python = environment.from_string(template).render(**values)
    print(f"{template} with {json.dumps(values)}\n   Python {python:22} JavaScript {javascript}")
    assert [python, javascript] == expected, template
PY
venv/bin/python probe.py
