"""Names the bounds of the local to11: whatever could grow or run without end stops at one of them.

``docs/generate.py`` writes them into ``docs/local.md``, under the headings below.
"""

from __future__ import annotations

# Connections and requests of clients

MAX_CONNECTIONS = 4000
"""The most open connections of clients, each with a thread; further ones are answered with 503."""
MAX_IDLE_THREADS = 32
"""The most threads without a connection that wait for the next one."""
IDLE_THREAD_S = 10.0
"""How long such a thread waits before it ends."""
MAX_DESCRIPTORS = 65_536
"""The soft limit of open files that the server asks for at its start, if the hard limit allows it."""
IDLE_TIMEOUT_S = 60.0
"""How long a connection without a request stays open."""
HEAD_TIMEOUT_S = 10.0
"""How long the head of a request may take from its first byte on; then it is answered with 408."""
BODY_TIMEOUT_S = 30.0
"""How long the body of a request may pause; then it is answered with 408."""
DRAIN_S = 20.0
"""How long requests in progress, such as streams, may go on after SIGTERM. After Ctrl-C or a second signal they end at
once, or after 5 s at most."""
READY_WAIT_S = 2.0
"""How long ``/ready`` waits for the store; then it answers 503."""
SEND_TIMEOUT_S = 300.0
"""How long a client may read nothing of its reply; then its connection is closed."""
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
MAX_REMEMBERED_BYTES = 64 * 2**20
"""The most bytes of the bodies in ``LocalTo11.requests``; beyond that the oldest requests are dropped."""
MAX_CACHED_HOSTS = 100
"""The most values of the header ``Host`` that are kept as expected; others are checked each time."""
MIN_GIVEN_KEY = 24
"""The fewest characters of a key in ``TO11_LOCAL_API_KEY``."""
MAX_GIVEN_KEY = 512
"""The most characters of such a key."""

# The inspector

LOGIN_LINK_S = 600.0
"""How long the link to the inspector, which is printed at the start, works; it works once."""
INSPECTOR_SESSION_S = 43_200.0
"""How long a browser stays signed in to the inspector."""
MAX_INSPECTOR_BODY = 1 * 2**20
"""The most bytes of a form that is sent to the inspector; more is refused with 413."""
RECORDING_S = 300.0
"""How long the inspector keeps recording after somebody last looked at the calls; then it deletes them."""
MAX_RECORDED_CALLS = 100
"""The most calls that the inspector records; beyond that the oldest ones are dropped."""
MAX_RECORDED_BODY = 128 * 2**10
"""The most bytes that the inspector records of a body, and of its reply."""
MAX_SHOWN_TEXT = 200_000
"""The most characters of a text that the inspector shows."""
MAX_SHOWN_LINES = 3000
"""The most lines that the inspector shows of a version of a prompt."""
MAX_DIFF_LINES = 600
"""The most lines from the first to the last difference of two versions that are compared with each other."""
MAX_DIFF_LINE = 2000
"""The most characters of two lines that are compared word by word."""
MAX_DIFF_WORK = 2_000_000
"""The most pairs of words that are compared for a page."""
MAX_INJECTED_TIMES = 100
"""The most requests that a click makes fail."""
MAX_INJECTED_DELAY_S = 60.0
"""The longest delay that a click adds."""

# Workers

MAX_WORKERS = 64
"""The most worker processes."""
WORKER_STEADY_S = 1.0
"""How long a worker must have lived to be started again at once when it ends."""
WORKER_PAUSE_S = 0.1
"""How long the supervisor waits before it replaces a worker that ended sooner; doubled each time."""
MAX_WORKER_PAUSE_S = 2.0
"""The longest of these waits."""
MAX_FIRST_STARTS = 3
"""How often a worker may end without saying why before all were ready once; then the supervisor gives up."""
MAX_WORKER_STARTS = 30
"""How often in a row a worker may end so soon, later on; then the supervisor gives up."""
WORKER_ASKED_S = 0.5
"""How often a worker is asked whether it is there; one that has not answered by the next time gets no connections."""
MAX_WORKER_SILENCE_S = 30.0
"""How long a worker may not answer; then it is killed, and another one started."""

# The store

STORAGE_WAIT_S = 5.0
"""How long a write waits for another program that holds the data file; then it is answered with 503."""
STATEMENT_WAIT_S = 30.0
"""How long one statement may take on PostgreSQL, and a transaction there may pause; then PostgreSQL ends it."""
RESTART_WAIT_S = 2.0
"""How long a call waits while PostgreSQL starts or has no connection left; then it is answered with 503."""
"""How long a call waits for PostgreSQL while it starts or has no connection left; then the call gets 503."""
VERSION_AGE_S = 0.2
"""How long the gateway relies on what it has read from PostgreSQL before it asks whether that has changed."""
MAX_STORE_CONNECTIONS = 10
"""The most connections of one server, or of each of its workers, to PostgreSQL."""
MAX_READERS = 8
"""The most connections that read the data file at once."""
MAX_IDLE_LOG_BYTES = 16 * 2**20
"""The most bytes that the write-ahead log of the data file keeps when all of it is in the file."""
MAX_MOVED_LINE = 32 * 2**20
"""The most bytes of a line in the file of ``to11ai local import``, which is one row."""
MAX_CACHED_READS = 1000
"""The most results of queries that are kept in memory for the calls of the gateway; more, and all are forgotten."""
MAX_CACHED_NAMES = 1000
"""The most names of models whose providers are kept in memory; beyond that the oldest are dropped."""
MAX_CACHED_TEXT = 200
"""The most characters of a name or value of a caller for either; longer ones are looked up each time."""

# JSON, templates and conditions

MAX_DEPTH = 32
"""The most levels of arrays and objects in a ``variablesSchema`` and in variables."""
MAX_KEPT_DEPTH = 64
"""The most levels of a stored document: a template, the settings of a model, the snapshot of a rule."""
MAX_BODY_VALUES = 100_000
"""The most values and names in the JSON of a request's body to the control plane; more is refused with 413."""
MAX_GATEWAY_VALUES = 500_000
"""The most values and names in the JSON of a request's body to the gateway; more is refused with 413."""
LONG_BODY = 50_000
"""Requests to the control plane with more bytes take turns, and those whose checks or renderings take long."""
MAX_GATEWAY_DEPTH = 200
"""The most levels in the body of a call to the gateway."""
MAX_TRANSLATED_DEPTH = 64
"""The most levels in a body that the gateway translates, and in the arguments of a tool."""
MAX_TEMPLATE_LENGTH = 500_000
"""The most characters of one Liquid template."""
MAX_TAGS = 5_000
"""The most tags and outputs of one Liquid template; a tag counts again for each of its lines and every 100
characters."""
MAX_TAG_LENGTH = 10_000
"""The most characters of one tag or output."""
MAX_BLOCKS = 500
"""The most blocks of a chat template."""
MAX_TEMPLATE_WORK = 20_000_000
"""The most units of work of one rendering, each about one character; at worst they take about half a second of CPU."""
MAX_TEMPLATE_OUTPUT = 1_000_000
"""The most bytes of text of one rendering, all blocks together."""
MAX_TEMPLATE_VALUE = 1_000_000
"""The most characters and items of one value inside a template."""
MAX_EXPRESSION = 100_000
"""The most units of work to read one condition of a block or rule: 5 for each value, and 1 for 8 characters."""

# JSON Schemas

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
MAX_PATTERNS_SIZE = 120_000
"""The most characters and instructions of all different regular expressions in a schema, each of which counts as 40
more; ``^[a-z]{1,20}$`` has about 45 instructions."""
MAX_KEPT_PATTERNS = 64
"""How many regular expressions are kept compiled; a check that uses more counts the work to compile the others."""
MAX_PATTERN_SEARCH = 40_000_000
"""The most instructions of a regular expression times bytes of the text that it is tried on."""
MAX_PATTERN_CPU_S = 0.25
"""The most CPU time that the regular expressions of one check use together."""
MAX_PATTERN_MEMORY = 2 * 2**20
"""The most bytes of memory of one regular expression; see ``MAX_KEPT_PATTERNS``."""

# Calls to providers

MAX_UPSTREAM_REPLY = 64 * 2**20
"""The most bytes of a provider's reply, after decompression; see ``max_reply_bytes`` in the configuration."""
MAX_EVENT = 16 * 2**20
"""The most bytes of one event of a stream."""
MAX_UPSTREAM_HEAD = 256 * 2**10
"""The most bytes of the head of a provider's reply, with all interim replies (1xx) before it."""
MAX_UPSTREAM_FIELDS = 200
"""The most header lines of a provider's reply."""
MAX_UPSTREAM_CHUNK_LINE = 8 * 2**10
"""The most bytes of a line between the chunks of a provider's reply: a size with its extensions, or a trailer."""
STREAM_END_S = 0.1
"""How long a complete translated stream waits for each piece of the end of its reply, to keep the connection."""
MAX_IDLE_UPSTREAM = 128
"""The most idle connections kept to one provider."""
MAX_IDLE_UPSTREAM_S = 50.0
"""How long an idle connection to a provider is kept: middleboxes drop them silently."""
MAX_RETRIES = 10
"""The most retries of a routing rule; more count as this many."""
MAX_BACKOFF_MS = 60_000
"""The longest wait before a retry."""

# Guardrails and cache

MAX_STREAM_TEXT = 64 * 2**10
"""The most bytes of a stream's text in UTF-8 that the guardrails check."""
MAX_PHONE_WORK = 100_000
"""The most work that the search for phone numbers does in one text: 8 for a place or a text that may be one, 40 for a
look into the numbering plan of a country. What follows in the text is not searched for phone numbers."""
MAX_CACHED_REPLIES = 1000
"""The most replies in the cache; beyond that the oldest are dropped."""
MAX_CACHED_BYTES = 64 * 2**20
"""The most bytes of the bodies of all replies in the cache."""
MAX_CACHED_REPLY = 4 * 2**20
"""The most bytes of one reply that is cached."""
CACHE_WAIT_S = 1.0
"""How long a reply waits to be cached while another program holds the data file; then it is not cached."""
MAX_AWAITED_CALLS = 3
"""How often a call waits for the reply of an identical one before it asks the provider itself."""
MAX_AWAITED_S = 60.0
"""How long it waits each time."""

# Traces

MAX_TRACES = 100_000
"""The most traces, of all projects together; beyond that the oldest are dropped."""
MAX_TRACE_BYTES = 64 * 2**20
"""The most bytes of text of all traces together; beyond that the oldest are dropped."""
MAX_SHOWN_TRACES = 1000
"""The most traces that one request returns."""
MAX_SPAN_TEXT = 1000
"""The most characters of a text in a trace, such as the name of a model; the rest is cut off."""
MAX_SPAN_LABELS = 20
"""The most labels of a prompt in a trace."""
SPAN_PAUSE_S = 0.2
"""How long traces wait to be written together: as much is lost when the process is killed."""
SPANS_AT_ONCE = 500
"""The most traces that one transaction writes."""
SPAN_RETRY_S = 1.0
"""How long traces wait before they are written again when the data file could not be written."""
MAX_WAITING_SPANS = 20_000
"""The most traces that wait while the data file cannot be written; beyond that the oldest are dropped."""
MAX_OTLP_SPANS = 8192
"""The most spans that wait for an OpenTelemetry collector; beyond that the newest are dropped."""
MAX_OTLP_ITEMS = 50
"""The most items of a list in a span for a collector: events of attempts, finish reasons."""
MAX_OTLP_ITEM_TEXT = 200
"""The most characters of a text in such a list."""
OTLP_PAUSE_S = 1.0
"""How long spans wait to be sent to a collector together."""
OTLP_AT_ONCE = 512
"""The most spans that one request to a collector has."""
OTLP_TIMEOUT_S = 10.0
"""How long one request to a collector may take by default, with its retries."""
MAX_OTLP_TIMEOUT_S = 60.0
"""The longest such time that is accepted: other software reads ``OTEL_EXPORTER_OTLP_TIMEOUT`` as milliseconds."""
MAX_OTLP_REPLY = 64 * 2**10
"""The most bytes that are read of a collector's reply."""
OTLP_CLOSE_S = 3.0
"""How long a server that stops waits for a collector to take the last spans."""
OTLP_LOG_S = 60.0
"""How often at most the log says that spans were not sent to a collector."""
MAX_OTLP_NAMES = 1000
"""The most slugs of prompts that are cached for spans."""
OTLP_NAMES_S = 10.0
"""How long such a slug is used before it is read again."""

# echo

MAX_FILES = 1000
"""The most files of a project."""
MAX_FILES_BYTES = 256 * 2**20
"""The most bytes of all files of a project."""
MAX_FILE_LIFE_S = 30 * 24 * 3600
"""The longest life of a file that expires, as at OpenAI."""
MAX_KEPT_RESPONSES = 1000
"""The most responses of a provider and project that are kept; beyond that the least recently used are dropped."""
MAX_KEPT_RESPONSES_BYTES = 16 * 2**20
"""The most bytes of JSON of the items of all these responses."""
ECHO_WAIT_S = 1.0
"""How long a reply of `echo` waits for other writes to the store, to be kept there for other processes, too."""
MAX_TALLIES = 10_000
"""The most requests with ``times=`` whose failures are counted; beyond that the oldest are forgotten."""

# pull and push

MAX_PROJECT_FILE = 16 * 2**20
"""The most bytes of a file that ``to11ai pull`` and ``to11ai push`` read."""
