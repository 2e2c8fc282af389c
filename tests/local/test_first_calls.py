"""The first calls of a new process, many at once: what they need is imported by one of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import json, sys, threading, urllib.error, urllib.request
from to11ai_sdk.local import LocalTo11

PROMPTS = "/v1/projects/{}/prompts"
CHAT = {"model": "gpt-4o", "messages": []}
NEW = {"name": "P", "slug": "p", "templateFormat": "text", "templateJson": "a {{ b }}"}
CALLS = [("/v1/mistral/v1/x", {}), ("/v1/chat/completions", CHAT), ("/v1/messages", CHAT), (PROMPTS, NEW),
         (PROMPTS + "/p/versions", NEW), (PROMPTS + "/p/resolve", {"variables": {"b": "c"}}), ("/v1/files/f", None)]

sys.setswitchinterval(1e-5)
with LocalTo11() as to11:
    headers = {"content-type": "application/json", "x-to11-project-id": to11.project_id}
    headers |= {name: f"Bearer {to11.api_key}" for name in ("x-to11-authorization", "authorization")}
    failed = []

    def call(number):
        meeting.wait()
        threading.Event().wait(number % 5 * 0.01)
        path, body = CALLS[number % len(CALLS)]
        content = None if body is None else json.dumps(body).encode()
        url = to11.base_url + path.format(to11.project_id)
        try:
            urllib.request.urlopen(urllib.request.Request(url, content, headers)).read()
        except urllib.error.HTTPError as exc:
            if exc.code >= 500:
                failed.append((path, exc.read()))

    threads = [threading.Thread(target=call, args=(number,)) for number in range(21)]
    meeting = threading.Barrier(len(threads))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
sys.exit(str(failed) if failed else 0)
"""


@pytest.mark.parametrize("process", range(2))
def test_first_calls_at_once_do_not_fail(process: int) -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 0, ended.stderr
