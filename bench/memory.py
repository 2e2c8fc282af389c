"""Bytes: of an import, and of a cached prompt."""

from __future__ import annotations

from .measure import Row, Servers, child

IMPORT = """
import tracemalloc
tracemalloc.start()
import {name}
print(tracemalloc.get_traced_memory()[0])
"""
CACHED = """
import json, tracemalloc
from bench.server import prompt
from bench.calls import prompt_key
from bench import naive
import to11ai_sdk
text = json.dumps(prompt(10))
ours = to11ai_sdk.create_client(api_key="secret-key", base_url="http://localhost:9", max_cache_entries=10**6)
theirs = naive.Client("secret-key", "http://localhost:9", max_entries=10**6)
theirs.request = lambda *_: json.loads(text)

def fill_ours(number):
    key = prompt_key("p", f"s{number}", ["l"], None)
    ours._cache.get(key, lambda *, may_retry=True: ours.prompts._resolve_row.cacheable({"data": json.loads(text)}))

def fill_theirs(number):
    theirs.resolve("p", f"s{number}", ["l"])

fill = {"ours": fill_ours, "naive": fill_theirs}[sys.argv[1]]
fill(-1)
tracemalloc.start()
for number in range(1000):
    fill(number)
print(tracemalloc.get_traced_memory()[0] / 1000)
"""


def rows(up: Servers, scale: float) -> list[Row]:
    """The rows of this part."""
    return [
        _row("memory of a cached prompt of 10 messages", CACHED, ("ours", "naive"), 0.6),
        _row("memory of the import", IMPORT, ("to11ai_sdk", "bench.naive"), 0.1),
    ]


def _row(what: str, code: str, names: tuple[str, str], most: float) -> Row:
    ours, baseline = (float(child(code.replace("{name}", name), name)) for name in names)
    ratio = ours / baseline
    return Row(
        what,
        f"{ours / 1024:.1f} KiB",
        f"{baseline / 1024:.1f} KiB",
        round(ratio, 3),
        f"<= {most} x naive",
        ratio <= most,
    )
