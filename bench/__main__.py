"""``python -m bench [--json] [--quick] [--against DIR]``: the table of ratios."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from pathlib import Path

from . import against, calls, memory, size, starts
from .measure import Row, servers


def table(rows: list[Row]) -> str:
    """The rows as text, one line each."""
    lines = [f"{'what':58} {'ours':>16} {'baseline':>16} {'ratio':>7}  goal"]
    for row in rows:
        mark = "" if row.met is None else ("  met" if row.met else "  MISSED")
        ratio = f"{row.ratio:7.3f}" if row.ratio is not None else " " * 7
        lines.append(f"{row.what:58} {row.ours:>16} {row.baseline:>16} {ratio}  {row.goal}{mark}")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--quick", action="store_true", help="fewer runs: to see that it works, not to conclude")
    parser.add_argument("--against", type=Path, metavar="DIR", help="compare with another checkout instead")
    options = parser.parse_args()
    scale = 0.2 if options.quick else 1.0
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, servers(Path(folder)) as up:
        if options.against:
            rows = against.rows(up, scale, options.against.resolve())
        else:
            for part in (starts.rows, calls.rows, memory.rows, size.rows):
                rows += part(up, scale)
                print(f"measured {part.__module__}", file=sys.stderr)
    if options.json:
        facts = {"python": platform.python_version(), "machine": platform.machine()}
        print(json.dumps({**facts, "rows": [row.as_dict() for row in rows]}, indent=2))
    else:
        print(
            f"Python {platform.python_version()}; medians of interleaved runs, quartiles in brackets\n\n{table(rows)}"
        )


if __name__ == "__main__":
    main()
