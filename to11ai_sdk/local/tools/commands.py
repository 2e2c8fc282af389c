"""Adds the commands for people at a machine; each imports its code when it runs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ...cli.console import setting
from ..project_files.commands import add_commands as add_project_commands
from .snapshots import add_snapshot

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from ...cli.console import Commands, Parser
    from ...client import To11aiClient

    MakeClient = Callable[[argparse.Namespace], To11aiClient]

DOCTOR_HELP = "check proxy, DNS, TLS, clock, key, project and gateway; changes nothing and prints no key"
COMPLETION_HELP = "print a script that completes commands and options in a shell"
DIFF_HELP = "compare two versions of a prompt, each given by number, id or label"
DIFF_CODES = "The exit code is 0 if they are the same, 1 if they differ, 2 for errors."


def add_tools(commands: Commands, parser: Parser, make_client: MakeClient) -> None:
    """Add all but ``prompts diff``; ``completion`` completes the words of the parser."""
    add_snapshot(commands, make_client)
    add_project_commands(commands, make_client)
    doctor = commands.add_parser("doctor", help=DOCTOR_HELP, description=DOCTOR_HELP)
    doctor.add_server()
    doctor.add_setting("project_id", "id of the project")
    text = "URL of the gateway (or TO11_GATEWAY_URL); known for the hosted API and on this machine"
    doctor.add_argument("--gateway-url", metavar="URL", help=text)
    doctor.add_argument("--timeout-s", type=float, default=10.0, metavar="N", help="most seconds for a call (10)")
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    doctor.set_defaults(run=_doctor)
    completion = commands.add_parser("completion", help=COMPLETION_HELP, description=COMPLETION_HELP)
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))
    completion.set_defaults(run=partial(_complete, parser))


def add_diff(commands: Commands, make_client: MakeClient) -> None:
    """Add ``prompts diff``."""
    diff = commands.add_parser("diff", help=DIFF_HELP, description=f"{DIFF_HELP}\n\n{DIFF_CODES}")
    diff.add_server()
    diff.add_setting("project_id", "id of the project")
    diff.add_argument("--prompt-id", required=True, metavar="TEXT", help="id of the prompt")
    diff.add_argument("old", metavar="OLD", help="a version, by number, id or label")
    diff.add_argument("new", metavar="NEW", help="the version to compare it with")
    diff.set_defaults(run=partial(_diff, make_client), failed=2)


def _doctor(options: argparse.Namespace) -> int:
    from .doctor import run

    return run(options)


def _complete(parser: Parser, options: argparse.Namespace) -> int:
    from .completion import script

    print(script(options.shell, parser), end="")
    return 0


def _diff(make_client: MakeClient, options: argparse.Namespace) -> int:
    from .prompt_diff import run

    with make_client(options) as client:
        return run(client, setting(options, "project_id"), options.prompt_id, options.old, options.new)
