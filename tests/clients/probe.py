"""Measures what each client sends, and how often: ``python -m tests.clients.probe`` prints JSON.

It runs in a process of its own, in which nobody sleeps: waits are noted, and are over at once.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tests.faults.server import KEEP, READ, ScriptedServer, http
from to11ai_sdk.gateway import MANAGED_KEY, gateway_auth_headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from .client import Client

WAITS: list[float] = []
NOTICED_S = 0.1
"""Shorter waits are no waits between tries."""
SCENARIOS: dict[str, tuple[int, dict[str, str]]] = {
    "409": (409, {}),
    "429, Retry-After 1": (429, {"Retry-After": "1"}),
    "429, Retry-After 60": (429, {"Retry-After": "60"}),
    "429, Retry-After 121": (429, {"Retry-After": "121"}),
    "429, Retry-After 300": (429, {"Retry-After": "300"}),
    "500": (500, {}),
    "500, x-should-retry: false": (500, {"x-should-retry": "false"}),
}
BODY = {"type": "error", "error": {"type": "api_error", "message": "m", "code": "c"}, "message": "m"}


class Given:
    """Stands for our client; gives the base URL as it is, where ours would put it right."""

    def __init__(self) -> None:
        self._transport = type("Key", (), {"api_key": "k"})

    def openai_options(self, *, project_id: str, gateway_url: str) -> dict[str, Any]:
        headers = gateway_auth_headers("k", project_id)
        return {"base_url": gateway_url, "api_key": MANAGED_KEY, "default_headers": headers}

    anthropic_options = openai_options


def sleep_never() -> None:
    """Note every wait of this process, and end it at once."""
    real = asyncio.sleep

    def sleep(seconds: float) -> None:
        if seconds >= NOTICED_S:
            WAITS.append(seconds)

    async def pause(delay: float, result: Any = None) -> Any:
        sleep(delay)
        return await real(0, result)

    time.sleep = sleep
    asyncio.sleep = pause  # type: ignore[assignment]
    os.environ["TO11_NOTE_WAITS"] = "1"  # The same for Node, in serve.mjs.


def measure(client: type[Client], server: ScriptedServer) -> dict[str, Any]:
    """What a client sends, and how often."""
    found: dict[str, Any] = {}
    for name, base in (("plain", "/base"), ("slash", "/base/")):
        first = asked(made(client, server, base), server, 400, {})[0][0]
        found[name] = first.target.partition("?")[0]
    found["key"] = next((name for name, value in first.headers.items() if MANAGED_KEY in value), "none")
    found["version"] = first.headers.get("anthropic-version", "")
    found["agent"] = first.headers.get("user-agent", "")
    found["to11"] = first.headers.get("x-to11-authorization") == "Bearer k"
    counts = {}
    for name, (status, headers) in SCENARIOS.items():
        # A new one each time: some keep a connection that belongs to the event loop of the call before.
        requests, waits = asked(made(client, server, "/v1"), server, status, headers)
        counts[name] = {"requests": len(requests), "waits": waits}
    found["requests"] = counts
    return found


def made(client: type[Client], server: ScriptedServer, base: str) -> Client:
    """A client, made by the lines of the page, with a base URL of the server."""
    given: Any = Given()
    return client(client.connect(given, "p", server.url + base, client.models[0]), client.models[0])


def asked(client: Any, server: ScriptedServer, status: int, headers: dict[str, str]) -> tuple[list[Any], list[float]]:
    """Make one call of which every try has the same reply; the requests, and the waits between them."""
    server.play((READ, http(status, BODY, headers), KEEP))
    server.requests.clear()
    WAITS.clear()
    quiet(lambda: client.errors("model"))
    return list(server.requests), client.waited() if hasattr(client, "waited") else list(WAITS)


def quiet(call: Callable[[], object]) -> None:
    with suppress(Exception):
        call()


def main() -> None:
    """Measure all clients, or those whose titles are given."""
    sleep_never()
    from . import places
    from .adapters import CLIENTS

    found = {}
    with ScriptedServer((READ,)) as server:
        for client in CLIENTS:
            if not sys.argv[1:] or client.title in sys.argv[1:]:
                found[client.title] = measure(client, server)
    places.stop_all()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
