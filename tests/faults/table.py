"""Print the catalogue: ``python -m tests.faults.table`` runs every row and says how it ended.

``--failing`` prints only the rows that did not end as they must; ``--write`` writes the counts by family into
``docs/faults.md`` and runs nothing.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))  # as pytest does

from .catalogue import Row, rows

if TYPE_CHECKING:
    from . import shared_cache
    from .harness import Outcome

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
START, END = "<!-- rows -->", "<!-- end of rows -->"


def seen(outcome: Outcome) -> str:
    """What the caller sees, in a line."""
    if outcome.error is None:
        return "its answer"
    return f"{type(outcome.error).__name__}: {outcome.error}"


def line(row: Row | shared_cache.Row) -> tuple[bool, str]:
    """Run a row; whether it ended as it must, and its line of the table."""
    outcome, fault = row.run(), ""
    try:
        row.judge(outcome)
    except AssertionError as exc:
        fault = f"  <- {exc}"
    name = f"{row.fault.family}: {row.fault.name}"
    what = seen(outcome).encode("ascii", "backslashreplace").decode()
    text = f"{name[:58]:58} {row.call:8} {what[:90]:90} {outcome.received:3} {outcome.elapsed_s * 1000:6.0f}"
    return not fault, text + fault


def summary() -> str:
    """The rows by family, as a table."""
    counts = Counter(row.fault.family for row in rows())
    lines = [f"| {family} | {count} |" for family, count in counts.items()]
    return "\n".join(["| family | rows |", "|---|---|", *lines, f"| **all** | **{counts.total()}** |"])


def page(text: str) -> str:
    """The text of the page with the counts of today."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n{summary()}\n{END}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--failing", action="store_true", help="print only the rows that did not end as they must")
    parser.add_argument("--write", action="store_true", help=f"write the counts into {PAGE.name} and run nothing")
    options = parser.parse_args()
    if options.write:
        PAGE.write_text(page(PAGE.read_text()))
        return 0
    started, good, bad = time.monotonic(), 0, 0
    print(f"{'fault':58} {'call':8} {'what the caller sees':90} {'got':>3} {'ms':>6}")
    for row in rows():
        passed, text = line(row)
        good, bad = good + passed, bad + (not passed)
        if not (passed and options.failing):
            print(text, flush=True)
    print(f"{good + bad} rows in {time.monotonic() - started:.1f} s, {bad} did not end as they must")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
