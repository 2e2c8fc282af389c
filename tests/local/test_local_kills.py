"""Servers that are killed while they are written to and asked: what was acknowledged stays, and every caller hears."""

from __future__ import annotations

import http.client
import json
import os
import random
import threading
import time
from collections import Counter
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import psutil
import pytest
from services.postgres import running_postgres
from test_local_workers import CHAT, Served, asked, closing, serving, until

from to11ai_sdk import To11aiError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KILLS = int(os.environ.get("TO11_KILLS", "5"))
"""How many processes are killed, one each second."""
WRITERS = 4
CALLERS = 64


class Traffic:
    """Writers and callers of a server, and what they were answered."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.is_over = threading.Event()
        self.acknowledged: list[tuple[int, str]] = []
        self.outcomes: Counter[str] = Counter()
        self.surprises: list[BaseException] = []
        self.project = served.ready["project_id"]
        with served.client() as client:
            self.prompt = client.prompts.create(project_id=self.project, name="written", slug="written").id

    def write(self, number: int) -> None:
        """Create versions, each with a text of its own."""
        with self.served.client(max_retries=0) as client:
            for count in range(1_000_000):
                if self.is_over.is_set():
                    return
                text = f"writer {number}, text {count}"
                try:
                    made = client.prompts.create_version(
                        project_id=self.project,
                        prompt_id=self.prompt,
                        format="text",
                        template_json={"text": text},
                        variables_schema=None,
                    )
                except To11aiError as exc:
                    self.outcomes[type(exc).__name__] += 1
                    self.is_over.wait(0.02)
                else:
                    self.acknowledged.append((made.version, text))

    def call(self, number: int) -> None:
        """Ask the gateway, on a connection that is kept until it breaks."""
        while not self.is_over.is_set():
            with closing(self.served.connection()) as connection:
                self._call_until_broken(connection)
            self.is_over.wait(0.05)

    def _call_until_broken(self, connection: http.client.HTTPConnection) -> None:
        while not self.is_over.is_set():
            self.outcomes["asked"] += 1
            try:
                status, _ = asked(connection, "POST", "/v1/chat/completions", self.served.headers, CHAT)
            except (OSError, http.client.HTTPException):
                self.outcomes["broken"] += 1
                return
            self.outcomes[str(status)] += 1
            self.is_over.wait(0.05)

    def run(self, disturb: Callable[[], None]) -> None:
        works = [(self.write, number) for number in range(WRITERS)] + [(self.call, number) for number in range(CALLERS)]
        threads = [threading.Thread(target=self._noted, args=work) for work in works]
        for thread in threads:
            thread.start()
        try:
            disturb()
            until(lambda: len(self.acknowledged) > KILLS and self.outcomes["200"] > CALLERS)
        finally:
            self.is_over.set()
            for thread in threads:
                thread.join(120)
        assert not any(thread.is_alive() for thread in threads), "a caller got no answer"
        assert self.surprises == []

    def _noted(self, work: Callable[[int], None], number: int) -> None:
        try:
            work(number)
        except BaseException as exc:
            self.surprises.append(exc)

    def check(self) -> None:
        """Compare what is stored with what was acknowledged."""
        numbers = [version for version, _ in self.acknowledged]
        assert len(numbers) == len(set(numbers)), "a number was given twice"
        with self.served.client() as client:
            found = client.prompts.list_versions(project_id=self.project, prompt_id=self.prompt)
        stored = {each.version: each.template_json["text"] for each in found}
        assert sorted(stored) == list(range(1, len(found) + 1)), "a number was left out, or given twice"
        for version, text in self.acknowledged:
            assert stored[version] == text
        assert len(set(stored.values())) == len(stored), "a version was written twice"
        assert self.outcomes["asked"] == sum(self.outcomes[each] for each in ("200", "503", "broken", "500", "502"))
        assert self.outcomes["500"] == 0


def kill_workers(served: Served, count: int) -> None:
    """Kill one worker each second; each time, wait until another one is there."""
    here = psutil.Process(served.process.pid)
    chance = random.Random(2)
    for _ in range(count):
        time.sleep(1)
        before = here.children()
        victim = chance.choice(before)
        victim.kill()
        until(partial(is_replaced, here, victim, len(before)))


def is_replaced(supervisor: psutil.Process, victim: psutil.Process, count: int) -> bool:
    now = supervisor.children()
    return victim not in now and len(now) == count


def test_two_workers_on_a_file(tmp_path: Path) -> None:
    with serving("--data", str(tmp_path / "to11.db"), "--workers", "2", "--provider", "echo=echo") as served:
        traffic = Traffic(served)
        traffic.run(lambda: kill_workers(served, KILLS))
        traffic.check()


def test_three_workers_on_postgresql_that_is_restarted() -> None:
    pytest.importorskip("psycopg")
    with running_postgres() as database, ExitStack() as stack:
        options = ("--data", database.url(), "--workers", "3", "--provider", "echo=echo")
        served = stack.enter_context(serving(*options))
        traffic = Traffic(served)

        def disturb() -> None:
            kill_workers(served, KILLS // 2)
            database.restart()
            kill_workers(served, KILLS - KILLS // 2)

        traffic.run(disturb)
        traffic.check()


def test_ready_hears_that_postgresql_is_down_and_up_again() -> None:
    pytest.importorskip("psycopg")
    with running_postgres() as database, serving("--data", database.url()) as served, ExitStack() as stack:
        (kept,) = served.connections(stack, 1)
        assert asked(kept, "GET", "/ready")[0] == 200
        database.stop()
        status, body = asked(kept, "GET", "/ready")
        assert (status, body["error"]["code"]) == (503, "STORAGE_UNAVAILABLE")
        assert str(database.folder) not in json.dumps(body)
        assert asked(kept, "GET", "/health")[0] == 200
        database.start()
        assert asked(kept, "GET", "/ready")[0] == 200
