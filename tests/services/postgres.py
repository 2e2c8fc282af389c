"""A real PostgreSQL on a socket in a temporary folder, for as long as a test session."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

READY_S = 60.0
# What is stored need not survive a crash of the machine.
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=", "max_connections=200")
_SHARED = "shared_buffers=32MB"


def programs() -> Path:
    """The folder of PostgreSQL's programs; without it the test is skipped, or fails where services are promised."""
    found = [Path(program).resolve().parent for program in (shutil.which("initdb"),) if program]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if not found:
        (pytest.fail if os.environ.get("TO11_SERVICES") == "1" else pytest.skip)("PostgreSQL is not installed")
    return found[0]


def _unprivileged() -> dict[str, Any]:
    """How to start a program that refuses root."""
    if os.geteuid():
        return {}
    import pwd  # not on Windows

    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "env": {**os.environ, "HOME": "/"}}


class PostgresServer:
    """A server that keeps its data in a folder.

    Args:
        folder: the folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count()
        self._as = _unprivileged()
        self._process: subprocess.Popen[bytes] | None = None
        if self._as:
            os.chown(folder, self._as["user"], self._as["group"])
        options = ["--username=to11", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        self._run("initdb", "-D", self.folder / "data", *options)

    def start(self, *settings: str) -> None:
        options = [word for setting in (*_FAST, _SHARED, *settings) for word in ("-c", setting)]
        command = [programs() / "postgres", "-D", self.folder / "data", "-k", self.folder, *options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **self._as)
        ends = time.monotonic() + READY_S
        while self._run("pg_isready", "-q", "-h", self.folder, check=False):
            assert self._process.poll() is None, (self.folder / "log").read_text("utf-8")
            assert time.monotonic() < ends, "PostgreSQL does not answer"
            time.sleep(0.01)

    def stop(self, how: int = signal.SIGINT) -> None:
        """End it: ``SIGINT`` ends all connections first, ``SIGQUIT`` is a crash."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(READY_S)

    def restart(self, *settings: str) -> None:
        self.stop()
        self.start(*settings)

    def url(self, schema: str | None = None, user: str = "to11") -> str:
        """The URL of a store: of this schema, or of a new one."""
        options = quote(f"-csearch_path={schema or f'test{next(self._numbers)}'}")
        return f"postgresql://{user}@/postgres?host={quote(str(self.folder), safe='')}&options={options}"

    def run(self, *statements: str, options: str = "") -> list[tuple[Any, ...]]:
        """Run statements as the owner; the rows of the last one."""
        import psycopg

        with psycopg.connect(host=str(self.folder), user="to11", dbname="postgres", options=options) as connection:
            cursors = [connection.execute(statement) for statement in statements]
            return cursors[-1].fetchall() if cursors[-1].description else []

    def _run(self, program: str, *arguments: object, check: bool = True) -> int:
        command = [str(word) for word in (programs() / program, *arguments)]
        done = subprocess.run(command, capture_output=True, cwd=self.folder, check=False, **self._as)
        assert not (check and done.returncode), done.stderr
        return done.returncode


@contextlib.contextmanager
def running_postgres(*settings: str) -> Iterator[PostgresServer]:
    """A new server; stopped at the end, also when the tests are interrupted."""
    programs()
    # A socket's path is short.
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder))
        try:
            server.start(*settings)
            yield server
        finally:
            server.stop(signal.SIGQUIT)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    pytest.importorskip("psycopg")
    with running_postgres() as server:
        yield server
