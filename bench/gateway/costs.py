"""CPU of a call, added latency, and the start."""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from ..measure import ROOT, Row
from . import peers, targets
from .compare import Bench, Result, figures, row, without

KINDS: tuple[tuple[str, str, dict[str, Any], float], ...] = (
    ("CPU of a chat that is passed on", "up::", {"calls": 800}, 0.35),
    ("CPU of a chat that is translated", "claude::", {"calls": 600}, 0.4),
    ("CPU of opening a stream", "up::", {"calls": 400, "stream": True, "model": "events-1-0", "kept": False}, 0.3),
)


def pair(bench: Bench, prefix: str, **job: Any) -> dict[str, Any]:
    """The same job for this gateway and for the other checkout."""
    names = [name for name in ("ours", "against") if name in bench.targets]
    return {name: dataclasses.replace(bench.targets[name], prefix=prefix).job(**job) for name in names}


def cpu(bench: Bench) -> list[Row]:
    """CPU of the server's process for each call, one at a time."""
    rows = [_above_the_floor(bench)]
    for what, prefix, job, most in KINDS:
        results = bench.in_turns(pair(bench, prefix, **{**job, "calls": round(bench.fewer(job["calls"]))}))
        sides = {name: figures(found, _cpu) for name, found in results.items()}
        rows.append(row(what, sides["ours"], sides.get("against"), "ms", most=most, than="the other build"))
    return rows


def _above_the_floor(bench: Bench) -> Row:
    what, calls = "CPU of a chat that is passed on, to the floor", round(bench.fewer(800))
    try:
        with targets.floor(bench.up) as floor:
            results = bench.in_turns({"ours": bench.targets["ours"].job(calls=calls), "floor": floor.job(calls=calls)})
    except OSError as exc:
        return without(what, str(exc))
    sides = [figures(found, _cpu) for found in results.values()]
    return row(what, *sides, "ms", than="the floor")


def _cpu(result: Result) -> float:
    """Milliseconds for each call."""
    return float(result["cpu"] / result["done"] * 1e3)


def latency(bench: Bench) -> list[Row]:
    """What the gateway adds to a warm call, one at a time."""
    rows = []
    for what, prefix, url, most in (
        ("", "up::", bench.up.http, None),
        (", TLS to the provider", "tls::", bench.up.https, 0.2),
    ):
        calls = round(bench.fewer(300))
        straight = targets.direct(url).job(calls=calls, authority=bench.up.authority)
        results = bench.in_turns({"direct": straight, **pair(bench, prefix, calls=calls)})
        added = {name: _added(found, results["direct"]) for name, found in results.items()}
        made = row(
            f"latency added to a call{what}",
            added["ours"],
            added.get("against"),
            "ms",
            most=most,
            than="the other build",
        )
        rows.append(made)
    return rows


def _added(through: list[Result], directly: list[Result]) -> list[float]:
    return [(one["whole_p50"] - other["whole_p50"]) * 1e3 for one, other in zip(through, directly, strict=True)]


def start(bench: Bench) -> list[Row]:
    """From the start of the process to its ready line, as it comes and with providers."""
    providers = targets.command(bench.up)
    bare = [word for word in providers if word != "--provider" and "=" not in word]
    made = []
    for what, words in (("start to ready", bare), ("start to ready with three providers", providers)):
        ours, *base = _starts(bench, words)
        for column, name in enumerate(("CPU", "time")):
            sides = [[run[column] for run in runs] for runs in (ours, *base)]
            goal = {"most": 0.6, "than": "the other build"}
            made.append(row(f"{name} from {what}", sides[0], sides[1] if base else None, "ms", **goal))
    return made


def _starts(bench: Bench, words: list[str]) -> list[list[tuple[float, float]]]:
    checkouts = [ROOT, *([bench.against] if bench.against else [])]
    runs: list[list[tuple[float, float]]] = [[] for _ in checkouts]
    for number in range(bench.rounds + 1):
        for checkout, found in zip(checkouts, runs, strict=True):
            found.append(_start(checkout, words))
            if not number:
                found.clear()  # it may have compiled modules
    return runs


def _start(checkout: Path, words: list[str]) -> tuple[float, float]:
    """Milliseconds of CPU and of time."""
    python = sys.executable if checkout == ROOT else peers.python_for(checkout)
    begun = time.perf_counter()
    with targets.child([python, *words], checkout) as process:
        targets.first_line(process)
        seconds = time.perf_counter() - begun
        times = psutil.Process(process.pid).cpu_times()
        return (times.user + times.system) * 1e3, seconds * 1e3
