"""Adds the commands ``to11ai pull`` and ``to11ai push``."""

from __future__ import annotations

from argparse import ArgumentTypeError
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ...cli.console import setting

if TYPE_CHECKING:
    import argparse

    from ...cli.console import Commands, Parser
    from ..tools.commands import MakeClient

PULL = "write the prompts, label registry and environments of a project to files that people review"
PUSH = "make a project match its files: show the plan, ask, and apply it"


def add_commands(commands: Commands, make_client: MakeClient) -> None:
    """Add both commands."""
    pull = _command(commands, "pull", PULL)
    pull.add_argument("--yes", action="store_true", help="change and remove files without a question")
    pull.set_defaults(run=partial(_pull, make_client))
    push = _command(commands, "push", PUSH)
    push.add_argument("--yes", action="store_true", help="apply the plan without a question")
    text = "only show the plan; the exit code is 0 if there is nothing to do, 1 if there is, 2 after an error"
    push.add_argument("--check", action="store_true", help=text)
    text = "archive the prompts, labels and environments that no file has, except those of the system"
    push.add_argument("--prune", action="store_true", help=text)
    text = "why: recorded with each new version, as changelog, and with each move of a label"
    push.add_argument("-m", "--reason", metavar="TEXT", help=text)
    push.set_defaults(run=partial(_push, make_client))


def _command(commands: Commands, name: str, text: str) -> Parser:
    command = commands.add_parser(name, help=text, description=text)
    command.add_argument("folder", metavar="DIR", type=_folder, help="folder of the files")
    command.add_server()
    command.add_setting("project_id", "id of the project")
    return command


def _folder(text: str) -> Path:
    if not text:  # a variable of a script that is not set, which must not mean the present folder
        raise ArgumentTypeError("the name of a folder is empty")
    return Path(text)


def _pull(make_client: MakeClient, options: argparse.Namespace) -> int:
    from .pull import pull
    from .remote import RemoteReader

    with make_client(options) as client:
        return pull(RemoteReader(client, setting(options, "project_id")), options.folder, yes=options.yes)


def _push(make_client: MakeClient, options: argparse.Namespace) -> int:
    from .push import push
    from .remote import RemoteReader

    flags = {name: getattr(options, name) for name in ("check", "yes", "prune", "reason")}
    options.failed = 2 if options.check else 1  # 1 is the exit code of a difference
    with make_client(options) as client:
        return push(RemoteReader(client, setting(options, "project_id")), options.folder, **flags)
