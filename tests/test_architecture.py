"""``docs/architecture.md`` is what is there, and the code keeps to the sizes, names and words agreed on."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "to11ai_sdk"
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
NAMES = {path: path.relative_to(PACKAGE).as_posix() for path in sorted(PACKAGE.rglob("*.py"))}
CORE = [path for path, name in NAMES.items() if not name.startswith("local/")]

LONG = {
    "_http/connection_pool.py": "one handler and its connections",
    "client.py": "public docstrings",
    "errors.py": "the tree of exceptions",
    "local/bounds.py": "one table",
    "local/store/schema.py": "SQL",
    "resources/prompts.py": "rows of the table",
}
SHORT = {
    "__main__.py": "an entry point",
    "json_types.py": "below all others",
    "local/descriptors.py": "one limit of the system",
    "local/gateway/answer.py": "one type",
    "local/gateway/echo/tokens.py": "one function with its source",
    "local/gateway/telemetry/library_log.py": "one filter of the log",
    "local/gateway/telemetry/prompt_names.py": "one query",
    "local/gateway/telemetry/span_contexts.py": "one conversion",
    "local/given_key.py": "one variable of the environment",
    "local/headers.py": "facts that two rooms share",
    "local/http/thread_turns.py": "one setting of the interpreter",
    "local/problems.py": "one exception",
    "local/processes/garbage.py": "one setting of the interpreter",
    "local/processes/single.py": "one process",
    "local/store/projects.py": "one table of the database",
    "models/environments.py": "one domain",
    "models/pydantic_fit.py": "loaded only when Pydantic does not fit",
    "pytest_plugin.py": "an entry point",
    "resources/table.py": "above the rows",
}
SHARED_MODULE_NAMES = {"__init__.py", "prompts.py"}
"""``prompts``: its rows in ``resources/``, its models in ``models/``."""
SHARED_CLASS_NAMES = {"_Reader", "_Writer"}
"""The readers and writers of the wire formats' streams."""
BANNED = re.compile(r"\b(told|tells|heeds?|misfits?|outlives?|furnish\w*|spoilt|kin|beside)\b", re.IGNORECASE)


@cache
def parsed() -> dict[Path, ast.Module]:
    """The modules of the package; not read when tests are collected, which each worker does."""
    return {path: ast.parse(path.read_text("utf-8")) for path in NAMES}


@cache
def imports() -> dict[Path, set[Path]]:
    """What each module imports from the package."""
    return {
        path: {to for node in statements(tree.body) for to in targets(path, node)} for path, tree in parsed().items()
    }


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(parsed()[path]) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many lines a function has, its docstring not counted."""
    first = function.body[0]
    docstring = ast.get_docstring(function, clean=False) is not None
    size = (function.end_lineno or 0) - function.lineno + 1
    return size - ((first.end_lineno or 0) - first.lineno + 1 if docstring else 0)


def statements(body: list[ast.stmt]) -> Iterator[ast.ImportFrom]:
    """The relative imports that run, inside of functions, too."""
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.level:
            yield node
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from statements(node.orelse)
        else:
            for name in ("body", "orelse", "handlers", "finalbody"):
                yield from statements(getattr(node, name, []))


def targets(path: Path, node: ast.ImportFrom) -> Iterator[Path]:
    base = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
    for alias in node.names:
        found = [base / f"{alias.name}.py", base / alias.name / "__init__.py", base.with_suffix(".py")]
        yield next((candidate for candidate in found if candidate in NAMES), base / "__init__.py")


def room(path: Path) -> str:
    """The folder of a module, or the module itself at the top; the formats are one room."""
    folders = path.relative_to(PACKAGE).parts[:-1]
    return "/".join(folders[:3]) or path.stem


def drawn() -> set[str]:
    """The files of the tree on the page; a folder stands for its ``__init__.py``."""
    found, folders = set(), list[str]()
    for line in re.findall(r"^## The tree\n.*?```text\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)[0].splitlines():
        name = line.split()[0]
        folders[(len(line) - len(line.lstrip())) // 2 :] = [name]
        found.add("".join(folders[1:]) + ("__init__.py" if name.endswith("/") else ""))
    return found


def test_the_tree_drawn_is_what_is_there() -> None:
    assert drawn() == set(NAMES.values())


def test_each_file_drawn_has_its_line() -> None:
    tree = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)[0].splitlines()
    assert [line for line in tree[1:] if len(line.split()) < 2] == []


def test_the_files_the_page_names_are_there() -> None:
    named = set(re.findall(r"`([\w/]+\.py)`", PAGE)) | set(re.findall(r"`((?:\w+/)+)`", PAGE))
    homes = (PACKAGE, PACKAGE / "local" / "gateway" / "upstream", ROOT)
    assert [name for name in named if not any((home / name).exists() for home in homes)] == []


def test_the_imports_are_those_of_the_page() -> None:
    rows = re.findall(r"^\| `([\w/]+)` \| (.*) \|$", PAGE.partition("## Who imports whom")[2], re.MULTILINE)
    assert len(dict(rows)) == len(rows)
    edges = defaultdict[str, set[str]](set)
    for path, imported in imports().items():
        edges[room(path)] |= {room(to) for to in imported} - {room(path)}
    assert {name: set(re.findall(r"`([\w/]+)`", to)) for name, to in rows} == {k: v for k, v in edges.items() if v}


def test_nothing_but_the_command_and_the_fixture_leads_from_the_core_into_local() -> None:
    into = {NAMES[path] for path in CORE if any(NAMES[to].startswith("local/") for to in imports()[path])}
    assert into == {"cli/commands.py", "pytest_plugin.py"}


def test_no_imports_go_in_a_circle() -> None:
    left = {path: set(imported) - {path} for path, imported in imports().items()}
    while leaves := [path for path, imported in left.items() if not imported & left.keys()]:
        for path in leaves:
            del left[path]
    assert [NAMES[path] for path in left] == []


def test_every_import_is_a_relative_statement() -> None:
    def breaks(node: ast.AST) -> bool:
        if isinstance(node, ast.ImportFrom) and not node.level:
            return (node.module or "").partition(".")[0] == "to11ai_sdk"
        if isinstance(node, ast.Import):
            return any(alias.name.partition(".")[0] == "to11ai_sdk" for alias in node.names)
        return isinstance(node, ast.Name | ast.alias) and getattr(node, "id", "") in ("import_module", "__import__")

    assert [NAMES[path] for path, tree in parsed().items() if any(map(breaks, ast.walk(tree)))] == []


def test_modules_are_neither_crumbs_nor_loaves() -> None:
    sizes = {NAMES[path]: len(path.read_text("utf-8").splitlines()) for path in NAMES if path.name != "__init__.py"}
    assert {name for name, size in sizes.items() if size > 250} == LONG.keys()
    assert {name for name, size in sizes.items() if size < 50} == SHORT.keys()


@pytest.mark.parametrize("rooms", ["core", "local"])
def test_functions_are_short(rooms: str) -> None:
    paths = [path for path in NAMES if (path in CORE) == (rooms == "core")]
    sizes = {f"{NAMES[path]}: {function.name}": lines(function) for path in paths for function in functions(path)}
    assert [name for name, size in sizes.items() if size > 30] == []
    assert sum(sizes.values()) / len(sizes) <= 8


def test_no_two_modules_of_the_core_share_a_name() -> None:
    assert {name for name, count in Counter(path.name for path in CORE).items() if count > 1} <= SHARED_MODULE_NAMES


def test_no_two_classes_share_a_name() -> None:
    classes = [node.name for tree in parsed().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert {name for name, count in Counter(classes).items() if count > 1} <= SHARED_CLASS_NAMES


@pytest.mark.parametrize("path", NAMES, ids=NAMES.values())
def test_the_words_are_plain(path: Path) -> None:
    assert BANNED.findall(path.read_text("utf-8")) == []


def test_the_response_parser_uses_no_private_name_of_the_standard_library() -> None:
    tree = parsed()[PACKAGE / "_http" / "response_parser.py"]
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    private = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) if re.match("_[^_]", node.attr)}
    assert private <= own
