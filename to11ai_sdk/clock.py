"""The clocks of the client.

Each reading looks the clock up in :mod:`time`, so that tools that replace it in tests replace all of ours together.
"""

from __future__ import annotations

import time
from functools import partial
from operator import methodcaller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Not a function of ours: one more would be a tenth of a cache hit.
monotonic: Callable[[], float] = partial(methodcaller("monotonic"), time)
"""Seconds of a clock that never goes back."""
now: Callable[[], float] = partial(methodcaller("time"), time)
"""Seconds since 1970."""
