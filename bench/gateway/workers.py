"""Calls a second of several worker processes on one store, compared with one process on a file."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

from ..measure import ROOT, Row
from . import targets
from .compare import Bench, figures, row, without

AT_ONCE = 64
WORKERS = 2
STORE = "TO11_BENCH_POSTGRES"
"""The variable with the URL of a PostgreSQL database on this machine; without it that row is missing."""


def rows(bench: Bench) -> list[Row]:
    """The rows of this part."""
    url = os.environ.get(STORE)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        stores = {"one": ["--data", str(Path(folder, "one.sqlite"))]}
        stores["workers"] = ["--data", str(Path(folder, "workers.sqlite")), "--workers", str(WORKERS)]
        if url:
            stores["postgres"] = ["--data", url]
        made = {
            name: stack.enter_context(targets.gateway(name, bench.up, ROOT, *words)) for name, words in stores.items()
        }
        jobs = {name: target.job(at_once=AT_ONCE, seconds=bench.fewer(3.0)) for name, target in made.items()}
        results = bench.in_turns(jobs)
    rates = {name: figures(found, lambda result: result["done"] / result["seconds"]) for name, found in results.items()}
    spent = {
        name: figures(found, lambda result: result["cpu"] / result["done"] * 1e6) for name, found in results.items()
    }
    what = f"{AT_ONCE} at once, calls a second"
    found = [row(f"{what}, {WORKERS} workers to one", rates["workers"], rates["one"], "/s", least=1.6, than="one")]
    cpu = f"{AT_ONCE} at once, CPU a call, {WORKERS} workers to one"
    found.append(row(cpu, spent["workers"], spent["one"], "us", than="one"))
    if "postgres" in rates:
        found.append(
            row(f"{what}, PostgreSQL to a file", rates["postgres"], rates["one"], "/s", least=0.7, than="a file")
        )
    else:
        found.append(without(f"{what}, PostgreSQL to a file", f"set {STORE} to the URL of a database on this machine"))
    failed = {name: sum(result["failed"] for result in found) for name, found in results.items()}
    return [
        *found,
        *(without(f"{what}, failed calls of {name}", str(count)) for name, count in failed.items() if count),
    ]
