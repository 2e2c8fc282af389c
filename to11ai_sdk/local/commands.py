"""Adds the commands ``to11ai local`` and ``to11ai demo``; needs the extra only when one of them runs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..cli.console import UsageError, setting
from .bounds import MAX_WORKERS

if TYPE_CHECKING:
    from ..cli.console import Commands, Parser

LOCAL_HELP = "for development, not for production: the to11 control plane and gateway on this machine"
DEMO_HELP = "create, publish and resolve a prompt, and print each step; by default on a local to11"


def add_commands(commands: Commands) -> None:
    """Add both commands."""
    local = commands.add_parser("local", help=LOCAL_HELP, description=LOCAL_HELP)
    local.add_argument("--port", type=port_number, default=4500, metavar="N", help="TCP port (4500), 0 for a free one")
    text = "address to listen on (127.0.0.1); 0.0.0.0 or :: for all, which needs a key in TO11_LOCAL_API_KEY"
    local.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help=text)
    text = "a further name of this server in requests, such as that of its container; can be repeated"
    local.add_argument("--allow-host", action="append", default=[], metavar="NAME", help=text)
    text = "SQLite file or postgresql:// URL that keeps the state; by default nothing is kept"
    local.add_argument("--data", metavar="STORE", help=text)
    text = "how many processes serve (1), each with an interpreter of its own; more than one needs --data"
    local.add_argument("--workers", type=worker_count, default=1, metavar="N", help=text)
    text = "a provider of the gateway: NAME=echo, or NAME=upstream,base_url=URL,key_env=VARIABLE,models=A|B"
    local.add_argument("--provider", action="append", default=[], metavar="NAME=KIND,...", help=text)
    local.add_argument("--config", metavar="FILE", help="TOML or JSON file that configures the gateway")
    text = "URL of an OpenTelemetry collector that gets the gateway's spans, such as http://127.0.0.1:4318"
    local.add_argument("--otlp", type=collector_url, metavar="URL", help=text)
    text = "whether only registered labels may be moved in its project; by default as the store says, else no"
    local.add_argument("--strict-labels", action=argparse.BooleanOptionalAction, help=text)
    text = "whether an undefined variable of a template is an error, not nil; by default as the store says, else yes"
    local.add_argument("--strict-variables", action=argparse.BooleanOptionalAction, help=text)
    local.add_argument("--json", action="store_true", help="print URLs, key and project as one JSON object")
    local.set_defaults(run=_local)
    _add_moving(local)
    demo = commands.add_parser("demo", help=DEMO_HELP, description=DEMO_HELP)
    demo.add_argument("--base-url", metavar="URL", help="use this server, with a key and a project")
    demo.add_setting("api_key", "API key, for --base-url")
    demo.add_setting("project_id", "id of the project, for --base-url")
    demo.set_defaults(run=_demo)


def _add_moving(local: Parser) -> None:
    """Add the commands that move a project."""
    commands = local.add_subparsers(metavar="[COMMAND]")
    store = "SQLite file or postgresql:// URL that keeps the state"
    text = "write a project to a file, from which import makes the same project in another store"
    export = commands.add_parser("export", help=text, description=text)
    export.add_argument("--data", dest="source", required=True, metavar="STORE", help=store)
    export.add_argument("-o", "--output", metavar="FILE", help="file to write; by default the standard output")
    export.add_argument("--project", metavar="ID", help="id of the project; by default the main one")
    text = "write the main key of the project, too, in clear; else only its digest is written"
    export.add_argument("--with-key", action="store_true", help=text)
    export.set_defaults(run=_export)
    text = "make the project that export wrote to a file, all of it or nothing"
    import_ = commands.add_parser("import", help=text, description=text)
    import_.add_argument("--data", dest="target", required=True, metavar="STORE", help=f"{store}, created if need be")
    import_.add_argument("file", metavar="FILE", help="file to read, - for the standard input")
    import_.set_defaults(run=_import)


def port_number(text: str) -> int:
    """Return the value of ``--port``."""
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"a port is 0 to 65535, 0 for a free one, not {text!r:.100}")
    return int(text)


def worker_count(text: str) -> int:
    """Return the value of ``--workers``."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_WORKERS):
        raise argparse.ArgumentTypeError(f"workers are 1 to {MAX_WORKERS}, not {text!r:.100}")
    return int(text)


def collector_url(text: str) -> str:
    """Return the value of ``--otlp``."""
    from .gateway.telemetry import collector

    try:
        url = collector.traces_url(text)
        collector.load_span_export()  # here, so that workers need not load them again
        return url
    except (ImportError, ValueError) as exc:
        raise argparse.ArgumentTypeError(str(exc).removeprefix("otlp ")) from None


def _local(options: argparse.Namespace) -> int:
    try:
        from .serve import serve

        return serve(
            options.port,
            options.data,
            as_json=options.json,
            providers=options.provider,
            config=options.config,
            strict_labels=options.strict_labels,
            strict_variables=options.strict_variables,
            host=options.host,
            allowed_hosts=options.allow_host,
            workers=options.workers,
            otlp=options.otlp,
        )
    except ImportError as exc:
        raise _without_extra("local", exc) from exc


def _export(options: argparse.Namespace) -> int:
    try:
        from .moving.export_import import export_project
    except ImportError as exc:
        raise _without_extra("local", exc) from exc
    return export_project(options.source, options.output, options.project, with_key=options.with_key)


def _import(options: argparse.Namespace) -> int:
    try:
        from .moving.export_import import import_project
    except ImportError as exc:
        raise _without_extra("local", exc) from exc
    return import_project(options.target, options.file)


def _demo(options: argparse.Namespace) -> int:
    try:
        from . import demo

        if options.base_url is None:
            return demo.local()
    except ImportError as exc:
        raise _without_extra("demo", exc) from exc
    return demo.remote(options.base_url, setting(options, "api_key"), setting(options, "project_id"))


def _without_extra(command: str, exc: ImportError) -> UsageError:
    return UsageError(f"{command} needs the extra 'local', pip install 'to11ai-sdk[local]': {exc.__cause__ or exc}")
