"""A deploy of a fleet: cold clients that share a cache, on a real ``redis-server``; part of ``python -m bench.fleet``.

The clients are real, and so is the store. The API is played in the process: it answers after 50 ms and counts. What a
hit in the shared cache costs is measured next to a warm call to a local to11 on the same machine.
"""

from __future__ import annotations

import contextlib
import json
import logging
import multiprocessing
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from to11ai_sdk import To11aiClient, To11aiError, create_client
from to11ai_sdk._http.exchange import HttpAttempt, Reply, monotonic
from to11ai_sdk._http.transport import Transport
from to11ai_sdk.behaviors import BehaviorStore
from to11ai_sdk.resources.table import ENDPOINTS
from to11ai_sdk.shared_cache.fleet_cache import SharedPromptCache
from to11ai_sdk.shared_cache.guarded_store import GuardedStore
from to11ai_sdk.shared_cache.signed_values import SignedValues

from .measure import ROOT, Row, compare, interleaved
from .server import prompt

PROMPTS = 500
EACH = 10
"""How many of the prompts each client asks for."""
PROCESSES, THREADS = 2, 16
ANSWER_S = 0.05
TTL_S = 300.0
PATIENCE_S = 30.0
KEY, URL = "secret-key", "https://api.to11.test"


class PlayedApi:
    """Answers a request after 50 ms, or with 503, and counts."""

    def __init__(self, *, down: bool) -> None:
        self.down = down
        self.asked: Counter[str] = Counter()

    def prepare(self) -> None:
        """Load nothing: there is no network."""

    def __call__(self, attempt: HttpAttempt) -> Reply:
        """Answer one request."""
        slug = json.loads(attempt.body or b"")["slug"]
        self.asked[slug] += 1
        time.sleep(ANSWER_S)
        if self.down:
            return Reply(503, {}, b"", "Service Unavailable")
        return Reply(200, {}, json.dumps({"success": True, "data": {**prompt(1), "promptId": slug}}).encode())


def client_of(api: PlayedApi, guarded: GuardedStore, later_s: float) -> To11aiClient:
    """A cold client; its clock is ahead by ``later_s``."""
    behaviors = BehaviorStore()
    transport = Transport(
        api_key=KEY,
        base_url=URL,
        timeout_s=PATIENCE_S,
        max_retries=0,
        total_timeout_s=None,
        on_envelope=behaviors.absorb,
        exchange=api,  # type: ignore[arg-type]
    )
    cache = SharedPromptCache(
        store=guarded,
        values=SignedValues(KEY, URL),
        row=ENDPOINTS["prompts.resolve"],
        now=lambda: time.time() + later_s,
        ttl_s=TTL_S,
        max_entries=100,
        stale_if_error_s=3600.0,
    )
    return To11aiClient(parts=lambda: (transport, cache), behaviors=behaviors)


def part_of_a_deploy(port: int, seed: int, clients: int, later_s: float, down: bool) -> tuple[Counter[str], int]:
    """Requests by prompt, and calls that failed, of the clients of one process."""
    import redis

    logging.getLogger("to11ai_sdk").addHandler(logging.NullHandler())

    api = PlayedApi(down=down)

    def work(thread: int) -> int:
        guarded = GuardedStore(redis.Redis(port=port), PATIENCE_S, monotonic)
        chance = random.Random(seed * THREADS + thread)
        failed = 0
        for _ in range(clients // THREADS):
            client = client_of(api, guarded, later_s)
            for number in chance.sample(range(PROMPTS), EACH):
                try:
                    client.prompts.resolve(project_id="p", slug=f"s{number}", labels=["production"])
                except To11aiError:
                    failed += 1
        return failed

    with ThreadPoolExecutor(THREADS) as pool:
        return api.asked, sum(pool.map(work, range(THREADS)))


def deploy(port: int, clients: int, *, later_s: float = 0.0, down: bool = False) -> tuple[Counter[str], int]:
    """Requests by prompt, and calls that failed, of a fleet that starts at once."""
    asked, failed = Counter[str](), 0
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES) as pool:
        parts = [(port, seed, clients // PROCESSES, later_s, down) for seed in range(PROCESSES)]
        for requests, errors in pool.starmap(part_of_a_deploy, parts):
            asked += requests
            failed += errors
    return asked, failed


@contextlib.contextmanager
def local_to11() -> Iterator[dict[str, str]]:
    """A local to11 in a process of its own: where it is, its key and its project."""
    command = [sys.executable, "-m", "to11ai_sdk", "local", "--port", "0", "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def hit(port: int, runs: int = 15, calls: int = 100) -> Row:
    """What a hit in the shared cache takes, next to a warm call to a local to11."""
    import redis

    with local_to11() as there:
        make = partial(create_client, api_key=there["api_key"], base_url=there["base_url"])
        client = make(shared_cache=redis.Redis(port=port), shared_cache_timeout_s=PATIENCE_S)
        resolve = released(make(), there["project_id"], client)

        def shared() -> object:
            client._cache._entries.clear()
            return resolve()

        shared()
        sides = interleaved(runs, partial(timed, shared, calls), partial(timed, partial(resolve, cache=False), calls))
        return compare("a hit in the shared cache", *sides, 0.4, "a warm call to the API")


def released(maker: To11aiClient, project_id: str, client: To11aiClient) -> Callable[..., object]:
    """A call that resolves a new prompt with a released version."""
    made = maker.prompts.create(project_id=project_id, name="n", slug="s")
    version = maker.prompts.create_version(
        project_id=project_id, prompt_id=made.id, format="text", template_json={"text": "Hi."}, variables_schema={}
    )
    maker.prompts.move_label(project_id=project_id, prompt_id=made.id, label="production", version_id=version.id)
    return partial(client.prompts.resolve, project_id=project_id, slug="s", labels=["production"])


def timed(call: Callable[[], Any], calls: int) -> float:
    """Microseconds of one call, on average."""
    started = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - started) / calls * 1e6


def report(port: int, clients: int) -> Iterator[str]:
    """The lines to print."""
    calls = clients * EACH
    asked, failed = deploy(port, clients)
    most = max(asked.values())
    yield (
        f"deploy of {clients} cold clients, {calls} calls for {PROMPTS} prompts: {sum(asked.values())} requests, "
        f"at most {most} for a prompt (goal <= 2), {failed} failed calls; {calls} requests without a shared cache"
    )
    for what, later_s in (("fresh", 0.0), ("expired", TTL_S + 60)):
        asked, failed = deploy(port, clients, later_s=later_s, down=True)
        yield f"the same in an outage, all prompts {what}: {sum(asked.values())} requests, {failed} failed calls"
    row = hit(port)
    yield f"{row.what}: {row.ours}, {row.baseline} for a warm call to the API, ratio {row.ratio} ({row.goal})"


def main(clients: int) -> None:
    """Print the figures, on a server of its own."""
    sys.path.insert(0, str(ROOT / "tests"))
    from services.redis import running_redis

    with running_redis() as server:
        for line in report(server.port, clients):
            print(line, flush=True)
