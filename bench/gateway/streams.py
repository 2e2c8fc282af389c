"""Many streams at once, all opened together: their first events, whether they all end, and the memory."""

from __future__ import annotations

import contextlib
from typing import Any

from ..measure import ROOT, Row
from . import targets
from .compare import Bench, Result, figures, row

COUNTS = (200, 1000)


def rows(bench: Bench) -> list[Row]:
    """The rows of this part; the servers are new, so that their memory is that of the streams."""
    with contextlib.ExitStack() as stack:
        servers = {"ours": stack.enter_context(targets.gateway("ours", bench.up, ROOT))}
        if bench.against:
            servers["against"] = stack.enter_context(targets.gateway("against", bench.up, bench.against))
        return [made for count in COUNTS for made in _rows(bench, servers, count)]


def _rows(bench: Bench, servers: dict[str, targets.Target], count: int) -> list[Row]:
    model = f"events-10-{100 if bench.quick else 500}"
    shape: dict[str, Any] = {"stream": True, "kept": False, "at_once": count, "calls": count, "model": model}
    jobs = {name: server.job(**shape) for name, server in servers.items()}
    jobs["direct"] = targets.direct(bench.up.http).job(**shape)
    results = bench.in_turns(jobs)
    what = f"{count} streams at once"
    ours, base = results["ours"], results.get("against")
    than = "the other build"
    made = [
        _row(f"{what}, first event, p50", ours, base, "first_p50", "ms", most=0.25, than=than),
        _row(f"{what}, first event, p99", ours, base, "first_p99", "ms", than=than),
        _row(f"{what}, first event, p50, to no gateway", ours, results["direct"], "first_p50", "ms", than="direct"),
        _row(f"{what}, most memory", ours, base, "memory", "MB", most=1.2, than=than),
    ]
    return [_complete(what, ours, base, count), *made]


def _row(what: str, ours: list[Result], base: list[Result] | None, figure: str, unit: str, **goal: Any) -> Row:
    scale = 1e3 if unit == "ms" else 1e-6
    sides = [figures(side, lambda result: result[figure] * scale) for side in (ours, base or [])]
    return row(what, sides[0], sides[1] or None, unit, **goal)


def _complete(what: str, ours: list[Result], base: list[Result] | None, count: int) -> Row:
    fewest = [str(min(result["done"] for result in side)) for side in (ours, base or []) if side]
    return Row(f"{what}, complete", fewest[0], "".join(fewest[1:]), None, f"{count}", fewest[0] == str(count))
