"""What a fork waits for: it copies one thread and every lock as it is, held by a thread that is no longer there.

The import system and OpenSSL have locks that a child could then wait for without end.
"""

from __future__ import annotations

import os
from threading import RLock

undivided = RLock()
"""Held, for milliseconds and never over a wait for the network, where locks are taken that are not of this package."""

if hasattr(os, "register_at_fork"):  # pragma: no branch - not on Windows, which does not fork
    os.register_at_fork(before=undivided.acquire, after_in_parent=undivided.release, after_in_child=undivided.release)
