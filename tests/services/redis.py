"""A real ``redis-server`` on a free port of the loopback, for as long as a test session."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

READY_S = 60.0


class RedisServer(NamedTuple):
    """Where a server listens."""

    port: int
    process: subprocess.Popen[bytes]


def needs_redis() -> str:
    """The program; without it the test is skipped, or fails where services are promised (``TO11_SERVICES=1``)."""
    program = shutil.which("redis-server")
    if program is None:
        (pytest.fail if os.environ.get("TO11_SERVICES") == "1" else pytest.skip)("redis-server is not installed")
    return program


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        # Of a cluster, a server uses the port 10,000 above, too.
        return port if port < 55_536 else free_port()


@contextlib.contextmanager
def running_redis(*options: str) -> Iterator[RedisServer]:
    """A server that keeps nothing on disk; stopped at the end, also when the tests are interrupted."""
    program, port = needs_redis(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        given = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
        process = subprocess.Popen([program, *given, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_until_ready(port, process)
            yield RedisServer(port, process)
        finally:
            process.kill()
            process.wait(READY_S)


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + READY_S
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=READY_S) as sock:
            sock.sendall(b"PING\r\n")
            if sock.recv(5) in (b"+PONG", b"-NOAU"):
                return
        assert process.poll() is None, "redis-server ended at once"
        assert time.monotonic() < ends, "redis-server does not answer"
        time.sleep(0.01)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server
