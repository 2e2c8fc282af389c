"""Names the bounds of the local to11: whatever could grow or run without end stops at one of them."""

from __future__ import annotations

MAX_UPSTREAM_REPLY = 64 * 2**20
"""The most bytes of a provider's reply, after decompression; see ``max_reply_bytes`` in the configuration."""
MAX_UPSTREAM_HEAD = 256 * 2**10
"""The most bytes of the head of a provider's reply, with all interim replies (1xx) before it."""
MAX_UPSTREAM_FIELDS = 200
"""The most header lines of a provider's reply."""
MAX_IDLE_UPSTREAM = 128
"""The most idle connections kept to one provider."""
MAX_IDLE_UPSTREAM_S = 50.0
"""Seconds after which an idle connection to a provider is closed: middleboxes drop them silently."""

STORAGE_WAIT_S = 5.0
"""How long a write waits, in seconds, for another program that holds the data file."""
MAX_READERS = 8
"""How many connections read the data file at once."""

STREAM_LIMIT = 65_536
"""The bytes of a stream's text in UTF-8 that the guardrails check: 64 KB."""
MAX_PHONE_WORK = 100_000
"""The most work that the search for phone numbers does in one text: 1 for a place that may be one, 10 for a look into
the numbering plan of a country. What follows in the text is not searched for phone numbers."""
MAX_REMEMBERED_BYTES = 64 * 2**20
"""How many bytes the bodies of the requests in ``LocalTo11.requests`` have together; the oldest are dropped."""

MAX_FILES = 1000
"""How many files of ``echo`` a project may have."""
MAX_FILES_BYTES = 256 * 2**20
"""How many bytes the files of ``echo`` in a project may have together."""
MAX_FILE_LIFE_S = 30 * 24 * 3600
"""The longest life of a file of ``echo`` that expires, in seconds, as at OpenAI."""

MAX_TRACES = 100_000
"""How many spans are kept, of all projects together; beyond that the oldest are dropped."""
MAX_TRACE_BYTES = 64 * 2**20
"""How many bytes of text the spans have together; beyond that the oldest are dropped."""
MAX_SHOWN_TRACES = 1000
"""How many spans are shown at once."""
MAX_SPAN_TEXT = 1000
"""How many characters of a text, such as the name of a model, a span has; the rest is cut off."""
MAX_SPAN_LABELS = 20
"""How many labels of a prompt a span has."""
SPAN_PAUSE_S = 0.1
"""How long spans wait, in seconds, to be written together: as much is lost when the process is killed."""
SPANS_AT_ONCE = 500
"""How many spans are written in one transaction."""
SPAN_RETRY_S = 1.0
"""How long spans wait, in seconds, before they are written again when the data file could not be written."""
MAX_WAITING_SPANS = 20_000
"""How many spans wait while the data file cannot be written; beyond that the oldest are dropped."""

MAX_CACHED_REPLIES = 1000
"""The most replies in the gateway's cache; beyond that the oldest are dropped."""
MAX_CACHED_BYTES = 64 * 2**20
"""The most bytes of the bodies of all replies in the cache."""
MAX_CACHED_REPLY = 4 * 2**20
"""Bytes of the largest reply that is cached."""
MAX_AWAITED_CALLS = 3
"""How often a call waits for the reply of an identical one before it asks for its own."""
MAX_AWAITED_S = 60.0
"""How long, in seconds, it waits each time."""

MAX_RETRIES = 10
"""The most retries of a routing rule; more count as this many."""
MAX_BACKOFF_MS = 60_000
"""The longest wait before a retry, in milliseconds."""
MAX_EVENT = 16 * 2**20
"""The most bytes of one event of a stream."""
MAX_KEPT_RESPONSES = 1000
"""The most responses that ``echo`` keeps to continue them; beyond that the oldest are dropped."""
MAX_KEPT_RESPONSES_BYTES = 16 * 2**20
"""The most bytes of JSON of all responses that ``echo`` keeps."""
MAX_TALLIES = 10_000
"""The most requests to ``echo`` with ``times=`` whose failures are counted; beyond that the oldest are forgotten."""
