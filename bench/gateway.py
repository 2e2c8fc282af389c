"""What the local gateway adds to a call: the same upstream asked through it and directly."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from .measure import ROOT, Row, Sample, Servers, interleaved

BODY = json.dumps({"model": "up::m", "messages": [{"role": "user", "content": "Hello! " * 50}]}).encode()
MOST_MS = 5.0
CALLS = 10


def rows(up: Servers, scale: float) -> list[Row]:
    """The rows of this part."""
    return [_row(url, what, scale) for url, what in ((up.http, ""), (up.slow_http, ", 50 ms upstream"))]


def _row(url: str, what: str, scale: float) -> Row:
    with _gateway(url) as told, _asking(told["gateway_url"]) as through, _asking(url) as directly:
        headers = {"x-to11-authorization": f"Bearer {told['api_key']}", "x-to11-project-id": told["project_id"]}
        for asked, fields in ((through, headers), (directly, {})):
            _call(asked, fields)
        ours, baseline = interleaved(round(40 * scale), lambda: _mean(through, headers), lambda: _mean(directly, {}))
    return _added(f"a call through the local gateway{what}", ours, baseline)


def _added(what: str, ours: Sample, baseline: Sample) -> Row:
    added = (ours.median - baseline.median) / 1000
    goal = f"<= {MOST_MS:g} ms more than directly ({added:.2f} ms)"
    return Row(what, str(ours), str(baseline), round(ours.median / baseline.median, 3), goal, added <= MOST_MS)


@contextlib.contextmanager
def _gateway(url: str) -> Iterator[dict[str, Any]]:
    """A local to11 in a process of its own, with one upstream."""
    provider = f"up=upstream,dialect=openai,base_url={url},models=m"
    command = [sys.executable, "-m", "to11ai_sdk", "local", "--port", "0", "--json", "--provider", provider]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


@contextlib.contextmanager
def _asking(url: str) -> Iterator[tuple[http.client.HTTPConnection, str]]:
    """A kept connection, and the path to ask for."""
    parts = urlsplit(url)
    with contextlib.closing(http.client.HTTPConnection(parts.netloc)) as connection:
        yield connection, f"{parts.path}/chat/completions"


def _call(asked: tuple[http.client.HTTPConnection, str], headers: dict[str, str]) -> None:
    connection, path = asked
    connection.request("POST", path, BODY, {"content-type": "application/json", **headers})
    response = connection.getresponse()
    if response.read() and response.status != 200:
        raise RuntimeError(f"status {response.status}")


def _mean(asked: tuple[http.client.HTTPConnection, str], headers: dict[str, str]) -> float:
    begun = time.perf_counter()
    for _ in range(CALLS):
        _call(asked, headers)
    return (time.perf_counter() - begun) / CALLS * 1e6
