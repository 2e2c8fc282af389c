"""Recorded calls that are copied from the inspector, pasted into bash and Python, and are the same calls again."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from html import unescape
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from inspector_visit import Visitor, fill

from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON = {"content-type": "application/json"}
CHAT = {"model": "gpt-5-mini", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
RESOLVE = {"slug": "welcome", "labels": ["production"], "variables": {"name": "A'd\"a $HOME `x` \\n", "plan": "@p"}}
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--b\r\n'
    b'Content-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n--b--\r\n'
)


class Call(NamedTuple):
    path: str
    body: Any = b""
    headers: dict[str, str] = JSON
    method: str = "POST"


CALLS = {
    "resolve": Call("/v1/projects/{}/prompts:resolve", RESOLVE),
    "a call without a type": Call("/v1/projects/{}/prompts:resolve", RESOLVE, {}),
    "a post without a body": Call("/v1/projects/{}/environments/staging/restore", headers={}),
    "brackets in the query": Call("/v1/chat/completions?a=[1-3]&b={x,y}", CHAT),
    "dots in the path": Call("/v1/projects/{}/a/../x", method="GET"),
    "delete": Call("/v1/projects/{}/prompts/unknown", method="DELETE"),
    "a key in x-api-key": Call("/v1/messages", CHAT, {**JSON, "x-api-key": "abc-123"}),
    "a key in api-key": Call("/v1/chat/completions", CHAT, {**JSON, "api-key": "abc-123"}),
    "odd headers": Call("/v1/chat/completions", CHAT, {**JSON, "x-empty": "", "x-odd": "a\tb'\"$HOME`x`!"}),
    "a form": Call("/v1/files", FORM, {"content-type": "multipart/form-data; boundary=b"}),
    "controls": Call("/v1/chat/completions", "\x1b[201~ \x9b '\\x41' \u202e \n é".encode()),
    "hidden in JSON": Call("/v1/chat/completions", {**CHAT, "user": "\u202e\u0085\x1b[201~ä\U0001f600"}),
    "no number": Call("/v1/chat/completions", b'{"model": "m", "temperature": 1e999, "top_p": NaN}'),
    "a stream": Call("/v1/chat/completions", {**CHAT, "stream": True}),
    "an error": Call("/v1/chat/completions", {**CHAT, "model": "unknown"}),
}


@pytest.fixture(scope="module")
def to11() -> Iterator[LocalTo11]:
    with LocalTo11(seed=1) as to11:
        fill(to11.client(), to11.project_id)
        yield to11


@pytest.fixture(scope="module")
def visitor(to11: LocalTo11) -> Visitor:
    visitor = Visitor(to11.base_url).sign_in(to11.api_key)
    visitor.post("/inspector/recording", record="on")
    return visitor


def send(to11: LocalTo11, call: Call) -> None:
    keys = {"x-to11-authorization": f"Bearer {to11.api_key}", "x-to11-project-id": to11.project_id}
    if "{}" in call.path:
        keys = {"authorization": f"Bearer {to11.api_key}"}
    body = call.body if isinstance(call.body, bytes) else json.dumps(call.body).encode()
    connection = HTTPConnection(to11.base_url.partition("://")[2], timeout=60)
    connection.request(call.method, call.path.replace("{}", to11.project_id), body or None, {**call.headers, **keys})
    connection.getresponse().read()
    connection.close()


def newest(visitor: Visitor) -> tuple[int, dict[str, str]]:
    """The number of the newest request, and what its page shows of it."""
    number = int(re.findall(r"/inspector/requests/(\d+)", visitor.get("/inspector/requests").text)[0])
    page = visitor.get(f"/inspector/requests/{number}").text
    patterns = {
        "line": r"<h1[^>]*>(.*?)</h1>",
        "status": r'<span class="badge[^>]*>(\w+)',
        "body": r"Body of the request</summary><pre[^>]*>(.*?)</pre>",
        "curl": r'id="copy-curl"[^>]*>(.*?)</pre>',
        "python": r'id="copy-python"[^>]*>(.*?)</pre>',
    }
    return number, {name: unescape(re.findall(found, page, re.DOTALL)[0]) for name, found in patterns.items()}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("form", ["curl", "python"])
def test_what_is_copied_is_the_same_call(to11: LocalTo11, visitor: Visitor, form: str, name: str) -> None:
    if form == "curl" and not (shutil.which("curl") and shutil.which("bash")):
        pytest.skip("needs curl and bash")
    send(to11, CALLS[name])
    number, shown = newest(visitor)
    environment = {**os.environ, "TO11_API_URL": to11.base_url, "TO11_API_KEY": to11.api_key, "NO_PROXY": "*"}
    environment.pop("PROVIDER_API_KEY", None)
    command = ["bash", "-c"] if form == "curl" else [sys.executable, "-c"]
    done = subprocess.run([*command, shown[form]], env=environment, capture_output=True, timeout=120)
    again, same = newest(visitor)
    assert again == number + 1, done.stderr
    assert [same[part] for part in ("line", "status", "body")] == [shown[part] for part in ("line", "status", "body")]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", shown[form])
