from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING

import pytest

import to11ai_sdk
import to11ai_sdk.local
from to11ai_sdk.local import bounds
from to11ai_sdk.local.tools.docstrings import parameter_texts, parts, plain, public_doc
from to11ai_sdk.models.base import Model
from to11ai_sdk.resources.table import ENDPOINTS

if TYPE_CHECKING:
    from to11ai_sdk.resources.endpoint import Endpoint

ROOT = Path(__file__).parents[1]
REFERENCE = (ROOT / "docs" / "reference.md").read_text("utf-8")
NAMED = [name for name in to11ai_sdk.__all__ if isinstance(getattr(to11ai_sdk, name), type | FunctionType)]


def public_members(kind: type) -> list[tuple[str, object]]:
    return [
        (f"{kind.__name__}.{name}", value)
        for name, value in vars(kind).items()
        if not name.startswith("_") and isinstance(value, FunctionType | property)
    ]


@pytest.mark.parametrize("name", NAMED)
def test_every_public_class_and_function_says_what_it_is(name: str) -> None:
    value = getattr(to11ai_sdk, name)
    inherited = {base.__doc__ for base in getattr(value, "__mro__", ())[1:]}
    assert value.__doc__
    assert value.__doc__ not in inherited


@pytest.mark.parametrize("name", NAMED)
def test_every_public_method_and_property_says_what_it_does(name: str) -> None:
    value = getattr(to11ai_sdk, name)
    silent = [member for member, found in public_members(value) if not found.__doc__] if isinstance(value, type) else []
    assert silent == []


@pytest.mark.parametrize("row", ENDPOINTS.values(), ids=str)
def test_every_row_says_what_it_does(row: Endpoint) -> None:
    assert parts(row.doc).prose.splitlines()[0].endswith(".")
    assert parts(public_doc(row)).prose


@pytest.mark.parametrize("name", to11ai_sdk.__all__)
def test_every_public_name_stands_in_the_reference(name: str) -> None:
    assert f"`{name}`" in REFERENCE or f"{name}(" in REFERENCE


@pytest.mark.parametrize("row", ENDPOINTS.values(), ids=str)
def test_every_route_stands_in_the_reference(row: Endpoint) -> None:
    assert f"`{row.method} {row.path}`" in REFERENCE


@pytest.mark.parametrize("name", [name for name in NAMED if name[0].isupper()])
def test_every_field_of_a_model_stands_in_the_reference(name: str) -> None:
    kind = getattr(to11ai_sdk, name)
    fields = kind.model_fields if issubclass(kind, Model) else {}
    section = REFERENCE.partition(f"### `{name}`\n")[2].partition("\n### ")[0]
    assert [field for field in fields if f"| `{field}` |" not in section] == []


@pytest.mark.parametrize("name", to11ai_sdk.local.__all__)
def test_every_name_of_the_local_to11_stands_in_the_reference_with_all_that_it_has(name: str) -> None:
    kind = getattr(to11ai_sdk.local, name)
    own = [base for base in kind.__mro__ if base.__module__.startswith("to11ai_sdk.")]
    members = [member.partition(".")[2] for base in own for member, _ in public_members(base)]
    assert f"## `{name}`\n" in REFERENCE
    assert [member for member in members if f"### `{name}.{member}`\n" not in REFERENCE] == []


def test_a_signature_is_shown_as_it_can_be_called() -> None:
    assert "\nfail_next(\n    times: int = 1,\n    *,\n    status: int | None = None,\n" in REFERENCE
    assert "\nclient(**options: Any) -> To11aiClient\n" in REFERENCE
    assert "| `**options` | further arguments" in REFERENCE
    assert "\nstart() -> Self\n" in REFERENCE
    assert "| `list[int] \\| None` |" in REFERENCE
    assert "\nLocalTo11(\n    data: str | os.PathLike[str] | None = None,\n    port: int = 0,\n    *,\n" in REFERENCE


def test_the_generated_pages_are_what_the_code_says() -> None:
    run = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.stderr == ""
    assert run.returncode == 0


def test_every_bound_of_the_local_to11_is_used_and_stands_on_its_page() -> None:
    local = ROOT / "to11ai_sdk" / "local"
    code = "".join(path.read_text("utf-8") for path in local.rglob("*.py") if path.name != "bounds.py")
    names = [name for name in vars(bounds) if name.isupper()]
    page = (ROOT / "docs" / "local.md").read_text("utf-8")
    assert [name for name in names if not re.search(rf"\b{name}\b", code)] == []
    assert [name for name in names if f"| `{name}` |\n" not in page] == []
    assert "| 64 MiB | `MAX_GATEWAY_BODY` |\n" in page
    assert "| 10 s | `HEAD_TIMEOUT_S` |\n" in page
    assert "| 4,000 | `MAX_CONNECTIONS` |\n" in page


def test_every_error_code_of_the_local_control_plane_stands_on_its_page() -> None:
    local = ROOT / "to11ai_sdk" / "local"
    sources = [
        path.read_text("utf-8") for path in local.rglob("*.py") if not {"http", "gateway", "tools"} & {*path.parts}
    ]
    codes = {code for source in sources for code in re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', source)}
    server = "".join(path.read_text("utf-8") for path in (local / "http").glob("*.py"))
    codes |= set(re.findall(r'Problem\(\s*\d+,\s*"(\w+)"', server))
    assert "URI_TOO_LONG" in codes
    page = "".join((ROOT / "docs" / name).read_text("utf-8") for name in ("local.md", "inspector.md"))
    assert "PROMPT_NOT_FOUND" in codes
    assert [code for code in sorted(codes) if f"`{code}`" not in page] == []


def test_a_docstring_is_taken_apart() -> None:
    doc = parts(
        """Do it.

        More about ``it``.

        Args:
            one: the first,
                on two lines.
            two: the second.

        Returns:
            What came of it.

        Raises:
            ValueError: it was wrong.

        Source: somewhere.
        """
    )
    assert doc.prose.split("\n\n") == ["Do it.", "More about ``it``.", "Source: somewhere."]
    assert doc.arguments == {"one": "the first, on two lines.", "two": "the second."}
    assert doc.returns == "What came of it."
    assert doc.errors == {"ValueError": "it was wrong."}
    assert parts(None) == ("", {}, "", {})


def test_no_error_and_no_argument_of_a_docstring_is_left_out() -> None:
    assert parts("Do it.\n\nRaises:\n    pydantic.ValidationError: it is wrong.").errors == {
        "pydantic.ValidationError": "it is wrong."
    }
    unread = []
    for path in (ROOT / "to11ai_sdk").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            doc = (ast.get_docstring(node) if isinstance(node, ast.FunctionDef | ast.ClassDef) else None) or ""
            for title, found in (("Raises", parts(doc).errors), ("Args", parts(doc).arguments)):
                unread += [(path.name, doc)] if f"\n{title}:\n" in doc and not found else []
    assert unread == []


def test_prose_is_shown_without_markup() -> None:
    assert plain('Set ``"a"`` as :class:`~to11ai_sdk.Prompt` or `b`.') == 'Set "a" as to11ai_sdk.Prompt or b.'


def test_a_parameter_is_explained_by_its_row_or_by_a_neighbour() -> None:
    row = ENDPOINTS["prompts.get"]
    assert parameter_texts(row) == {"project_id": "id of the project.", "prompt_id": "id of the prompt."}
    assert set(parameter_texts(row)) == set(inspect.signature(row.signature).parameters) - {"self"}
