"""A fleet in an outage, and its deploy: ``python -m bench.fleet [--clients 10000] [--plot docs/fleet.svg]``.

Each client resolves one prompt every half minute or so, for an hour; in the middle the server is out of order for ten
minutes, wholly (an outage) or for every second request (a brown-out). Time is virtual and there are no sockets, but the
retry and cache code is that of the SDK. Beside it runs a client without retry budget, jitter and stale-if-error.
``bench.deploy`` is the deploy; ``--only deploy`` or ``--only outage`` leaves the other out.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from to11ai_sdk import To11aiClient, To11aiError
from to11ai_sdk._http.exchange import Reply
from to11ai_sdk._http.transport import Transport
from to11ai_sdk.behaviors import BehaviorStore
from to11ai_sdk.cache import PromptCache

from . import deploy
from .server import prompt

HOUR_S = 3600.0
BEGINS_S, ENDS_S = 1500.0, 2100.0
PACE_S = 30.0
TTL_S = 300.0
BIN_S = 30.0
ANSWER_S = 0.05

_OK = Reply(200, {}, json.dumps({"success": True, "data": prompt(1)}).encode())
_DOWN = Reply(503, {}, b"", "Service Unavailable")


@dataclass
class Tally:
    """What a fleet did: requests in each bin of time, calls that got a prompt, calls that failed."""

    load: list[int] = field(default_factory=lambda: [0] * round(HOUR_S * 1.1 / BIN_S))
    answered: int = 0
    failed: int = 0

    @property
    def requests(self) -> int:
        """All requests the server received."""
        return sum(self.load)

    def during(self) -> int:
        """Requests while the server was out of order."""
        return sum(self.load[round(BEGINS_S / BIN_S) : round(ENDS_S / BIN_S)])


class Simulated:
    """One client's clock, and the server as it meets it.

    Args:
        tally: counts the requests.
        share: of the requests that fail while the server is out of order.
        chance: random numbers of this client.
    """

    def __init__(self, tally: Tally, share: float, chance: random.Random) -> None:
        self.now = 0.0
        self._tally = tally
        self._share = share
        self._chance = chance

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.now += seconds

    def prepare(self) -> None:
        """Load nothing: there is no network."""

    def __call__(self, *_: object) -> Reply:
        """Answer a request, or fail it."""
        self._tally.load[int(self.now / BIN_S)] += 1
        self.sleep(ANSWER_S)
        down = BEGINS_S <= self.now < ENDS_S and self._chance.random() < self._share
        return _DOWN if down else _OK


def ours(server: Simulated, chance: random.Random) -> Callable[[], object]:
    """A call of the SDK on virtual time."""
    transport = Transport(
        api_key="secret-key",
        base_url="https://api.to11.test",
        timeout_s=30.0,
        max_retries=3,
        total_timeout_s=None,
        on_envelope=_ignore,
        exchange=server,  # type: ignore[arg-type]
        clock=lambda: server.now,
        sleep=server.sleep,
        jitter=chance.random,
    )
    cache = PromptCache(ttl_s=TTL_S, max_entries=100, stale_if_error_s=3600.0, clock=lambda: server.now)
    client = To11aiClient(parts=lambda: (transport, cache), behaviors=BehaviorStore())
    return lambda: client.prompts.resolve(project_id="p", slug="s", labels=["production"])


def plain(server: Simulated, chance: random.Random) -> Callable[[], object]:
    """A call of a client that caches and retries, but without budget, jitter and stale-if-error."""
    fresh_until = -1.0

    def call() -> None:
        nonlocal fresh_until
        if server.now < fresh_until:
            return
        for attempt in range(4):
            if server().status == 200:
                fresh_until = server.now + TTL_S
                return
            server.sleep(0.2 * 2**attempt)
        raise To11aiError("down")

    return call


def _ignore(envelope: Mapping[str, object]) -> None:
    """No behaviours here."""


def run(kind: Callable[[Simulated, random.Random], Callable[[], object]], clients: int, share: float) -> Tally:
    """An hour of a fleet; each client has a seed of its own and meets no other."""
    tally = Tally()
    for number in range(clients):
        chance = random.Random(number)
        server = Simulated(tally, share, chance)
        call = kind(server, chance)
        server.sleep(chance.uniform(0, TTL_S))
        while server.now < HOUR_S:
            try:
                call()
                tally.answered += 1
            except To11aiError:
                tally.failed += 1
            server.sleep(chance.uniform(0.5, 1.5) * PACE_S)
    return tally


def svg(curves: Mapping[str, tuple[str, list[int]]], title: str, top: int) -> str:
    """One panel: load over time, as an SVG group 760 by 200."""
    high = max(max(load) for _, load in curves.values())
    x, y = (lambda s: 60 + s / HOUR_S * 680), (lambda n: top + 170 - n / high * 140)
    parts = [
        f'<text x="60" y="{top + 16}" font-weight="bold">{title}</text>',
        f'<rect x="{x(BEGINS_S):.0f}" y="{top + 30}" width="{x(ENDS_S - BEGINS_S) - 60:.0f}" height="140" '
        'fill="#f3e3e3"/>',
        f'<text x="54" y="{top + 34}" text-anchor="end">{high / BIN_S:.0f}/s</text>',
        f'<text x="54" y="{top + 174}" text-anchor="end">0</text>',
    ]
    for number, (name, (colour, load)) in enumerate(curves.items()):
        points = " ".join(f"{x(i * BIN_S):.1f},{y(n):.1f}" for i, n in enumerate(load[: round(HOUR_S / BIN_S)]))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts.append(f'<text x="740" y="{top + 16 + 14 * number}" text-anchor="end" fill="{colour}">{name}</text>')
    return "\n".join(parts)


def plot(panels: list[str]) -> str:
    """The panels as one picture."""
    height = 200 * len(panels) + 20
    style = 'font-family="sans-serif" font-size="12"'
    frame = f'<rect width="760" height="{height}" fill="white"/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {height}" {style}>'
    return "\n".join([head, frame, *panels, "</svg>"]) + "\n"


def main() -> None:
    """Simulate, print the figures, draw the plot."""
    parser = argparse.ArgumentParser(prog="python -m bench.fleet", description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--only", choices=["outage", "deploy"])
    options = parser.parse_args()
    logging.getLogger("to11ai_sdk").addHandler(logging.NullHandler())
    if options.only != "outage":
        deploy.main(options.clients)
    if options.only != "deploy":
        outage(options)


def outage(options: argparse.Namespace) -> None:
    """Two bad hours of a fleet."""
    healthy = run(ours, options.clients, 0.0)
    print(f"{options.clients} clients, healthy: {healthy.requests} requests, {healthy.failed} failed calls")
    panels = []
    for title, share in (("10-minute outage", 1.0), ("10-minute brown-out, every second request fails", 0.5)):
        tallies = {"to11ai-sdk": run(ours, options.clients, share), "plain client": run(plain, options.clients, share)}
        for name, tally in tallies.items():
            print(
                f"{title}, {name}: {tally.requests / healthy.requests:.2f} x the healthy requests in the hour, "
                f"{tally.during() / healthy.during():.2f} x meanwhile, {tally.failed} failed calls"
            )
        colours = {"to11ai-sdk": "#1a6", "plain client": "#c33"}
        panels.append(svg({name: (colours[name], t.load) for name, t in tallies.items()}, title, 200 * len(panels)))
    if options.plot:
        options.plot.write_text(plot(panels))


if __name__ == "__main__":
    main()
