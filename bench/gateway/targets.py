"""What is called: this gateway, another checkout of it, its peers, and the provider itself."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme

from ..measure import ROOT
from . import peers

TEXT = "Say hello to the readers of this page, in one short sentence."
START_S = 120.0


@dataclass
class Provider:
    """The raw upstream, with and without TLS, and the file of the authority that signed for it."""

    http: str
    https: str
    authority: str


@dataclass
class Target:
    """A server to call, and how."""

    name: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    pids: list[int] = field(default_factory=list)
    prefix: str = ""

    def job(self, model: str = "m", path: str = "/chat/completions", **more: Any) -> dict[str, Any]:
        """A job for the raw client; ``stream=True`` asks for a stream."""
        body: dict[str, Any] = {"model": self.prefix + model, "messages": [{"role": "user", "content": TEXT}]}
        if more.pop("stream", False):
            body["stream"] = True
        job = {"url": self.url + path, "headers": self.headers, "body": json.dumps(body), "pids": self.pids}
        return {**job, **more}


class Client:
    """The raw client's process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def run(self, job: dict[str, Any]) -> dict[str, Any]:
        """Have a job done."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise OSError("the raw client has ended")
        return json.loads(line)  # type: ignore[no-any-return]


@contextlib.contextmanager
def child(command: list[str], cwd: Path = ROOT, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A process in a session of its own, which is ended with all that it started."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        command,
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**inherited, "PYTHONPYCACHEPREFIX": str(peers.cache() / "bytecode"), **environment},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    """Ask it to stop, then insist."""
    for number, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()


def first_line(process: subprocess.Popen[str]) -> str:
    """What it prints when it is ready."""
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise OSError(f"{process.args!r:.200} has ended with status {process.wait(10)}")
    return line


@contextlib.contextmanager
def client() -> Iterator[Client]:
    """A raw client."""
    with child([sys.executable, "-m", "bench.gateway.raw_client"]) as process:
        yield Client(process)


@contextlib.contextmanager
def provider(folder: Path) -> Iterator[Provider]:
    """The raw upstream, twice."""
    authority = trustme.CA()
    trusted, own = folder / "authority.pem", folder / "server.pem"
    authority.cert_pem.write_to_path(trusted)
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(own)
    command = [sys.executable, "-m", "bench.gateway.raw_upstream"]
    with child(command) as plain, child([*command, "--tls", str(own)]) as tls:
        http, https = (f"localhost:{first_line(process).strip()}/v1" for process in (plain, tls))
        yield Provider(f"http://{http}", f"https://{https}", str(trusted))


def direct(url: str, name: str = "direct") -> Target:
    """The provider itself."""
    return Target(name, url, {"Authorization": "Bearer sk-none"})


@contextlib.contextmanager
def floor(up: Provider) -> Iterator[Target]:
    """The server and the connections to the provider, without the gateway between them."""
    with child([sys.executable, "-m", "bench.gateway.floor", up.http]) as process:
        yield Target("floor", f"http://127.0.0.1:{first_line(process).strip()}/v1", {}, [process.pid])


@contextlib.contextmanager
def gateway(name: str, up: Provider, checkout: Path = ROOT, *options: str) -> Iterator[Target]:
    """A local to11 of a checkout: providers ``up`` and ``tls`` of chats, ``claude`` of Anthropic's messages."""
    python = sys.executable if checkout == ROOT else peers.python_for(checkout)
    with child([python, *command(up), *options], checkout, SSL_CERT_FILE=up.authority) as process:
        ready = json.loads(first_line(process))
        headers = {
            "x-to11-authorization": f"Bearer {ready['api_key']}",
            "x-to11-project-id": ready["project_id"],
            "Authorization": "Bearer sk-none",
        }
        yield Target(name, ready["gateway_url"], headers, [process.pid], "up::")


def command(up: Provider) -> list[str]:
    """The words after the interpreter that start a local to11."""
    dialects = {"up": ("openai", up.http), "tls": ("openai", up.https), "claude": ("anthropic", up.http)}
    providers = [
        word
        for name, (dialect, url) in dialects.items()
        for word in ("--provider", f"{name}=upstream,dialect={dialect},base_url={url},models=*")
    ]
    return ["-m", "to11ai_sdk", "local", "--port", "0", "--json", *providers]


@contextlib.contextmanager
def portkey(up: Provider) -> Iterator[Target]:
    """Portkey's gateway on node."""
    port = free_port()
    headers = {"x-portkey-provider": "openai", "x-portkey-custom-host": up.http, "Authorization": "Bearer sk-none"}
    with child(peers.portkey(port), NODE_ENV="production", TRUSTED_CUSTOM_HOSTS="localhost,127.0.0.1") as process:
        wait_for(port, "/", process)
        yield Target("portkey", f"http://127.0.0.1:{port}/v1", headers, [process.pid])


@contextlib.contextmanager
def litellm(up: Provider) -> Iterator[Target]:
    """LiteLLM's proxy; it does not start without a key of its own."""
    port, key = free_port(), f"sk-{secrets.token_hex(32)}"
    with tempfile.TemporaryDirectory() as folder:
        words = peers.litellm(port, up.http, Path(folder))
        with child(words, Path(folder), LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_MASTER_KEY=key) as process:
            wait_for(port, "/health/liveliness", process)
            yield Target("litellm", f"http://127.0.0.1:{port}/v1", {"Authorization": f"Bearer {key}"}, [process.pid])


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, path: str, process: subprocess.Popen[str]) -> None:
    """Wait until a server answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    ends = time.monotonic() + START_S
    while time.monotonic() < ends and process.poll() is None:
        with contextlib.suppress(OSError), opener.open(f"http://127.0.0.1:{port}{path}", timeout=2):
            return
        time.sleep(0.2)
    raise OSError("it has ended" if process.poll() is not None else f"it did not answer within {START_S:.0f} s")
