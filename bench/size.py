"""Bytes of the source, and of a wheel made of it."""

from __future__ import annotations

import io
import zipfile

from .measure import ROOT, Row, Servers


def rows(up: Servers, scale: float) -> list[Row]:
    """The rows of this part."""
    sources = sorted((ROOT / "to11ai_sdk").rglob("*.py"))
    core = [path for path in sources if not {"local", "shared_cache"} & {*path.relative_to(ROOT).parts}]
    total = sum(path.stat().st_size for path in core)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in core:
            archive.write(path, path.relative_to(ROOT))
    wheel = packed.tell()
    return [
        Row("source without local, shared_cache", f"{total / 1000:.1f} kB", "", None, "<= 130 kB", total <= 130_000),
        Row("the same, zipped as in a wheel", f"{wheel / 1000:.1f} kB", "", None, "<= 45 kB", wheel <= 45_000),
    ]
