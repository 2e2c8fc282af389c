"""The command ``to11ai``: one sub-command per row of the endpoint table, the local to11 and its demo."""

from __future__ import annotations

import argparse
import json
import os
import sys
from functools import partial
from operator import attrgetter, methodcaller
from typing import TYPE_CHECKING, Any

from .._http.headers import USER_AGENT
from ..client import create_client
from ..errors import To11aiError
from ..resources.table import ENDPOINTS
from .docstrings import parameter_texts, parts, plain
from .parser import Parser, UsageError, json_value, port_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..resources.endpoint import Endpoint
    from ..resources.parameters import Parameter

    Commands = argparse._SubParsersAction["Parser"]  # pyright: ignore[reportPrivateUsage]

PACKAGE = __name__.rpartition(".cli.")[0]
PROGRAM = f"python -m {PACKAGE}" if "." in PACKAGE else "to11ai"
"""How this command is called; a copy inside another package has no script."""
VERSION = USER_AGENT.rpartition("/")[2]
API_URL = "https://api.to11.ai"
LOCAL_HELP = "for development, not for production: the to11 control plane and gateway on this machine"
DEMO_HELP = "create, release and resolve a prompt and print each step; on a to11 of its own unless told a URL"
SETTINGS = {"api_key": "TO11_API_KEY", "base_url": "TO11_API_URL", "project_id": "TO11_PROJECT_ID"}
"""Options that may come from the environment instead, with their variables."""


ACTIONS: dict[str, dict[str, Any]] = {
    "int": {"type": int, "metavar": "N"},
    "bool": {"action": argparse.BooleanOptionalAction},
    "Sequence[str]": {"nargs": "*", "action": "extend", "metavar": "TEXT"},
    "Any": {"type": json_value, "metavar": "JSON"},
    "Mapping[str, Any]": {"type": json_value, "metavar": "JSON"},
    "RuleSnapshot | Mapping[str, Any]": {"type": json_value, "metavar": "JSON"},
    "Sequence[RuleReleaseWeight | Mapping[str, Any]]": {"type": json_value, "metavar": "JSON"},
}
"""How the annotations of the table become options; any other annotation is a text."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the arguments after ``to11ai``; those of the process unless given.

    Returns:
        Exit code: 0, or 1 when the call failed, or 2 when it was not a call to begin with.

    Raises:
        SystemExit: after ``--help`` and ``--version`` (0), and for arguments that do not parse (2).
    """
    parser = make_parser()
    options, unexpected = parser.parse_known_args(argv)
    if unexpected:
        parser.error(_unexpected(unexpected))
    try:
        code = int(options.run(options))
        sys.stdout.flush()
    except To11aiError as exc:
        return _complain(exc, 1)
    except (TypeError, ValueError) as exc:
        return _complain(exc, 2)
    except OSError as exc:
        return _unwritten(exc)
    except KeyboardInterrupt:
        return _complain("interrupted", 130)
    return code


def _unwritten(exc: OSError) -> int:
    """The exit code when the output cannot be written: nobody reads it any more, or there is no room for it."""
    # What is still in the buffer would be tried again at exit, and fail with a traceback.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1 if isinstance(exc, BrokenPipeError) else _complain(exc, 1)


def _complain(problem: object, code: int) -> int:
    print(f"{PROGRAM}:", " ".join(str(problem).split()), file=sys.stderr)
    return code


def _unexpected(arguments: Iterable[str]) -> str:
    """Which options are unknown; a text that belongs to no option may be a secret and is not repeated."""
    names = [argument.partition("=")[0] for argument in arguments if argument.startswith("--")]
    return f"unknown option {', '.join(names)}" if names else "a value without an option; write --option VALUE"


def make_parser() -> Parser:
    """The parser of the whole command line, built from the table."""
    parser = Parser(prog=PROGRAM, description="The to11 control plane from the command line.")
    parser.add_argument("--version", action="version", version=f"to11ai-sdk {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_local(commands)
    _add_demo(commands)
    groups = {"": commands}
    for row in ENDPOINTS.values():
        _add_row(_group(groups, row.owner.namespace), row)
    return parser


def _group(groups: dict[str, Commands], namespace: str) -> Commands:
    """The sub-commands of a dotted namespace, made when first asked for."""
    if namespace not in groups:
        outer, _, word = namespace.rpartition(".")
        text = f"calls of client.{namespace}"
        group = _group(groups, outer).add_parser(_dashed(word), help=text, description=text)
        groups[namespace] = group.add_subparsers(required=True, metavar="COMMAND")
    return groups[namespace]


def _add_local(commands: Commands) -> None:
    local = commands.add_parser("local", help=LOCAL_HELP, description=LOCAL_HELP)
    text = "TCP port on 127.0.0.1 (4500), 0 for a free one"
    local.add_argument("--port", type=port_number, default=4500, metavar="N", help=text)
    local.add_argument("--data", metavar="FILE", help="SQLite file to keep; without it all is gone at the end")
    text = "a provider of the gateway: NAME=echo, or NAME=upstream,base_url=URL,key_env=VARIABLE,models=A|B"
    local.add_argument("--provider", action="append", default=[], metavar="NAME=KIND,...", help=text)
    local.add_argument("--config", metavar="FILE", help="TOML or JSON file that configures the gateway")
    text = "whether only registered labels may be moved in its project; else as FILE says, or not"
    local.add_argument("--strict-labels", action=argparse.BooleanOptionalAction, help=text)
    local.add_argument("--json", action="store_true", help="print URLs, key and project as one JSON object")
    local.set_defaults(run=_local)


def _add_demo(commands: Commands) -> None:
    demo = commands.add_parser("demo", help=DEMO_HELP, description=DEMO_HELP)
    demo.add_argument("--base-url", metavar="URL", help="use this server, with a key and a project")
    _add_setting(demo, "api_key", "API key, for --base-url")
    _add_setting(demo, "project_id", "id of the project, for --base-url")
    demo.set_defaults(run=_demo)


def _add_row(commands: Commands, row: Endpoint) -> None:
    prose = plain(parts(row.doc).prose)
    name, summary = _dashed(row.name.rpartition(".")[2]), prose.partition("\n")[0]
    command = commands.add_parser(name, help=summary, description=f"{prose}\n\n{row.method} {row.path}")
    _add_setting(command, "api_key", "API key")
    _add_setting(command, "base_url", f"URL of the API, {API_URL} unless told")
    texts = parameter_texts(row)
    for parameter in row.parameters:
        _add_parameter(command, parameter, plain(texts[parameter.name]))
    command.set_defaults(run=partial(_call, row))


def _add_setting(command: Parser, name: str, text: str) -> None:
    command.add_argument(f"--{_dashed(name)}", metavar="TEXT", help=f"{text} (or {SETTINGS[name]})")


def _add_parameter(command: Parser, parameter: Parameter, text: str) -> None:
    if parameter.name in SETTINGS:
        _add_setting(command, parameter.name, text.rstrip("."))
        return
    options = ACTIONS.get(parameter.annotation, {"metavar": "TEXT"})
    name = f"--{_dashed(parameter.name)}"
    command.add_argument(name, required=parameter.required, help=text.replace("%", "%%"), **options)


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _setting(options: argparse.Namespace, name: str, default: str | None = None) -> str:
    """An option, or its environment variable, or the default."""
    value: str | None = getattr(options, name) or os.environ.get(SETTINGS[name]) or default
    if not value:
        raise UsageError(f"--{_dashed(name)} is missing; give it or set {SETTINGS[name]}")
    return value


def _argument(options: argparse.Namespace, name: str) -> Any:
    return _setting(options, name) if name in SETTINGS else getattr(options, name)


def _call(row: Endpoint, options: argparse.Namespace) -> int:
    """Make the call of a row and print its result as the API would write it."""
    key, url = _setting(options, "api_key"), _setting(options, "base_url", API_URL)
    given = ((parameter, _argument(options, parameter.name)) for parameter in row.parameters)
    arguments = {parameter.name: value for parameter, value in given if value is not None or parameter.required}
    with create_client(api_key=key, base_url=url) as client:
        result = attrgetter(f"{row.owner.namespace}.{row.signature.__name__}")(client)(**arguments)
    _print_json(result)
    return 0


def _print_json(result: object) -> None:
    dump = partial(json.dumps, result, indent=2, default=methodcaller("model_dump", mode="json", by_alias=True))
    text = dump(ensure_ascii=False)
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        text = dump()
    print(text)


def _local(options: argparse.Namespace) -> int:
    try:
        from ..local.serve import serve

        return serve(
            options.port,
            options.data,
            as_json=options.json,
            providers=options.provider,
            config=options.config,
            strict_labels=options.strict_labels,
        )
    except ImportError as exc:
        raise _without_extra("local", exc) from exc


def _demo(options: argparse.Namespace) -> int:
    try:
        from ..local import demo

        if options.base_url is None:
            return demo.local()
    except ImportError as exc:
        raise _without_extra("demo", exc) from exc
    return demo.remote(options.base_url, _setting(options, "api_key"), _setting(options, "project_id"))


def _without_extra(command: str, exc: ImportError) -> UsageError:
    return UsageError(f"{command} needs the extra 'local', pip install 'to11ai-sdk[local]': {exc}")
