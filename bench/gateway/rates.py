"""Calls a second at several degrees of concurrency: this gateway, with a data file, and its peers."""

from __future__ import annotations

from ..measure import Row
from .compare import Bench, figures, row, without

AT_ONCE = (1, 8, 32, 64)
GOALS = {"portkey": 3.0, "litellm": 30.0}
"""At 64 calls at once."""


def rows(bench: Bench) -> list[Row]:
    """The rows of this part."""
    return [made for at_once in AT_ONCE for made in _rows(bench, at_once)]


def _rows(bench: Bench, at_once: int) -> list[Row]:
    jobs = {name: target.job(at_once=at_once, seconds=bench.fewer(1.2)) for name, target in bench.targets.items()}
    results = bench.in_turns(jobs)
    rates = {name: figures(found, lambda result: result["done"] / result["seconds"]) for name, found in results.items()}
    ours = rates["ours"]
    what = f"{at_once} at once, calls a second"
    rows = [row(f"{what}, data file to memory", rates["data"], ours, "/s", least=0.9, than="memory")]
    if "postgres" in rates:
        rows.append(
            row(f"{what}, PostgreSQL to data file", rates["postgres"], rates["data"], "/s", least=0.7, than="file")
        )
    for name in ("portkey", "litellm"):
        if name in rates:
            goal = GOALS[name] if at_once == AT_ONCE[-1] else None
            rows.append(row(f"{what}, to {name}", ours, rates[name], "/s", least=goal, than=name))
        elif name in bench.missing:
            rows.append(without(f"{what}, to {name}", bench.missing[name]))
    if "against" in rates:
        rows.append(row(f"{what}, to the other build", ours, rates["against"], "/s", than="the other build"))
    rows.append(row(f"{what}, to no gateway at all", ours, rates["direct"], "/s", than="direct"))
    failed = {name: sum(result["failed"] for result in found) for name, found in results.items()}
    return [*rows, *(without(f"{what}, failed calls of {name}", str(count)) for name, count in failed.items() if count)]
