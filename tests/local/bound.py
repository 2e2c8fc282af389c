"""Helpers of these tests: a client bound to one project, expected refusals, raw HTTP, a clock to turn."""

from __future__ import annotations

import http.client
import json
import socket
import sqlite3
import subprocess
import sys
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from to11ai_sdk import To11aiApiError, create_client

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from to11ai_sdk.local import LocalTo11

TEXT = {"format": "text", "template_json": {"text": "Hello"}, "variables_schema": {"type": "object"}}
SNAPSHOT = {"endpoint": "chat", "strategy": "single", "target": {"providerId": "openai", "modelId": "gpt-4o"}}


class _Bound:
    def __init__(self, resource: Any, project_id: str) -> None:
        self._resource = resource
        self._project_id = project_id

    def __getattr__(self, name: str) -> Any:
        return partial(getattr(self._resource, name), project_id=self._project_id)


class Api:
    """The namespaces of a client with the project filled in."""

    def __init__(self, client: Any, project_id: str) -> None:
        self.client = client
        self.project_id = project_id
        self.prompts = _Bound(client.prompts, project_id)
        self.environments = _Bound(client.project_environments, project_id)
        self.versions = _Bound(client.routing_rules.versions, project_id)
        self.releases = _Bound(client.routing_rules.releases, project_id)

    @classmethod
    def of(cls, to11: LocalTo11, **options: Any) -> Api:
        return cls(to11.client(**{"max_retries": 0, **options}), to11.project_id)

    def prompt(self, slug: str, versions: int = 0) -> Any:
        """A new prompt, and its versions oldest first."""
        prompt = self.prompts.create(name=slug.title(), slug=slug)
        made = [self.prompts.create_version(prompt_id=prompt.id, **TEXT) for _ in range(versions)]
        return (prompt, *made) if versions else prompt

    def rule(self, rule_id: str, versions: int) -> list[str]:
        """The ids of new versions of a rule, oldest first."""
        return [self.versions.create(rule_id=rule_id, snapshot=SNAPSHOT).id for _ in range(versions)]


class Refusal:
    error: To11aiApiError


@contextmanager
def refused(status: int, code: str) -> Generator[Refusal]:
    """The block must end in this error of the API."""
    refusal = Refusal()
    with pytest.raises(To11aiApiError) as caught:
        yield refusal
    refusal.error = caught.value
    assert (caught.value.status_code, caught.value.error_code) == (status, code)


class RawReply(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


@contextmanager
def connection(to11: LocalTo11) -> Generator[http.client.HTTPConnection]:
    parts = urlsplit(to11.base_url)
    opened = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        yield opened
    finally:
        opened.close()


def send(
    opened: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> RawReply:
    opened.request(method, path, body, headers or {})
    reply = opened.getresponse()
    return RawReply(reply.status, reply.headers, reply.read())


def call(
    to11: LocalTo11,
    method: str,
    path: str,
    body: bytes | None = None,
    key: str | None = None,
    headers: dict[str, str] | None = None,
) -> RawReply:
    """One request with the project's key; ``path`` is below the project unless it begins with a slash."""
    full = path if path.startswith("/") else f"/v1/projects/{to11.project_id}/{path}"
    with connection(to11) as opened:
        return send(opened, method, full, body, headers or {"Authorization": f"Bearer {key or to11.api_key}"})


@contextmanager
def holding(data: Path) -> Generator[sqlite3.Connection]:
    """Another program that has written to a data file and does not commit, until the block ends."""
    other = sqlite3.connect(data, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE counter SET value = value + 1000")
    try:
        yield other
    finally:
        other.execute("ROLLBACK")
        other.close()


def exchange(to11: LocalTo11, *parts: bytes) -> bytes:
    """Send bytes as they are and read until the server closes or has nothing more to say."""
    with plain(to11) as opened:
        for part in parts:
            opened.sendall(part)
        opened.shutdown(socket.SHUT_WR)
        return rest(opened)


def plain(to11: LocalTo11) -> socket.socket:
    """A new connection without HTTP."""
    parts = urlsplit(to11.base_url)
    return socket.create_connection((parts.hostname, parts.port or 80), timeout=30)


def rest(opened: socket.socket) -> bytes:
    """What the server sends until it closes the connection."""
    return b"".join(iter(lambda: opened.recv(65_536), b""))


def head(to11: LocalTo11, line: str, *headers: str) -> bytes:
    lines = (line, "Host: localhost", f"Authorization: Bearer {to11.api_key}", *headers, "", "")
    return "\r\n".join(lines).encode()


def envelope(reply: bytes) -> Any:
    return json.loads(reply.partition(b"\r\n\r\n")[2])


@contextmanager
def a_server() -> Generator[tuple[subprocess.Popen[str], Api]]:
    """A server in a process of its own, and a client of it."""
    code = "import sys; from to11ai_sdk.local.serve import serve; sys.exit(serve(port=0, as_json=True))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            client = create_client(base_url=ready["base_url"], api_key=ready["api_key"], max_retries=0, timeout_s=60)
            yield process, Api(client, ready["project_id"])
        finally:
            process.kill()


def released(api: Api, slug: str, **content: Any) -> None:
    """A prompt with one version, which has the label ``live``."""
    prompt = api.prompt(slug)
    version = api.prompts.create_version(prompt_id=prompt.id, **{**TEXT, **content})
    api.prompts.move_label(prompt_id=prompt.id, label="live", version_id=version.id)


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 17, 12, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)
