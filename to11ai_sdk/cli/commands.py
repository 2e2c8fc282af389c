"""Builds and runs the command ``to11ai``: a sub-command per row of the endpoint table, plus those of ``local/``."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from inspect import cleandoc
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ..client import create_client
from ..errors import To11aiError
from ..settings import API_URL, SETTINGS, __version__
from .console import Parser, UsageError, dashed, is_terminal, json_text, json_value, safe, setting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..client import To11aiClient
    from ..resources.endpoint import Endpoint
    from ..resources.parameters import Parameter
    from .console import Commands

PACKAGE = __name__.rpartition(".cli.")[0]
PROGRAM = f"python -m {PACKAGE}" if "." in PACKAGE else "to11ai"
"""The name of this command; a copy inside another package has no script."""
REMOVABLE = ("local", "demo", "snapshot", "pull", "push", "doctor", "completion")
"""The commands of ``local/``, next to ``prompts diff``."""

ACTIONS: dict[str, dict[str, Any]] = {
    "int": {"type": int, "metavar": "N"},
    "bool": {"action": argparse.BooleanOptionalAction},
    "Sequence[str]": {"nargs": "*", "action": "extend", "metavar": "TEXT"},
    "Any": {"type": json_value, "metavar": "JSON"},
    "Mapping[str, Any]": {"type": json_value, "metavar": "JSON"},
    "RuleSnapshot | Mapping[str, Any]": {"type": json_value, "metavar": "JSON"},
    "Sequence[RuleReleaseWeight | Mapping[str, Any]]": {"type": json_value, "metavar": "JSON"},
}
"""Option settings by annotation of the table; an option of any other annotation takes text."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command with the arguments after ``to11ai``, by default those of the process, and return its exit code.

    It is 0, or 1 if the call failed, or 2 for invalid arguments. Raises ``SystemExit`` after help, and for arguments
    that cannot be parsed.
    """
    options = argparse.Namespace()
    try:
        try:
            words = sys.argv[1:] if argv is None else argv
            options = make_parser([word for word in words if not word.startswith("-")]).parse_known_args(words)[0]
            return int(options.run(options))
        finally:
            if sys.stdout is not None:  # its file may have been closed before the start
                sys.stdout.flush()
    except (To11aiError, ImportError, SystemError) as exc:  # the last two: Pydantic does not fit this Python
        return _complain(exc, getattr(options, "failed", 1))
    except (TypeError, ValueError) as exc:
        return _complain(exc, 2)
    except OSError as exc:
        return _unwritten(exc, getattr(options, "failed", 1))
    except KeyboardInterrupt:
        return _complain("interrupted", 130)


def _unwritten(exc: OSError, failed: int) -> int:
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except OSError:
            # No reader is left, or no space. Else the rest would be written again at exit, and fail with a traceback.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1 if isinstance(exc, BrokenPipeError) else _complain(exc, failed)


def _complain(problem: object, code: int) -> int:
    print(f"{PROGRAM}:", safe(" ".join(str(problem).split())), file=sys.stderr)
    return code


def make_parser(words: Sequence[str] | None = None) -> Parser:
    """Return the parser of the command line, or only what the command of these words needs."""
    words = None if words is None or words[:1] == ["completion"] else words
    parser = Parser(prog=PROGRAM, description="The to11 control plane from the command line.")
    parser.add_argument("--version", action="version", version=f"to11ai-sdk {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_diff = _add_local_commands(commands, parser)
    if not words or words[0] not in (commands.choices or ()):
        add_diff(_add_rows(commands, words)["prompts"])
    return parser


def _add_local_commands(commands: Commands, parser: Parser) -> Callable[[Commands], None]:
    """Add the commands of ``local/``; return the function that adds ``prompts diff``."""
    try:
        from ..local.commands import add_commands
        from ..local.tools.commands import add_diff, add_tools
    except ImportError as exc:
        add_removed = partial(_add_removed, exc)
        add_removed(commands, *REMOVABLE)
        return lambda prompts: add_removed(prompts, "diff")
    add_commands(commands)
    add_tools(commands, parser, _client)
    return partial(add_diff, make_client=_client)


def _add_removed(exc: ImportError, commands: Commands, *names: str) -> None:
    """Add commands that say why they do not work."""
    for name in names:
        command = commands.add_parser(name, description="")
        command.set_defaults(run=partial(_missing, command.prog.removeprefix(f"{PROGRAM} "), exc), removed=True)


def _add_rows(commands: Commands, words: Sequence[str] | None) -> dict[str, Commands]:
    """Add the commands of the table; return the groups by their namespaces."""
    from ..resources.table import ENDPOINTS

    groups = {"": commands}
    for row in ENDPOINTS.values():
        group, path = _group(groups, row.owner.namespace, row.owner.__doc__), dashed(row.name).split(".")
        if words is None or words[:1] == path[:1]:
            _add_row(group, row, path[-1], whole=words is None or words[: len(path)] == path)
    return groups


def _client(options: argparse.Namespace) -> To11aiClient:
    return create_client(api_key=setting(options, "api_key"), base_url=setting(options, "base_url", API_URL))


def _missing(command: str, exc: ImportError, options: argparse.Namespace) -> int:
    extra = command in ("local", "demo")
    needed = "the extra 'local', pip install 'to11ai-sdk[local]'" if extra else "the folder local of to11ai_sdk"
    raise UsageError(f"{command} needs {needed}: {exc}")


def _group(groups: dict[str, Commands], namespace: str, doc: str | None = None) -> Commands:
    """Return the sub-commands of a dotted namespace, made on first use."""
    if namespace not in groups:
        outer, _, word = namespace.rpartition(".")
        text = (doc or "").partition(": ")[2].partition(".\n")[0].rstrip(".") or word.replace("_", " ")
        group = _group(groups, outer).add_parser(dashed(word), help=text, description=text)
        groups[namespace] = group.add_subparsers(required=True, metavar="COMMAND")
    return groups[namespace]


def _add_row(commands: Commands, row: Endpoint, name: str, *, whole: bool) -> None:
    """Add the command of a row, with its options if it is wanted ``whole``."""
    prose, texts = _help_texts(row)
    summary = prose.partition("\n")[0]
    command = commands.add_parser(name, help=summary, description=f"{prose}\n\n{row.method} {row.path}")
    if not whole:
        return
    command.add_server()
    for parameter in row.parameters:
        _add_parameter(command, parameter, texts.get(parameter.name, ""))
    command.add_argument("--json", action="store_true", help="print JSON on a terminal, too, where tables are usual")
    command.set_defaults(run=partial(_call, row))


def _help_texts(row: Endpoint) -> tuple[str, dict[str, str]]:
    """Return the prose of a row and the texts of its parameters, or its docstring where ``local/`` is removed."""
    try:
        from ..local.tools.docstrings import help_texts
    except ImportError:
        return cleandoc(row.doc), {}
    return help_texts(row)


def _add_parameter(command: Parser, parameter: Parameter, text: str) -> None:
    if parameter.name in SETTINGS:
        command.add_setting(parameter.name, text.rstrip("."))
        return
    options = ACTIONS.get(parameter.annotation, {"metavar": "TEXT"})
    name = f"--{dashed(parameter.name)}"
    text += " Also @FILE, or - for standard input." if options.get("metavar") == "JSON" else ""
    command.add_argument(name, required=parameter.required, help=text.replace("%", "%%"), **options)


def _argument(options: argparse.Namespace, name: str) -> Any:
    return setting(options, name) if name in SETTINGS else getattr(options, name)


def _call(row: Endpoint, options: argparse.Namespace) -> int:
    """Make the call of a row and print its result."""
    client = _client(options)
    given = ((parameter, _argument(options, parameter.name)) for parameter in row.parameters)
    arguments = {parameter.name: value for parameter, value in given if value is not None or parameter.required}
    with client:
        result = attrgetter(f"{row.owner.namespace}.{row.signature.__name__}")(client)(**arguments)
    _show(result, as_json=options.json)
    return 0


def _show(result: object, *, as_json: bool) -> None:
    """Print a result: for people on a terminal, as JSON in a pipe or a file, or where ``local/`` has been removed."""
    if is_terminal():
        try:
            from ..local.tools.output import show
        except ImportError:
            pass
        else:
            show(result, as_json=as_json)
            return
    print(json_text(result))
