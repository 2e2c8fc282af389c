"""A caller that costs little, in a process of its own: ``python -m bench.gateway.raw_client``.

It reads jobs from stdin and prints their results, one JSON object a line. CPU and memory are those of the processes
that a job names, with their children, between the first measured call and the last.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import statistics
import sys
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psutil

try:
    from uvloop import run
except ImportError:
    from asyncio import run

PATIENCE_S = 60.0
"""For one call."""
LONGEST_S = 120.0
"""After that no further call of a job begins."""


@dataclass
class Job:
    """What to call, how often, and whom to watch meanwhile."""

    url: str
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    at_once: int = 1
    calls: int = 0
    seconds: float = 0.0
    kept: bool = True
    authority: str | None = None
    pids: list[int] = field(default_factory=list)

    def request(self) -> bytes:
        """The bytes of one call."""
        parts = urlsplit(self.url)
        fields = {"Host": parts.netloc, "Content-Type": "application/json", "Content-Length": len(self.body)}
        head = "".join(f"{name}: {value}\r\n" for name, value in {**fields, **self.headers}.items())
        return f"POST {parts.path} HTTP/1.1\r\n{head}\r\n{self.body}".encode()


class Caller(asyncio.Protocol):
    """One connection to the server: it sends a request and waits for the whole reply."""

    def __init__(self) -> None:
        self.reply = b""
        self.first: float | None = None
        self.whole: asyncio.Future[None] | None = None
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to the server."""
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """A call that is under way has failed."""
        if self.whole and not self.whole.done():
            self.whole.set_exception(exc or ConnectionError("closed"))

    def data_received(self, data: bytes) -> None:
        """Note the first event, and the end."""
        self.reply += data
        if self.first is None and b"data:" in self.reply:
            self.first = time.perf_counter()
        if self.whole and not self.whole.done() and is_whole(self.reply):
            self.whole.set_result(None)

    async def call(self, request: bytes) -> None:
        """Send it and wait for the whole reply."""
        self.reply, self.first = b"", None
        self.whole = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        await asyncio.wait_for(self.whole, PATIENCE_S)
        if not self.reply.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(self.reply[:300].decode("latin-1"))


def is_whole(reply: bytes) -> bool:
    """Whether it is all there: by its length, or by its last chunk."""
    end = reply.find(b"\r\n\r\n")
    if end < 0:
        return False
    head = reply[:end].lower()
    at = head.find(b"\r\ncontent-length:")
    if at >= 0:
        return len(reply) >= end + 4 + int(head[at + 17 :].split(b"\r\n", 1)[0])
    return reply.endswith(b"\r\n0\r\n\r\n")


class Watch:
    """CPU seconds and the most memory of some processes and their children."""

    def __init__(self, pids: list[int]) -> None:
        self.processes = [psutil.Process(pid) for pid in pids]
        self.peak = 0
        self.begun = self.cpu()

    def all(self) -> list[psutil.Process]:
        """The processes that are there now."""
        return [each for process in self.processes for each in (process, *process.children(recursive=True))]

    def cpu(self) -> float:
        """Seconds of CPU until now."""
        total = 0.0
        for process in self.all():
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system
        return total

    def spent(self) -> float:
        """Seconds of CPU since the start."""
        return self.cpu() - self.begun

    async def memory(self) -> None:
        """Look at the memory now and then."""
        while self.processes:
            with contextlib.suppress(psutil.Error):
                self.peak = max(self.peak, sum(process.memory_info().rss for process in self.all()))
            await asyncio.sleep(0.1)


async def connect(job: Job) -> Caller:
    """A new connection."""
    parts = urlsplit(job.url)
    context = ssl.create_default_context(cafile=job.authority) if parts.scheme == "https" else None
    loop = asyncio.get_running_loop()
    _, caller = await loop.create_connection(Caller, parts.hostname or "", parts.port or 0, ssl=context)
    return caller


class Calls:
    """The calls of a job."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.request = job.request()
        self.firsts: list[float] = []
        self.times: list[float] = []
        self.failures: list[str] = []
        self.left = job.calls

    async def one(self, kept: Caller | None) -> None:
        """Make a call, on a new connection where none is kept, and note how long it took."""
        begun = time.perf_counter()
        caller = kept
        try:
            caller = caller or await connect(self.job)
            await caller.call(self.request)
        except (OSError, asyncio.TimeoutError) as exc:
            self.failures.append(repr(exc))
            await asyncio.sleep(0.05)
        else:
            ended = time.perf_counter()
            self.firsts.append((caller.first or ended) - begun)
            self.times.append(ended - begun)
        if caller and not kept:
            caller.transport.close()

    async def many(self, caller: Caller | None, until: float) -> None:
        """Call again and again, until the time or the number of calls is over."""
        while (self.left > 0 or not self.job.calls) and time.perf_counter() < until:
            self.left -= 1
            await self.one(None if caller and caller.transport.is_closing() else caller)

    async def run(self) -> dict[str, Any]:
        """All of them, after one on each connection that is not measured."""
        count = self.job.at_once
        callers = [await connect(self.job) if self.job.kept else None for _ in range(count)]
        await asyncio.gather(*(self.one(caller) for caller in callers if caller))
        self.firsts, self.times, self.failures = [], [], self.failures[:1]
        watch = Watch(self.job.pids)
        looking = asyncio.create_task(watch.memory())
        begun = time.perf_counter()
        until = begun + (LONGEST_S if self.job.calls else self.job.seconds)
        await asyncio.gather(*(self.many(caller, until) for caller in callers))
        seconds, cpu = time.perf_counter() - begun, watch.spent()
        looking.cancel()
        for caller in filter(None, callers):
            caller.transport.close()
        return {**self.figures(), "seconds": seconds, "cpu": cpu, "memory": watch.peak}

    def figures(self) -> dict[str, Any]:
        """The times of the calls, in seconds."""
        facts = {"done": len(self.times), "failed": len(self.failures), "failure": "".join(self.failures[:1])}
        for name, values in (("first", self.firsts), ("whole", self.times)):
            cuts = statistics.quantiles(values, n=100) if len(values) > 1 else [0.0] * 99
            facts |= {f"{name}_p50": cuts[49], f"{name}_p99": cuts[98]}
        return facts


async def work() -> None:
    """Do the jobs, in their order."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await Calls(Job(**json.loads(line))).run()), flush=True)


if __name__ == "__main__":
    run(work())
