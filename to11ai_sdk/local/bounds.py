"""Names the bounds of the local to11: whatever could grow or run without end stops at one of them."""

from __future__ import annotations

MAX_UPSTREAM_REPLY = 64 * 2**20
"""The most bytes of a provider's reply, after decompression; see ``max_reply_bytes`` in the configuration."""
MAX_UPSTREAM_HEAD = 256 * 2**10
"""The most bytes of the head of a provider's reply, with all interim replies (1xx) before it."""
MAX_UPSTREAM_FIELDS = 200
"""The most header lines of a provider's reply."""
MAX_UPSTREAM_CHUNK_LINE = 8 * 2**10
"""The most bytes of a line between the chunks of a provider's reply: a size with its extensions, or a trailer."""
MAX_IDLE_UPSTREAM = 128
"""The most idle connections kept to one provider."""
MAX_IDLE_UPSTREAM_S = 50.0
"""Seconds after which an idle connection to a provider is closed: middleboxes drop them silently."""

STORAGE_WAIT_S = 5.0
"""How long a write waits, in seconds, for another program that holds the data file."""
MAX_IDLE_LOG_BYTES = 16 * 2**20
"""How large the write-ahead log of the data file stays when all of it is in the file."""
CACHE_WAIT_S = 1.0
"""How long a reply waits, in seconds, to be cached; after that it is not, as the caller waits, too."""
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
SPAN_PAUSE_S = 0.2
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

MAX_REQUEST_HEAD = 128 * 2**10
"""The most bytes of a request's first line and headers; more is refused with 414 or 431."""
MAX_BODY = 8 * 2**20
"""The most bytes of a request's body to the control plane; more is refused with 413."""
MAX_GATEWAY_BODY = 64 * 2**20
"""The most bytes of a request's body to the gateway; more is refused with 413."""
MAX_DRAINED = 64 * 2**20
"""The most bytes that are read after a body became too long, so that its sender can read why."""
MAX_CHUNK_EXTENSIONS = 16 * 2**10
"""The most bytes of a body's chunk extensions and trailer, which are ignored; more is refused with 400."""
MAX_CONNECTIONS = 4000
"""The most open connections of clients, each with a thread; further ones are answered with 503."""
IDLE_TIMEOUT_S = 60.0
"""How long a connection without a request stays open, in seconds."""
HEAD_TIMEOUT_S = 10.0
"""How long the head of a request may take from its first byte on, in seconds; then it is answered with 408."""
BODY_TIMEOUT_S = 30.0
"""How long the body of a request may pause, in seconds; then it is answered with 408."""
SEND_TIMEOUT_S = 300.0
"""How long a client may read nothing of its reply, in seconds; then its connection is closed."""
MAX_DESCRIPTORS = 65_536
"""The soft limit of open files that the server asks for at its start, if the hard limit allows it."""
MAX_TEMPLATE_WORK = 20_000_000
"""The most units of work of one rendering, each about one character; at worst they take about half a second of CPU."""
MAX_TEMPLATE_OUTPUT = 1_000_000
"""The most bytes of text of one rendering, all blocks together."""
MAX_TEMPLATE_VALUE = 1_000_000
"""The most characters and items of one value inside a template."""
MAX_EXPRESSION = 100_000
"""The most units of work to read one condition of a block or rule: 5 for each value, and 1 for 8 characters."""

MAX_SCHEMA_SIZE = 20_000
"""The most values in one JSON Schema: objects, arrays, texts, numbers."""
MAX_SCHEMA_TEXT = 1_000_000
"""The most characters of the JSON of a ``variablesSchema``."""
MAX_SCHEMA_WORK = 12_000_000
"""The most units of work to check one value against a schema, or to make one for it; 20 are about a microsecond."""
MAX_PATTERN = 2_000
"""The most characters of a regular expression in a schema."""
MAX_PATTERN_ATOMS = 20_000
"""The most characters and classes of a regular expression in which every repetition is written out. A class with
characters beyond ASCII, such as ``.``, counts as 4."""
MAX_PATTERN_PROGRAM = 120_000
"""The most instructions of all regular expressions in a schema; ``^[a-z]{1,20}$`` has about 45."""
MAX_PATTERN_SEARCH = 40_000_000
"""The most instructions of a regular expression times bytes of the text that it is tried on."""
MAX_PATTERN_CPU_S = 0.25
"""The most seconds of CPU that the regular expressions of one check use together."""
MAX_PATTERN_MEMORY = 2 * 2**20
"""The most bytes of memory of one regular expression; those of the 64 used last are kept."""
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
MAX_REMEMBERED_READS = 1000
"""The most results of queries that are kept in memory for the calls of the gateway; more, and all are forgotten."""
MAX_REMEMBERED_NAMES = 1000
"""The most names of models whose providers are kept in memory; beyond that the oldest are dropped."""
MAX_REMEMBERED_TEXT = 200
"""The most characters of a name or value of a caller for either; longer ones are looked up each time."""
