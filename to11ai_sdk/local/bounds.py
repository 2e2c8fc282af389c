"""Names the bounds of the local to11: whatever could grow or run without end stops at one of them."""

from __future__ import annotations

MAX_UPSTREAM_REPLY = 64 * 2**20
"""The most bytes of a provider's reply, after decompression; see ``max_reply_bytes`` in the configuration."""

STORAGE_WAIT_S = 5.0
"""How long a write waits, in seconds, for another program that holds the data file."""
MAX_READERS = 8
"""How many connections read the data file at once."""
