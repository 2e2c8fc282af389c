"""Writes ``docs/clients.md`` from the results of the clients' tests.

``python -m tests.clients.page REPORT`` fails if the page differs from the report; ``--write`` writes the page.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import coding_agents
from .adapters import CLIENTS
from .asked import CAPABILITIES
from .probe import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .client import Client

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
HEAD = """# Clients of the gateway

This page lists SDKs and frameworks that work with the gateway: how to configure each, what works, what does not, and
what may surprise you. `nox -s clients -- --write` generates it by running each client against a local to11. Do not edit
it by hand.

Each client ran six tasks: a chat, a stream, a conversation of three turns with a tool, an answer as JSON of a given
schema, an agent that calls a tool by itself and ends, and an image. It ran them with `gpt-4o` and with
`claude-sonnet-4-6`; one of them uses the client's own format, and the other is translated. The tests compare the
answers and the token counts with the expected ones. They also check the exceptions for a wrong key, an unknown model, a
429, a 500 and an error inside a stream and, in Python, the exception that `raise_for_gateway` raises for each.

In the Python examples `client` is `to11ai_sdk.create_client(...)`, or `to11.client()` of a local to11; `gateway_url` is
`https://gw.to11.ai/v1`, or `to11.gateway_url`. The examples for Node read the variables that `to11ai local` prints. The
provider's key is stored in to11.
"""
MOMENT_S = 5
NAMES = {"errors": "errors", "stream_error": "broken stream", "agent": "agent or runner"}


def page(report: dict[str, dict[str, Any]]) -> str:
    """Return the whole page."""
    parts = [HEAD, "## What works", capabilities(report), "## What they send", sent(report)]
    parts += ["## How often they retry", TRIES, tries(report), "## How to point them at the gateway", *sections()]
    parts += ["## Coding agents", coding_agents.section()]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines)


def capabilities(report: dict[str, dict[str, Any]]) -> str:
    """Return the table of what works with each client."""
    head = ["client", "version", *(NAMES.get(name, name) for name in CAPABILITIES)]
    rows = [
        [client.title, version(client, report), *(able(client, name, report) for name in CAPABILITIES)]
        for client in CLIENTS
    ]
    return table(head, rows)


def version(client: type[Client], report: dict[str, dict[str, Any]]) -> str:
    """Return the version that ran."""
    return str(report.get(client.title, {}).get("version", "did not run"))


def able(client: type[Client], capability: str, report: dict[str, dict[str, Any]]) -> str:
    """Return whether a capability works, and with which models."""
    done = report.get(client.title, {}).get(capability, {})
    could = [model for model in client.models if client.can(capability, model) is None]
    if not could:
        return "-"
    works = [model for model in could if done.get(model) == ""]
    if broken := [model for model in could if model not in works]:
        return f"fails with {', '.join(broken)}"
    return "yes" if len(works) == len(client.models) else f"only {', '.join(works)}"


TRIES = """The number of requests that one call makes if every request gets the reply in the head of the column, and the
longest wait between two of them. The tests recorded the waits without sleeping; *a moment* is less than 5 s."""


def sent(report: dict[str, dict[str, Any]]) -> str:
    """Return the table of paths, and of the headers with the key and the version of the API."""
    head = ["path after the base URL", "a final slash of the base URL", "header with the key", "`anthropic-version`"]
    return grouped(head, {title: sent_cells(found) for title, found in measured(report)})


def sent_cells(found: dict[str, Any]) -> tuple[str, ...]:
    slash = "is not doubled" if found["plain"] == found["slash"] else "is doubled"
    return f"`{found['plain'].removeprefix('/base')}`", slash, f"`{found['key']}`", found["version"] or "-"


def tries(report: dict[str, dict[str, Any]]) -> str:
    """Return the table of the requests that one call makes."""
    cells = {
        title: tuple(tried(name, found["requests"][name]) for name in SCENARIOS) for title, found in measured(report)
    }
    return grouped([f"`{name}`" for name in SCENARIOS], cells)


def tried(name: str, made: dict[str, Any]) -> str:
    """Return the number of requests and the longest wait between two of them."""
    if made["requests"] == 1:
        return "1"
    longest = max(made["waits"], default=0)
    if "Retry-After" in name and longest == int(name.rpartition(" ")[2]):
        return f"{made['requests']}, {longest:g} s apart"
    return f"{made['requests']}, {'a moment' if longest < MOMENT_S else f'up to {longest:g} s'} apart"


def measured(report: dict[str, dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Return the clients whose requests were recorded."""
    return [(each.title, found) for each in CLIENTS if (found := report.get(each.title, {}).get("measured"))]


def grouped(head: list[str], cells: dict[str, tuple[str, ...]]) -> str:
    """Return a table with one row for all clients with the same cells."""
    titles: dict[tuple[str, ...], list[str]] = {}
    for title, row in cells.items():
        titles.setdefault(row, []).append(title)
    return table(["client", *head], [["; ".join(names), *row] for row, names in titles.items()])


def sections() -> Iterator[str]:
    """Yield a section for each client: its code and its notes. Clients with the same code share a section."""
    by_lines: dict[str, list[type[Client]]] = {}
    for client in CLIENTS:
        by_lines.setdefault(client.lines(), []).append(client)
    for lines, clients in by_lines.items():
        yield f"### {' and '.join(client.title for client in clients)}"
        yield f"```{'python' if clients[0].language == 'python' else 'js'}\n{lines}\n```"
        yield "\n".join(notes(clients))


def notes(clients: list[type[Client]]) -> Iterator[str]:
    """Yield the notes of clients that share a section, each once; one that is not for all of them names its client."""
    known_by = {client.title: list(known(client)) for client in clients}
    said = dict.fromkeys(text for texts in known_by.values() for text in texts)
    for text in said:
        titles = [title for title, texts in known_by.items() if text in texts]
        yield f"- {text}" if len(titles) == len(clients) else f"- **{', '.join(titles)}.** {text}"


def known(client: type[Client]) -> Iterator[str]:
    """Yield the notes of a client: what it cannot do, the exceptions that it raises, and other facts."""
    for missing, names in reasons(client).items():
        yield f"{', '.join(names)}: {missing}."
    if client.classes:
        yield f"Exceptions: {exceptions(client)}."
    yield from client.notes


def exceptions(client: type[Client]) -> str:
    """Return the classes of its exceptions, each with the errors that it stands for."""
    kinds = {"key": "401", "model": "404", "rate": "429", "server": "500", "stream": "in a stream"}
    by_name: dict[str, list[str]] = {}
    for kind, name in client.classes.items():
        if isinstance(kind, str) and (kind != "stream" or client.can("stream_error", client.models[0]) is None):
            by_name.setdefault(name, []).append(kinds[kind])
    return ", ".join(f"`{name}` ({', '.join(said)})" for name, said in by_name.items())


def reasons(client: type[Client]) -> dict[str, list[str]]:
    """Return the capabilities that a client lacks, by the reason."""
    found: dict[str, list[str]] = {}
    for what, missing in client.cannot.items():
        name, model = what if isinstance(what, tuple) else (what, "")
        name = NAMES.get(name, name)
        found.setdefault(missing.why, []).append(f"{name} with {model}" if model else name)
    return found


def main(path: str, *options: str) -> int:
    """Check the page, or write it."""
    report = json.loads(Path(path).read_text("utf-8"))
    if left := [client.title for client in CLIENTS if "measured" not in report.get(client.title, {})]:
        print(f"the report is incomplete; these clients did not run: {'; '.join(left)}")
        return 1
    text = page(report)
    if "--write" in options:
        PAGE.write_text(text, "utf-8")
    elif not PAGE.exists() or PAGE.read_text("utf-8") != text:
        print(f"{PAGE.name} differs from the report; run nox -s clients -- --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
