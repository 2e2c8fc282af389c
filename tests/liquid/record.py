"""Writes what the three engines render into the corpus: ``nox -s liquid -- --record``, after a template was added."""

from __future__ import annotations

import sys

from corpus import CASES, Recorded, write
from engines import missing, render_all


def main() -> None:
    lacking = missing()
    if lacking:
        sys.exit(f"needs {lacking}")
    seen = render_all([recorded.case for recorded in CASES])
    write([Recorded(each.case, outputs, each.differs) for each, outputs in zip(CASES, seen, strict=True)])


if __name__ == "__main__":
    main()
