"""Names the bounds of the local to11: whatever could grow or run without end stops at one of them."""

from __future__ import annotations

MAX_UPSTREAM_REPLY = 64 * 2**20
"""The most bytes of a provider's reply, after decompression; see ``max_reply_bytes`` in the configuration."""

STREAM_LIMIT = 65_536
"""The bytes of a stream's text in UTF-8 that the guardrails check: 64 KB."""
MAX_PHONE_WORK = 100_000
"""The most work that the search for phone numbers does in one text: 1 for a place that may be one, 10 for a look into
the numbering plan of a country. What follows in the text is not searched for phone numbers."""
