"""Makes the garbage collector work less, in a process that belongs to the server."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

_NEW_OBJECTS = 10_000


@contextmanager
def rarely_collected() -> Generator[None]:
    """Within the block, look for garbage less often, and not among the objects that exist at its start."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
