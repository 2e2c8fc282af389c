"""Puts some of the pictures that the tests took into ``docs/inspector``, small: ``nox -s inspector -- --write``."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

KEPT = ("prompts-light", "prompt-light", "rules-dark", "traces-dark", "trace-light", "failures-dark")
DOCS = Path(__file__).parents[2] / "docs" / "inspector"

for name in KEPT:
    with Image.open(Path(sys.argv[1]) / f"{name}.png") as picture:
        picture.convert("RGB").quantize(112).save(DOCS / f"{name}.png", optimize=True)
