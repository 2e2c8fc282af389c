"""Write ``docs/reference.md`` from the endpoint table, the signatures and the docstrings, the tree of
``docs/architecture.md`` from the docstrings of the modules, and the bounds in ``docs/local.md`` from ``bounds.py``.

``python docs/generate.py`` writes them all; with ``--check`` it fails if one is not up to date.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import typing
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import to11ai_sdk
import to11ai_sdk.gateway
import to11ai_sdk.local
import to11ai_sdk.local.bounds
from to11ai_sdk._http.process_safety import lazy
from to11ai_sdk.local.tools.docstrings import Docstring, parameter_texts, parts
from to11ai_sdk.models import base
from to11ai_sdk.resources.table import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from to11ai_sdk.resources.endpoint import Endpoint, Resource

OWNERS = list(dict.fromkeys(row.owner for row in ENDPOINTS.values()))
SELF = ("self", "cls")
PLAIN_TYPES = {
    "Items": "list",
    "Words": "dict[str, str]",
    "Timestamp": "datetime",
    "Role": "str",
    "NonNegativeInt": "int >= 0",
    "PositiveInt": "int >= 1",
    "VersionNumber": "int >= 1",
    "Percent": "int 0..100",
    "PromptFormat": "Literal['text', 'chat']",
    "ReleaseStrategy": "Literal['single', 'weighted']",
    "Clock": "Callable[[], datetime]",
    "Access": "tuple[str, str]",
}
"""Types that are no public names, or that also say how a reply is checked, and what they are to a reader."""
BINARY_UNITS = {"10": "KiB", "20": "MiB"}
TIME_UNITS = (86_400, "days"), (3600, "h"), (1, "s")
PAGE = Path(__file__).with_name("reference.md")
ARCHITECTURE = Path(__file__).with_name("architecture.md")
LOCAL = Path(__file__).with_name("local.md")
HEAD = """# Reference

Every public name of `to11ai_sdk`. `docs/generate.py` writes this page from the code; do not edit it. All methods below
`client` take keyword arguments only. Any call may raise the exceptions under [Errors](#errors).
`to11ai_sdk.__version__` is the version of the package.
"""


def markdown(text: str) -> str:
    """Docstring prose as Markdown."""
    text = re.sub(r":\w+:`[~.]?([^`]*)`", r"`\1`", text)
    return text.replace("``", "`").replace("\n::\n", "\n").replace("::\n", ":\n")


def cell(text: str) -> str:
    """Text that may stand in a table."""
    return " ".join(markdown(text).split()).replace("|", r"\|")


def code(text: str) -> str:
    """A piece of code that may stand in a table."""
    return f"`{cell(text)}`" if text else ""


def table(*rows: tuple[str, ...]) -> str:
    """A table; the first row is its head."""
    head, *rest = rows
    lines = (" | ".join(row) for row in (head, tuple("---" for _ in head), *rest))
    return "\n".join(f"| {line} |" for line in lines) if rest else ""


def typed(annotation: object) -> str:
    """An annotation as it was written."""
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
    text = re.sub(r"Annotated\[(\w+), [^\[\]]*\]", r"\1", text)
    return re.sub(r"\b\w+\b", lambda word: PLAIN_TYPES.get(word[0], word[0]), text.replace("builtins.", ""))


def signature(name: str, call: Any) -> str:
    """The signature of a function or method, in as many lines as it takes."""
    found = inspect.signature(call)
    parameters = [parameter for parameter in found.parameters.values() if parameter.name not in SELF]
    shown = [shown_parameter(parameter) for parameter in parameters]
    keywords = [place for place, parameter in enumerate(parameters) if parameter.kind is parameter.KEYWORD_ONLY]
    if keywords:
        shown.insert(keywords[0], "*")
    shows_result = found.return_annotation is not found.empty and not isinstance(call, type)
    result = f" -> {typed(found.return_annotation)}" if shows_result else ""
    line = f"{name}({', '.join(shown)}){result}"
    broken = f"{name}(\n" + "".join(f"    {parameter},\n" for parameter in shown) + f"){result}"
    return f"```python\n{line if len(line) <= 100 else broken}\n```"


def shown_parameter(parameter: inspect.Parameter) -> str:
    """One parameter of a signature."""
    stars = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
    text = f"{stars}{parameter.name}: {typed(parameter.annotation)}"
    return text if parameter.default is parameter.empty else f"{text} = {parameter.default!r}"


def documented(title: str, call: Any, texts: dict[str, str] | None = None) -> Iterator[str]:
    """A function or method: signature, prose, parameters, errors."""
    doc = parts(call.__doc__)
    texts = {**(texts or {}), **doc.arguments}
    yield f"### `{title}`"
    yield signature(title.rpartition(".")[2], call)
    yield markdown(doc.prose)
    yield table(("parameter", "meaning"), *((code(name), cell(text)) for name, text in texts.items() if text))
    if doc.returns:
        yield f"Returns: {markdown(doc.returns)}"
    yield raises(doc)


def raises(doc: Docstring) -> str:
    """The errors that a docstring lists."""
    return table(("raises", "when"), *((code(name), cell(text)) for name, text in doc.errors.items()))


def functions() -> Iterator[str]:
    """The public functions."""
    yield "## Functions"
    for name in to11ai_sdk.__all__:
        value = getattr(to11ai_sdk, name)
        if isinstance(value, FunctionType):
            yield from documented(name, value)


def gateway() -> Iterator[str]:
    """The functions for provider SDKs that are imported from their module."""
    yield "## `to11ai_sdk.gateway`"
    yield markdown(parts(to11ai_sdk.gateway.__doc__).prose)
    for name, value in vars(to11ai_sdk.gateway).items():
        own = isinstance(value, FunctionType) and value.__module__ == to11ai_sdk.gateway.__name__
        if own and not name.startswith("_") and name not in to11ai_sdk.__all__:
            yield from documented(name, value)


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties that a class itself declares, in the order of the source."""
    for name, value in vars(kind).items():
        if not name.startswith("_") and isinstance(value, FunctionType | property | lazy | classmethod):
            yield name, value.__func__ if isinstance(value, classmethod) else value


def all_members(kind: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties of a class, its own before those that it inherits."""
    names: set[str] = set()
    for each in kind.__mro__:
        yield from ((name, value) for name, value in members(each) if name not in names)
        names |= vars(each).keys()


def plain_class(kind: type, name: str) -> Iterator[str]:
    """A class that is no model, resource or error: what it is for, and its methods."""
    doc = parts(kind.__doc__)
    yield f"## `{name}`"
    if "__init__" in vars(kind) and inspect.signature(kind).parameters.keys() <= doc.arguments.keys():
        yield signature(name, kind)
    yield markdown(doc.prose)
    yield table(
        ("attribute or argument", "meaning"),
        *((code(key), cell(text)) for key, text in doc.arguments.items()),
    )
    yield raises(doc)
    for member, value in all_members(kind):
        if isinstance(value, property):
            yield f"### `{name}.{member}`"
            yield markdown(parts(value.__doc__).prose)
        else:
            yield from documented(f"{name}.{member}", value)


def local() -> Iterator[str]:
    """What is imported from ``to11ai_sdk.local``, the errors last."""
    names = sorted(to11ai_sdk.local.__all__, key=lambda name: name.endswith("Error"))
    yield "## `to11ai_sdk.local`"
    yield markdown(parts(to11ai_sdk.local.__doc__).prose)
    yield f"Its names are {', '.join(map(code, names))}."
    for name in names:
        yield from plain_class(getattr(to11ai_sdk.local, name), name)


def namespaces() -> Iterator[str]:
    """The calls of the API, namespace by namespace."""
    for owner in OWNERS:
        yield f"## `client.{owner.namespace}`"
        first, *rest = markdown(parts(owner.__doc__).prose).split("\n\n")
        yield f"`{owner.__name__}`: {first.partition(': ')[2]}"
        yield from (text for text in rest if not text.startswith("Methods take keyword arguments only"))
        yield from calls(owner)


def calls(owner: type[Resource]) -> Iterator[str]:
    """The methods of a namespace; a composed method stands after the rows that it is composed of."""
    rows: list[Endpoint] = []
    for name, method in vars(owner).items():
        row = getattr(method, "endpoint", None)
        rows += [row] if row else []
        if not name.startswith("_") and isinstance(method, FunctionType):
            texts = parameter_texts(row) if row else {}
            first, *rest = documented(f"client.{owner.namespace}.{name}", method, texts)
            yield first
            yield "\n".join(f"`{row.method} {row.path}`  " for row in rows).rstrip()
            yield from rest
            rows = []


def models() -> Iterator[str]:
    """The models with their fields, and the other types."""
    yield "## Models"
    yield markdown(parts(base.Model.__doc__).prose)
    yield from documented("Model.from_dict", dict(members(base.Model))["from_dict"])
    yield f"`Model.request_id`: {markdown(parts(base.Model.request_id.__doc__).prose)}"
    for name in to11ai_sdk.__all__:
        value = getattr(to11ai_sdk, name)
        if isinstance(value, type) and issubclass(value, base.Model):
            yield from model(name, value)


def model(name: str, kind: type[base.Model]) -> Iterator[str]:
    """One model."""
    yield f"### `{name}`"
    yield markdown(parts(kind.__doc__).prose)
    written = inspect.get_annotations(kind)
    rows = (
        (
            code(field),
            code(info.alias or field),
            code(typed(written[field])),
            "yes" if info.is_required() else "no",
        )
        for field, info in kind.model_fields.items()
    )
    yield table(("field", "name in JSON", "type", "always present"), *rows)
    for member, value in members(kind):
        if isinstance(value, property) and member not in dir(base.Model):
            yield f"`{member}`: {markdown(parts(value.__doc__).prose)}"


def types() -> Iterator[str]:
    """The public names that are neither classes nor functions."""
    yield "## Types"
    rows = []
    for name in to11ai_sdk.__all__:
        value = getattr(to11ai_sdk, name)
        if not isinstance(value, type | FunctionType):
            rows.append((code(name), code(shape(value)), cell(constant_docs("models").get(name, ""))))
    yield table(("name", "type", "meaning"), *rows)


def shape(value: object) -> str:
    """What a type alias stands for."""
    inner = [typing.get_args(value)[0]] if typing.get_origin(value) is typing.Annotated else [value]
    words = typing.get_args(inner[0])
    return " | ".join(word.__name__ if isinstance(word, type) else repr(word) for word in words)


@cache
def constant_docs(package: str) -> dict[str, str]:
    """The texts that stand below the assignments of the package's modules, by name."""
    folder = Path(to11ai_sdk.__file__).parent / package
    return {
        name: text
        for path in sorted(folder.glob("*.py"))
        for name, text in assigned(ast.parse(path.read_text("utf-8")).body)
    }


def assigned(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Names that are assigned or annotated in these statements, with the text below each."""
    for statement, below in pairwise(body):
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            targets: list[Any] = getattr(statement, "targets", [getattr(statement, "target", None)])
            if isinstance(targets[0], ast.Name):
                yield targets[0].id, str(below.value.value)


def errors() -> Iterator[str]:
    """The exceptions, with the tree that the module draws."""
    from to11ai_sdk import errors as module

    yield "## Errors"
    tree, _, rest = inspect.cleandoc(module.__doc__ or "").partition("::\n\n")[2].partition("\n\n")
    yield f"```text\n{inspect.cleandoc(tree)}\n```"
    yield markdown(rest)
    for name in sorted(name for name in to11ai_sdk.__all__ if name.endswith("Error")):
        yield from error(getattr(to11ai_sdk, name))
    yield f"`to11ai_sdk.errors.SNAPSHOT_CODES`: {', '.join(map(code, sorted(module.SNAPSHOT_CODES)))}."


def error(kind: type) -> Iterator[str]:
    """One exception and what it carries beside what its base carries."""
    yield f"### `{kind.__name__}`"
    yield markdown(parts(kind.__doc__).prose)
    parsed = ast.parse(inspect.getsource(kind)).body[0]
    texts = dict(assigned(parsed.body)) if isinstance(parsed, ast.ClassDef) else {}
    texts.update((name, value.__doc__ or "") for name, value in members(kind))
    yield table(("attribute", "meaning"), *((code(name), cell(text)) for name, text in texts.items()))


def reference() -> str:
    """The whole page."""
    sections = (
        functions(),
        plain_class(to11ai_sdk.To11aiClient, "To11aiClient"),
        plain_class(to11ai_sdk.Snapshot, "Snapshot"),
        plain_class(to11ai_sdk.RoutingRulesResource, "RoutingRulesResource"),
        namespaces(),
        plain_class(to11ai_sdk.BehaviorStore, "BehaviorStore"),
        gateway(),
        local(),
        models(),
        types(),
        errors(),
    )
    return "\n\n".join([HEAD.strip(), *(part for section in sections for part in section if part)]) + "\n"


def tree(folder: Path, depth: int = 0) -> Iterator[str]:
    """A line for each module of a folder, then those of its folders; a folder stands for its ``__init__.py``."""
    name = f"{'  ' * depth}{folder.name}/"
    yield f"{name:<36} {purpose(folder / '__init__.py')}" if depth else name
    for path in sorted(folder.glob("*.py")):
        if depth == 0 or path.name != "__init__.py":
            yield f"{'  ' * depth + '  ' + path.name:<36} {purpose(path)}"
    for path in sorted(path.parent for path in folder.glob("*/__init__.py")):
        yield from tree(path, depth + 1)


def purpose(path: Path) -> str:
    """The first sentence of a module's docstring, without markup."""
    doc = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    sentence = re.split(r"\.(?:\s|$)", doc, maxsplit=1)[0]
    return re.sub(r":\w+:`~?([^`]*)`", r"\1", " ".join(sentence.split())).replace("``", "")


def architecture() -> str:
    """The page on the architecture, with the tree of today."""
    before, mark, rest = ARCHITECTURE.read_text("utf-8").partition("```text\n")
    lines = "\n".join(tree(Path(to11ai_sdk.__file__).parent))
    return f"{before}{mark}{lines}\n{rest[rest.index('```') :]}"


def local_page() -> str:
    """The page on the local to11, with the bounds of the code."""
    before, mark, _ = LOCAL.read_text("utf-8").partition("<!-- docs/generate.py writes the tables below -->\n")
    return before + mark + "".join(f"\n{part}\n" for part in bounds())


def bounds() -> Iterator[str]:
    """The bounds of the local to11: a table for each heading in their module."""
    source = Path(to11ai_sdk.local.bounds.__file__).read_text("utf-8")
    for section in re.split(r"^# ", source, flags=re.MULTILINE)[1:]:
        heading, _, content = section.partition("\n")
        body = ast.parse(content).body
        values = {node.targets[0].id: node.value for node in body if isinstance(node, ast.Assign)}  # type: ignore[attr-defined]
        rows = ((cell(text), amount(name, values[name]), code(name)) for name, text in assigned(body))
        yield f"### {heading}"
        yield table(("bound", "default", "name"), *rows)


def amount(name: str, value: ast.expr) -> str:
    """The value of a bound with its unit, which its name or a factor says: ``64 * 2**20`` is 64 MiB."""
    number = getattr(to11ai_sdk.local.bounds, name)
    factor, _, power = ast.unparse(value).partition(" * 2 ** ")
    if power:
        return f"{factor} {BINARY_UNITS[power]}"
    if name.endswith("_S"):
        return next(f"{number / size:g} {unit}" for size, unit in TIME_UNITS if number >= size or size == 1)
    return f"{number:,} ms" if name.endswith("_MS") else f"{number:,}"


def main() -> None:
    """Write the pages, or check them."""
    for page, text in ((PAGE, reference()), (ARCHITECTURE, architecture()), (LOCAL, local_page())):
        if "--check" not in sys.argv:
            page.write_text(text, encoding="utf-8")
        elif page.read_text("utf-8") != text:
            sys.exit(f"docs/{page.name} does not match the code; run: python docs/generate.py")


if __name__ == "__main__":
    main()
