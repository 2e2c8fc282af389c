"""Adds the command ``to11ai snapshot``, which writes resolved prompts to a file for ``create_client``."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from ...cli.console import UsageError, is_terminal, json_value, safe, setting
from .terminal import safe_json

if TYPE_CHECKING:
    import argparse

    from ...cli.console import Commands
    from ...snapshot import Snapshot
    from .commands import MakeClient

HELP = "write resolved prompts to a file, for create_client(snapshot=...)"


def add_snapshot(commands: Commands, make_client: MakeClient) -> None:
    """Add the command."""
    command = commands.add_parser("snapshot", help=HELP, description=HELP)
    command.add_server()
    command.add_setting("project_id", "id of the project")
    text = "a label of the calls that it is for; repeat it for several, in their order"
    command.add_argument("--label", action="append", required=True, metavar="TEXT", help=text)
    text = "a prompt to take, can be repeated; by default all to which a label points"
    command.add_argument("--slug", action="append", metavar="TEXT", help=text)
    text = "by slug, an object of the variables to render a prompt with, or a list of such objects"
    command.add_argument("--variables", type=json_value, metavar="JSON", help=text)
    text = "leave out prompts that cannot be rendered with these variables"
    command.add_argument("--partial", action="store_true", help=text)
    text = "file to write, or - for the standard output, which is the default"
    command.add_argument("-o", "--output", metavar="FILE", help=text)
    command.set_defaults(run=partial(_snapshot, make_client))


def _snapshot(make_client: MakeClient, options: argparse.Namespace) -> int:
    from ...snapshot import Snapshot

    project_id = setting(options, "project_id")
    with make_client(options) as client:
        snapshot = Snapshot.take(
            client,
            project_id=project_id,
            labels=options.label,
            slugs=options.slug,
            variables=options.variables,
            partial=options.partial,
        )
    _write(snapshot, options.output)
    for slug in snapshot.left_out:
        print(f"left out, because it cannot be rendered with these variables: {safe(slug)}", file=sys.stderr)
    return 0


def _write(snapshot: Snapshot, path: str | None) -> None:
    if path is None or path == "-":
        _print(snapshot.to_bytes())
    else:
        try:
            snapshot.save(path)
        except OSError as exc:
            raise UsageError(f"{path} cannot be written: {exc.strerror}") from exc
        print(f"{safe(path)}: {len(snapshot)} prompt{'s' if len(snapshot) > 1 else ''}")


def _print(content: bytes) -> None:
    if is_terminal():
        print(safe_json(content.decode()), end="")
    elif sys.stdout:
        sys.stdout.buffer.write(content)
