"""The floor: the server and the connections to the provider alone: ``python -m bench.gateway.floor URL``.

It prints its port. Each request goes to the provider as it came, and the reply comes back as it is: without keys,
projects, formats, routing, guardrails and traces.
"""

from __future__ import annotations

import signal
import sys
from threading import Event

from to11ai_sdk.local.gateway.provider import UpstreamRequest
from to11ai_sdk.local.gateway.upstream.http_provider import UpstreamProvider
from to11ai_sdk.local.http.application import HttpReply, HttpRequest
from to11ai_sdk.local.http.http_server import Server

PREFIX = "/v1"
KEPT = ("content-type",)


class Forward:
    """An application that hands requests to a provider."""

    max_body = 2**26

    def __init__(self, base_url: str) -> None:
        self.provider = UpstreamProvider(dialect="openai", base_url=base_url)

    def __call__(self, request: HttpRequest) -> HttpReply:
        """Ask the provider, and read its reply whole."""
        headers = {name: request.headers[name] for name in KEPT if name in request.headers}
        path = request.target.path.removeprefix(PREFIX)
        sent = UpstreamRequest(request.method, path, headers, request.body, hang_up=request.hang_up)
        reply = self.provider.send(sent)
        headers = {name: reply.headers[name] for name in KEPT if name in reply.headers}
        return HttpReply(reply.status, headers, b"".join(reply.body))


def main() -> None:
    """Serve until the process is asked to stop."""
    forward, stopped = Forward(sys.argv[1]), Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    server = Server(lambda path: forward, 0)
    server.start()
    print(server.url.rpartition(":")[2], flush=True)
    stopped.wait()
    server.stop()


if __name__ == "__main__":
    main()
