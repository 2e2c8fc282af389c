"""This build beside another checkout, in interleaved runs: ``python -m bench --against DIR``."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from .measure import ROOT, Row, Sample, Servers, interleaved

FIRST = """
from to11ai_sdk import create_client
create_client(api_key="secret-key", base_url={url!r}).prompts.resolve(project_id="p", slug="s", labels=["production"])
print(time.process_time_ns() / 1e3, time.monotonic_ns() / 1e3)
"""
CREATE = """
import to11ai_sdk
start = time.process_time_ns()
to11ai_sdk.create_client(api_key="secret-key", base_url={url!r})
print((time.process_time_ns() - start) / 1e3, time.monotonic_ns() / 1e3)
"""
HIT = """
import json, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from to11ai_sdk import create_client

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        rendered = {{"format": "text", "text": "Hello"}}
        data = {{"promptId": "p", "versionId": "v", "version": 1, "labels": ["l"], "contentHash": "h"}}
        data["rendered"] = rendered
        body = json.dumps({{"success": True, "data": data}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass

server = HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = create_client(api_key="secret-key", base_url=f"http://127.0.0.1:{{server.server_port}}")
variables = {{f"name{{number}}": f"value {{number}}" for number in range({count})}} or None
resolve = client.prompts.resolve
best = float("inf")
for _ in range(20):
    start = time.perf_counter_ns()
    for _ in range(500):
        resolve(project_id="p", slug="s", labels=["l"], variables=variables)
    best = min(best, (time.perf_counter_ns() - start) / 500 / 1e3)
print(best, time.monotonic_ns() / 1e3, flush=True)
os._exit(0)
"""


def rows(up: Servers, scale: float, other: Path) -> list[Row]:
    """The rows that are measured against another checkout."""

    def row(what: str, code: str, goal: float, column: int, runs: int = 30) -> Row:
        ours, theirs = interleaved(
            round(runs * scale), lambda: _run(code, ROOT, up)[column], lambda: _run(code, other, up)[column]
        )
        return _row(what, ours, theirs, goal)

    return [
        row("process start to first prompt, HTTP, CPU", FIRST.format(url=up.http), 0.85, 0),
        row("process start to first prompt, HTTPS, CPU", FIRST.format(url=up.https), 0.85, 0),
        row("the same with a 50 ms server, HTTP, wall", FIRST.format(url=up.slow_http), 0.75, 1),
        row("create_client, CPU above the import", CREATE.format(url=up.http), 0.6, 0),
        row("cache hit of a text prompt", HIT.format(count=0), 0.85, 0, 15),
        row("cache hit with 50 variables", HIT.format(count=50), 0.75, 0, 15),
    ]


def _row(what: str, ours: Sample, theirs: Sample, goal: float) -> Row:
    ratio = ours.median / theirs.median
    return Row(what, str(ours), str(theirs), round(ratio, 3), f"<= {goal} x the other build", ratio <= goal)


def _run(code: str, root: Path, up: Servers) -> tuple[float, float]:
    """Two figures that a fresh interpreter prints, in microseconds; of the second, what has passed since its start."""
    script = f"import os, sys, time; sys.path.insert(0, {str(root)!r})\n{code}"
    environment = {**os.environ, "SSL_CERT_FILE": up.authority}
    start = time.monotonic_ns() / 1e3
    done = subprocess.run([sys.executable, "-I", "-c", script], check=True, capture_output=True, env=environment)
    first, end = map(float, done.stdout.split())
    return first, end - start
