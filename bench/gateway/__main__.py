"""``python -m bench.gateway``: what the local gateway costs, and how it compares with others."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..__main__ import table
from ..measure import ROOT, Row
from . import costs, flame, rates, streams, targets, workers
from .compare import Bench, without

PARTS: dict[str, Callable[[Bench], list[Row]]] = {
    "cpu": costs.cpu,
    "rates": rates.rows,
    "streams": streams.rows,
    "workers": workers.rows,
    "latency": costs.latency,
    "start": costs.start,
}


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.gateway", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs: to see that it works")
    parser.add_argument("--against", type=Path, metavar="DIR", help="compare with another checkout, too")
    parser.add_argument("--without-peers", action="store_true", help="install and start no other gateway")
    parser.add_argument("--postgres", metavar="URL", help="compare with a server whose data are in this database, too")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part only; may be repeated")
    parser.add_argument(
        "--flame",
        type=Path,
        metavar="FILE",
        help="only write a flame graph of calls, as SVG (with --against: of the other checkout)",
    )
    return parser.parse_args()


def start(bench: Bench, stack: contextlib.ExitStack, folder: Path, postgres: str | None, *, with_peers: bool) -> None:
    """Start what is compared; a peer that does not start is missing, with the reason."""
    up = bench.up
    bench.targets["ours"] = stack.enter_context(targets.gateway("ours", up))
    bench.targets["data"] = stack.enter_context(
        targets.gateway("data", up, ROOT, "--data", str(folder / "data.sqlite"))
    )
    if postgres:
        bench.targets["postgres"] = stack.enter_context(targets.gateway("postgres", up, ROOT, "--data", postgres))
    if bench.against:
        bench.targets["against"] = stack.enter_context(targets.gateway("against", up, bench.against))
    for name, peer in (("portkey", targets.portkey), ("litellm", targets.litellm)) if with_peers else ():
        try:
            bench.targets[name] = stack.enter_context(peer(up))
        except (OSError, subprocess.SubprocessError) as exc:
            bench.missing[name] = str(exc).strip()
    bench.targets["direct"] = targets.direct(up.http)


def measured(bench: Bench, parts: list[str]) -> list[Row]:
    """The rows of these parts; of one that fails, the reason."""
    rows: list[Row] = []
    for name in parts:
        try:
            found = PARTS[name](bench)
        except (OSError, subprocess.SubprocessError) as exc:
            found = [without(name, str(exc))]
        print(table(found), file=sys.stderr)
        rows += found
    return rows


def draw(bench: Bench, file: Path) -> None:
    """Write the flame graph, and print the part of the time that each folder takes."""
    with targets.gateway("ours", bench.up, bench.against or ROOT) as target:
        stacks = flame.sampled(bench.client, target)
    file.write_text(flame.svg(stacks, "A chat that is passed on: where the interpreter is"), encoding="utf-8")
    for name, share in flame.shares(stacks):
        print(f"{share:6.1%}  {name}")


def main() -> None:
    """Measure and print."""
    chosen = options()
    raise_limit()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the children are ended, too
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        up, client = stack.enter_context(targets.provider(Path(name))), stack.enter_context(targets.client())
        bench = Bench(up, client, chosen.quick, chosen.against and chosen.against.resolve())
        if chosen.flame:
            draw(bench, chosen.flame)
            return
        parts = chosen.only or list(PARTS)
        if {"cpu", "rates", "latency"} & set(parts):
            peers = "rates" in parts and not chosen.without_peers
            start(bench, stack, Path(name), chosen.postgres, with_peers=peers)
        rows = measured(bench, parts)
    facts = {"python": platform.python_version(), "machine": platform.machine(), "load": os.getloadavg()[0]}
    if chosen.json:
        print(json.dumps({**facts, "rows": [row.as_dict() for row in rows]}, indent=2))
    else:
        print(f"Python {facts['python']}; medians of runs in turns, distance of quartiles in brackets\n\n{table(rows)}")


def raise_limit() -> None:
    """Let this process and its children open many connections."""
    with contextlib.suppress(ImportError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    main()
