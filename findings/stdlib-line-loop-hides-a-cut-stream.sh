#!/usr/bin/env bash
# Python's http.client / urllib.request (3.10 to 3.13) with sseclient-py 1.9.0; requests 2.32.5 for comparison.
# Guess: a chunked reply that ends without its last chunk raises IncompleteRead, however it is read.
# What happens: read(), read(n) and read1() raise; `for line in reply`, readline() and readlines() just end, if the
# connection closes between two chunks (they peek first, and peek swallows the error). An SSE parser laid over
# urllib's reply thus ends like a complete stream; over requests the same parser raises ChunkedEncodingError.
# Why it matters: a line loop is the obvious way to read a model's stream with the standard library, servers flush
# one event per chunk, so a gateway that dies between two events looks like an answer that is complete.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check sseclient-py==1.9.0 requests==2.32.5
"$dir/venv/bin/python" - <<'PY'
import http.client
import socket
import sys
import threading
import urllib.request
from importlib.metadata import version

import requests
import sseclient

EVENT = b"data: one\n\n"
REPLY = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"%x\r\n%s\r\n" % (len(EVENT), EVENT)
)  # one whole chunk, then the end of the connection; the chunk of size 0 never comes
listener = socket.create_server(("127.0.0.1", 0))
URL = f"http://127.0.0.1:{listener.getsockname()[1]}/"


def serve():
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(REPLY)


def outcome(call):
    try:
        return f"no error: {call()!r}"
    except (http.client.IncompleteRead, requests.exceptions.ChunkedEncodingError) as error:
        return type(error).__name__


def opened():
    return urllib.request.urlopen(URL, timeout=10)


threading.Thread(target=serve, daemon=True).start()
print("python", sys.version.split()[0], "sseclient-py", version("sseclient-py"), "requests", version("requests"))
lines = [b"data: one\n", b"\n"]
results = {
    "read()": (outcome(lambda: opened().read()), "IncompleteRead"),
    "read(5) until empty": (outcome(lambda: list(iter(lambda r=opened(): r.read(5), b""))), "IncompleteRead"),
    "read1() until empty": (outcome(lambda: list(iter(opened().read1, b""))), "IncompleteRead"),
    "for line in reply": (outcome(lambda: list(opened())), f"no error: {lines}"),
    "readline() until empty": (outcome(lambda: list(iter(opened().readline, b""))), f"no error: {lines}"),
    "sseclient over urllib": (
        outcome(lambda: [event.data for event in sseclient.SSEClient(opened()).events()]),
        "no error: ['one']",
    ),
    "sseclient over requests": (
        outcome(lambda: [e.data for e in sseclient.SSEClient(requests.get(URL, stream=True, timeout=10)).events()]),
        "ChunkedEncodingError",
    ),
}
for way, (seen, expected) in results.items():
    print(f"{way:24} {seen}")
    assert seen == expected, (way, expected)
PY
