"""Calls of a running process: warm, cached, many threads."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

from to11ai_sdk import To11aiClient, create_client
from to11ai_sdk.prompt_keys import prompt_key

from . import floor, naive
from .measure import Row, Sample, Servers, compare, interleaved
from .server import prompt

VARIABLES = {"name": "Ada", "count": 3, "plan": "pro", "beta": True, "language": "en"}


def rows(up: Servers, scale: float) -> list[Row]:
    """The rows of this part."""
    return [*_warm(up, scale), *_threads(up, scale), *_hits(scale), _key(scale), _one_request(up)]


def client(up: Servers, url: str) -> To11aiClient:
    """A client of ours that trusts the servers."""
    context = ssl.create_default_context(cafile=up.authority)
    return create_client(api_key="secret-key", base_url=url, ssl_context=context)


def _each(count: int, call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - start) / count * 1e6


def _warm(up: Servers, scale: float) -> list[Row]:
    found = []
    for name, url in (("HTTP", up.http), ("HTTPS", up.https)):
        ours, bare = client(up, url), floor.Client("secret-key", url, ssl.create_default_context(cafile=up.authority))
        samples = interleaved(
            round(60 * scale),
            lambda: _each(
                20, lambda: ours.prompts.resolve(project_id="p", slug="s", labels=["production"], cache=False)
            ),
            lambda: _each(20, lambda: bare.resolve("p", "s", ["production"])),
        )
        found.append(compare(f"warm uncached resolve, {name}", samples[0], samples[1], 1.25, "floor"))
        ours.close()
        bare.connection.close()
    return found


def _threads(up: Servers, scale: float) -> list[Row]:
    found = []
    ours = client(up, up.slow_http)
    for count in (8, 32):

        def call() -> None:
            ours.prompts.resolve(project_id="p", slug="s", labels=["production"], cache=False)

        samples = interleaved(round(10 * scale), lambda: _crowd(count, 4, call), lambda: _crowd(1, 4, call))
        what = f"a call in {count} threads at once, 50 ms server"
        found.append(compare(what, samples[0], samples[1], 1.25, "one thread"))
    ours.close()
    return found


def _crowd(threads: int, calls: int, call: Callable[[], None]) -> float:
    """Microseconds from the start of the first to the end of the last, for each call of one thread."""
    crowd = [threading.Thread(target=lambda: [call() for _ in range(calls)]) for _ in range(threads)]
    start = time.perf_counter()
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    return (time.perf_counter() - start) / calls * 1e6


def _hits(scale: float) -> list[Row]:
    found = []
    for count in (1, 10, 100):
        ours, theirs = _filled(count)
        samples = interleaved(
            round(40 * scale),
            lambda: _each(200, lambda: ours.prompts.resolve(project_id="p", slug="s", labels=["l"])),
            lambda: _each(200, lambda: theirs.resolve("p", "s", ["l"])),
        )
        what = f"cache hit, {count} messages"
        found.append(compare(what, samples[0], samples[1], round(1 / 6, 3), "naive (6 times faster)"))
    return found


def _filled(messages: int) -> tuple[To11aiClient, naive.Client]:
    """Both clients with one prompt in the cache."""
    ours = create_client(api_key="secret-key", base_url="http://localhost:9")
    for variables in (None, VARIABLES):
        key = prompt_key("p", "s", ["l"], variables)
        assert key is not None
        ours._cache.get(key, lambda *, may_retry=True: ours.prompts._resolve_row.cacheable({"data": prompt(messages)}))
    theirs = naive.Client("secret-key", "http://localhost:9")
    theirs.request = lambda *_: prompt(messages)  # type: ignore[method-assign]
    theirs.resolve("p", "s", ["l"])
    return ours, theirs


def _key(scale: float) -> Row:
    ours, _ = _filled(10)
    key, hit = interleaved(
        round(40 * scale),
        lambda: _each(500, lambda: prompt_key("p", "s", ["l"], VARIABLES)),
        lambda: _each(500, lambda: ours.prompts.resolve(project_id="p", slug="s", labels=["l"], variables=VARIABLES)),
    )
    return compare("key of 5 variables, of a hit with 10 messages", key, hit, 0.2, "hit")


def _one_request(up: Servers) -> Row:
    ours = client(up, up.slow_http)
    sent: list[str] = []
    exchange = ours._transport._exchange

    class Counting:
        prepare = staticmethod(exchange.prepare)

        def __call__(self, attempt: Any) -> Any:
            sent.append("request")
            return exchange(attempt)

    ours._transport._exchange = Counting()  # type: ignore[assignment]
    results: list[Any] = []
    crowd = [
        threading.Thread(
            target=lambda: results.append(ours.prompts.resolve(project_id="p", slug="s", labels=["production"]))
        )
        for _ in range(64)
    ]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    exchange.close()
    distinct = len({id(result) for result in results})
    text = f"{len(sent)} sent, {distinct} results"
    return Row("64 threads, one uncached key", text, "", None, "1 sent, 64 results", (len(sent), distinct) == (1, 64))


__all__ = ["Sample", "rows"]
