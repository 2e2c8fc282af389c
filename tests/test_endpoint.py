from __future__ import annotations

import copy
import json
import re
from datetime import datetime, timezone
from inspect import signature
from typing import Any, get_args
from urllib.parse import parse_qsl, unquote

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import PROMPT_VERSION
from scripted import answer, staged
from test_wire import JSON, OBJECT

import to11ai_sdk
from to11ai_sdk._http.encoding import json_bytes
from to11ai_sdk.local.http.arguments import decode
from to11ai_sdk.local.problems import Problem
from to11ai_sdk.resources.endpoint import Endpoint, Resource, endpoint, row_of
from to11ai_sdk.resources.parameters import KINDS
from to11ai_sdk.resources.table import ENDPOINTS

ROWS = pytest.mark.parametrize("row", ENDPOINTS.values(), ids=list(ENDPOINTS))

IDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1).filter(lambda text: text not in (".", ".."))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "str": TEXTS,
    "int": st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
    "Any": JSON.filter(lambda value: value is not None),
    "Mapping[str, Any]": OBJECT,
    "Sequence[str]": st.lists(TEXTS, max_size=4),
    "datetime | str": TEXTS,
    "PromptFormat": st.sampled_from(get_args(to11ai_sdk.models.PromptFormat)),
    "PaletteToken": st.sampled_from(get_args(to11ai_sdk.PaletteToken)),
    "ReleaseStrategy": st.sampled_from(get_args(to11ai_sdk.models.ReleaseStrategy)),
    "RuleSnapshot | Mapping[str, Any]": OBJECT,
    "Sequence[RuleReleaseWeight | Mapping[str, Any]]": st.lists(OBJECT, max_size=3),
}


def values_of(parameter: Any) -> st.SearchStrategy[Any]:
    if parameter.place == "path" and parameter.annotation == "str":
        return IDS
    values = IDS if parameter.name.endswith("_id") else VALUES[parameter.annotation]
    return st.none() | values if parameter.nullable or not parameter.required else values


def arguments_of(row: Endpoint) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({parameter.name: values_of(parameter) for parameter in row.parameters})


def parsed(row: Endpoint, arguments: dict[str, Any]) -> tuple[dict[str, str], dict[str, str], Any]:
    """A request as a server takes it apart, by the template of the row."""
    request = row.encode(arguments)
    path, _, query = request.target.partition("?")
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", row.path)
    match = re.fullmatch(pattern, path)
    assert match is not None
    body = None if request.body is None else json.loads(json_bytes(request.body))
    names = {name: unquote(value) for name, value in match.groupdict().items()}
    return names, dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))), body


@ROWS
@settings(max_examples=examples(30))
@given(data=st.data())
def test_a_request_decodes_to_the_arguments_it_was_made_of(row: Endpoint, data: st.DataObject) -> None:
    arguments = data.draw(arguments_of(row))
    flags = {parameter.name for parameter in row.parameters if parameter.place == "query"}
    nullable = {parameter.name for parameter in row.parameters if parameter.nullable}
    said = {
        name: value
        for name, value in arguments.items()
        if (value is not None or name in nullable) and not (value is False and name in flags)
    }
    decoded = decode(row, *parsed(row, arguments))
    assert decoded == said
    assert repr(sorted(decoded.items())) == repr(sorted(said.items()))


@ROWS
def test_wire_names_are_unique_and_kinds_are_known(row: Endpoint) -> None:
    names = [(parameter.place == "path", parameter.wire_name) for parameter in row.parameters]
    assert len(names) == len(set(names))
    assert {parameter.annotation for parameter in row.parameters} <= KINDS.keys()
    assert re.findall(r"\{(\w+)\}", row.path) == [p.name for p in row.parameters if p.place == "path"]


@ROWS
def test_the_parameters_are_those_of_the_signature(row: Endpoint) -> None:
    written = list(signature(row.signature).parameters.values())[1:]
    assert [p.name for p in row.parameters] == [p.name for p in written]
    assert [p.required for p in row.parameters] == [p.default is p.empty for p in written]
    assert all(p.kind is p.KEYWORD_ONLY for p in written)
    assert row.doc


@ROWS
def test_a_missing_required_argument_is_refused_on_both_sides(row: Endpoint) -> None:
    given_ = {p.name: 1 if p.annotation == "int" else "x" for p in row.parameters if p.place == "path"}
    with pytest.raises(TypeError, match=rf"^{next(iter(given_))} must be"):
        row.encode({})
    for parameter in row.parameters:
        if not parameter.required:
            continue
        full = {p.name: p for p in row.parameters if p.required and p is not parameter}
        path = {n: "1" for n, p in full.items() if p.place == "path"}
        with pytest.raises(Problem, match=rf"^{parameter.wire_name} (is required|must be)") as caught:
            decode(row, path, {}, {p.wire_name: sample(p.annotation) for p in full.values() if p.place == "body"})
        assert caught.value.details == {"field": parameter.wire_name}


def sample(annotation: str) -> Any:
    simple: dict[str, Any] = {"Sequence[str]": [], "Mapping[str, Any]": {}, "RuleSnapshot | Mapping[str, Any]": {}}
    return simple.get(annotation, "x")


@ROWS
def test_arguments_are_by_name_and_checked_by_python(row: Endpoint) -> None:
    call = getattr(row.owner, row.signature.__name__)
    with pytest.raises(TypeError, match="positional argument"):
        call(Resource(lambda *_, **__: None), "pr_1")
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        call(Resource(lambda *_, **__: None), nonsense=1)


def test_a_wrong_value_is_told_by_its_name() -> None:
    with pytest.raises(TypeError, match=r"^is_default must be a bool, not str$"):
        ENDPOINTS["prompts.create_project_label"].encode({"project_id": "p", "label": "l", "is_default": "yes"})
    with pytest.raises(TypeError, match=r"^tags must be a list of str, not list of int and str$"):
        ENDPOINTS["prompts.update"].encode({"project_id": "p", "prompt_id": "q", "tags": ["a", 1, 2]})


@pytest.mark.parametrize("page", [False, True, "1", 1.0])
def test_a_number_in_a_query_is_a_number(page: Any) -> None:
    with pytest.raises(TypeError, match=r"^page must be an int, not "):
        ENDPOINTS["prompts.list"].encode({"project_id": "p", "page": page})


def test_a_schema_of_variables_may_be_null_and_must_be_given() -> None:
    stage = staged(answer(PROMPT_VERSION))
    given = {"project_id": "pr_1", "prompt_id": "pm_1", "format": "text", "template_json": {"text": "x"}}
    stage.client.prompts.create_version(**given, variables_schema=None, changelog=None)
    assert json.loads(stage.script.sent[0].body or b"") == {
        "format": "text",
        "templateJson": {"text": "x"},
        "variablesSchema": None,
    }
    with pytest.raises(TypeError, match=r"missing .* 'variables_schema'"):
        stage.client.prompts.create_version(**given)
    for name in ("format", "template_json"):
        with pytest.raises(TypeError, match=f"^{name} must be "):
            stage.client.prompts.create_version(**{**given, "variables_schema": {}, name: None})
    assert len(stage.script.sent) == 1
    assert [
        f"{name}.{parameter.name}"
        for name, row in ENDPOINTS.items()
        for parameter in row.parameters
        if parameter.nullable
    ] == ["prompts.create_version.variables_schema"]


def test_a_str_is_no_list_of_labels() -> None:
    stage = staged()
    with pytest.raises(TypeError, match=r"^labels must be a list of str, not str$"):
        stage.client.prompts.resolve(project_id="p", slug="s", labels="production")
    assert stage.script.sent == []


@pytest.mark.parametrize("prompt_id", ["", ".", "..", "a\nb", "\x00", "\ud800"])
def test_an_id_that_would_change_the_path_is_refused_before_sending(prompt_id: str) -> None:
    stage = staged()
    with pytest.raises(ValueError, match=r"^prompt_id must ") as caught:
        stage.client.prompts.archive(project_id="p", prompt_id=prompt_id)
    assert str(caught.value).endswith(f", not {prompt_id!r}")
    assert stage.script.sent == []


def test_a_naive_time_is_utc() -> None:
    row = ENDPOINTS["prompts.list_project_label_events"]
    times = {"since": datetime(2026, 1, 1, tzinfo=timezone.utc), "until": datetime(2026, 1, 1)}
    query = row.encode({"project_id": "p", **times}).query
    assert query == {"since": "2026-01-01T00:00:00+00:00", "until": "2026-01-01T00:00:00Z"}


# --- the table


def test_the_table_has_the_33_calls_in_the_order_of_the_source() -> None:
    names = list(ENDPOINTS)
    assert len(names) == len(ENDPOINTS) == 33
    assert names[:3] == ["prompts.create", "prompts.list", "prompts.get"]
    assert names[-1] == "routing_rules.releases.list_env"
    assert "prompts.resolve" in ENDPOINTS
    assert "prompts.nonsense" not in ENDPOINTS


def test_the_table_is_complete_whoever_asks_first() -> None:
    assert ENDPOINTS["prompts.get"] is row_of(to11ai_sdk.PromptResource.get)


def test_no_two_rows_share_a_method_and_a_path() -> None:
    assert len({(row.method, re.sub(r"\{\w+\}", "{}", row.path)) for row in ENDPOINTS.values()}) == 33


def test_only_plain_posts_are_unsafe() -> None:
    assert {name for name, row in ENDPOINTS.items() if not row.safe} == {
        "prompts.create",
        "prompts.create_version",
        "prompts.create_project_label",
        "project_environments.create",
        "project_environments.archive",
        "project_environments.restore",
        "routing_rules.versions.create",
        "routing_rules.releases.rollback",
    }


def test_a_row_shows_what_it_calls() -> None:
    row = ENDPOINTS["prompts.get"]
    assert repr(row) == "<Endpoint prompts.get: GET /v1/projects/{project_id}/prompts/{prompt_id}>"


def test_a_row_that_was_never_initialized_can_be_looked_at() -> None:
    bare = Endpoint.__new__(Endpoint)
    assert repr(bare) == "<Endpoint>"
    assert repr(copy.copy(ENDPOINTS["prompts.get"])) == repr(ENDPOINTS["prompts.get"])


def test_a_row_without_a_docstring_has_an_empty_one() -> None:
    class Things(Resource):
        namespace = "things"

        @endpoint("GET /v1/things/{thing_id}")
        def get(self, *, thing_id: str) -> Any: ...

    assert row_of(Things.get).doc == ""
    assert row_of(Things.get).name == "things.get"


# --- label moves and releases: one method over several rows


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"scope": "label"}, "scope='label' needs prompt_id"),
        ({"scope": "label", "prompt_id": "pm"}, "scope='label' needs label"),
        ({"scope": "label", "label": "l"}, "scope='label' needs prompt_id"),
        ({"scope": "prompt", "label": "l"}, "scope='prompt' needs prompt_id"),
        ({"scope": "world"}, "scope must be one of label, prompt, project, not 'world'"),
        ({"scope": None}, "scope must be one of label, prompt, project, not None"),
        ({"scope": ["label"]}, r"scope must be one of label, prompt, project, not \['label'\]"),
    ],
)
def test_a_scope_says_what_it_needs(arguments: Any, words: str) -> None:
    stage = staged(answer({"items": [], "pagination": {"page": 1, "limit": 20, "total": 0, "totalPages": 0}}))
    with pytest.raises(ValueError, match=f"^{words}$"):
        stage.client.prompts.list_label_events(project_id="p", **arguments)
    assert stage.script.sent == []
