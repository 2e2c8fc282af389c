"""What a reply may say and what is refused: tolerant of news, strict about types."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import datetime, timedelta, timezone
from operator import attrgetter
from types import MappingProxyType
from typing import Any

import pytest
from pydantic import ValidationError
from recording import KEY
from samples import (
    DATA,
    ENVIRONMENT,
    EVENTS,
    LABEL,
    PAGINATION,
    PROMPT,
    PROMPT_VERSION,
    RELEASE,
    RESOLVED,
    RULE_VERSION,
    TIME,
    USAGE,
)
from scripted import answer, staged

import to11ai_sdk
from to11ai_sdk import (
    ChatRendered,
    RenderedChatMessage,
    TextChatMessage,
    To11aiResponseValidationError,
    ToolChatMessage,
    chat_message_from_dict,
)

ARGUMENTS: dict[str, Any] = {
    "project_id": "pr_1",
    "prompt_id": "pm_1",
    "rule_id": "ru_1",
    "version_id": "rv_1",
    "version_number": 1,
    "slug": "s",
    "label": "l",
    "labels": ["l"],
    "env_slug": "prod",
    "scope": "project",
}
READS = {
    "Prompt": "prompts.get",
    "PaginatedResult": "prompts.list",
    "PromptVersion": "prompts.get_version",
    "PromptLabelPointer": "prompts.list_labels",
    "PaginatedLabelEvents": "prompts.list_label_events",
    "ProjectPromptLabel": "prompts.get_project_label",
    "ProjectPromptLabelUsage": "prompts.list_project_label_usages",
    "ResolvedPrompt": "prompts.resolve",
    "ProjectEnvironment": "project_environments.get",
    "ArchiveProjectEnvironmentResult": "project_environments.archive",
    "RuleVersion": "routing_rules.versions.get",
    "RuleRelease": "routing_rules.releases.list",
}
NEEDED = {
    "prompts.get": ("project_id", "prompt_id"),
    "prompts.list": ("project_id",),
    "prompts.get_version": ("project_id", "prompt_id", "version_number"),
    "prompts.list_labels": ("project_id", "prompt_id"),
    "prompts.list_label_events": ("project_id", "scope"),
    "prompts.get_project_label": ("project_id", "label"),
    "prompts.list_project_label_usages": ("project_id", "label"),
    "prompts.resolve": ("project_id", "slug", "labels"),
    "project_environments.get": ("project_id", "slug"),
    "project_environments.archive": ("project_id", "slug"),
    "routing_rules.versions.get": ("project_id", "rule_id", "version_id"),
    "routing_rules.releases.list": ("project_id", "rule_id"),
}


def read(call: str, data: Any, **envelope: Any) -> Any:
    """What the client makes of this data."""
    stage = staged(answer(data, **envelope))
    return attrgetter(call)(stage.client)(**{name: ARGUMENTS[name] for name in NEEDED[call]})


def single(call: str) -> dict[str, Any]:
    """One object as the call gets it, alone or in a list."""
    data = DATA[call]
    return copy.deepcopy(data[0] if isinstance(data, list) else data)


def read_one(call: str, item: dict[str, Any]) -> Any:
    result = read(call, [item] if isinstance(DATA[call], list) else item)
    result = result.items if call == "prompts.list" else result
    return result[0] if isinstance(result, list) else result


def refused(call: str, data: Any, **envelope: Any) -> str:
    with pytest.raises(To11aiResponseValidationError) as caught:
        read(call, data, **envelope)
    assert call.split(".")[0] in str(caught.value)
    return str(caught.value)


# --- news


@pytest.mark.parametrize("call", READS.values())
def test_unknown_fields_are_ignored(call: str) -> None:
    item = single(call) | {"kind": "chat", "somethingNew": {"deep": [1]}}
    assert not hasattr(read_one(call, item), "somethingNew")


# fmt: off
NULLABLE = {
    "prompts.get": "description",
    "prompts.list": "description",
    "prompts.get_version": "templateJson variablesSchema modelConfig changelog createdByDisplayName createdByImage",
    "prompts.list_labels": "updatedByDisplayName",
    "prompts.get_project_label": "description archivedAt",
    "prompts.resolve": "releaseId blockRenderRecord subjectHash variantName",
    "project_environments.get": "color description isPointer requiresApproval isProduction archivedAt",
    "project_environments.archive": "livePointerCounts",
    "routing_rules.versions.get": "description",
    "routing_rules.releases.list":
        "versionId weights priorReleaseId reason approvalStatus approvalRequestedBy approvalRequestedAt approvedBy "
        "approvedAt rejectedBy rejectedAt activeFrom activeTo",
}
# fmt: on
ABSENT = [(call, name) for call, names in NULLABLE.items() for name in names.split()]


def python_name(wire: str) -> str:
    name = "".join(f"_{char.lower()}" if char.isupper() else char for char in wire)
    return "model_config_" if name == "model_config" else name


@pytest.mark.parametrize(("call", "name"), ABSENT)
def test_a_field_that_may_be_null_may_be_absent_and_is_none(call: str, name: str) -> None:
    item = single(call)
    assert getattr(read_one(call, item | {name: None}), python_name(name)) is None
    item.pop(name, None)
    assert getattr(read_one(call, item), python_name(name)) is None


def test_labels_of_a_resolved_prompt_may_be_absent() -> None:
    item = single("prompts.resolve")
    del item["labels"]
    assert read("prompts.resolve", item).labels == []


@pytest.mark.parametrize("call", READS.values())
def test_every_other_field_is_needed(call: str) -> None:
    item = single(call)
    for name in set(item) - {*NULLABLE.get(call, "").split(), "labels"}:
        message = refused(call, wrap(call, {key: value for key, value in item.items() if key != name}))
        assert f".{name}: Field required" in message
        assert f".{name}" in refused(call, wrap(call, item | {name: None}))


def wrap(call: str, item: dict[str, Any]) -> Any:
    return [item] if isinstance(DATA[call], list) else item


# fmt: off
WORDS = [
    ("prompts.get", "status"), ("prompts.get_version", "format"), ("prompts.get_project_label", "displayColor"),
    ("routing_rules.releases.list", "strategy"), ("routing_rules.releases.list", "changeKind"),
    ("routing_rules.releases.list", "actorType"), ("routing_rules.releases.list", "approvalStatus"),
]
# fmt: on


@pytest.mark.parametrize(("call", "name"), WORDS)
def test_a_word_we_do_not_know_is_taken(call: str, name: str) -> None:
    assert getattr(read_one(call, single(call) | {name: "brand-new"}), python_name(name)) == "brand-new"


def test_deeper_words_we_do_not_know_are_taken() -> None:
    snapshot = {"endpoint": "video", "strategy": "quantum", "steps": [{"position": 0, "strategy": "odd"}], "more": 1}
    version = read("routing_rules.versions.get", {**RULE_VERSION, "snapshotJson": snapshot})
    assert (version.snapshot_json.strategy, version.snapshot_json.steps[0].strategy) == ("quantum", "odd")
    rendered = {"format": "chat", "messages": [{"role": "critic", "content": "x", "name": "n"}]}
    prompt = read("prompts.resolve", {**RESOLVED, "rendered": rendered, "blockRenderRecord": {"a": "hidden"}})
    assert prompt.messages[0].role == "critic"
    assert prompt.block_render_record == {"a": "hidden"}


def test_lengths_and_patterns_of_text_are_the_servers() -> None:
    assert read("prompts.get", {**PROMPT, "slug": "Not A Slug", "name": ""}).name == ""
    assert read("prompts.get_project_label", {**LABEL, "label": "x" * 100, "description": "d" * 999}).label == "x" * 100


# --- types

WRONG: dict[str, list[Any]] = {
    "str": [1, True, ["x"], {"x": 1}, 1.5],
    "int": ["1", 1.5, True, [], {}],
    "bool": ["true", 1, 0, [], {}],
    "list": ["x", {"x": 1}, 1, True],
    "dict": ["x", [], 1, True],
}


def kind_of(name: str, value: Any) -> str | None:
    if name.endswith("At") or name == "rendered" or value is None:
        return None
    return type(value).__name__


# A version of a resolved prompt may have a fraction; what a template or a model configuration holds is anything.
ANYTHING = {("prompts.get_version", "templateJson"), ("prompts.get_version", "variablesSchema")}
ANYTHING |= {("prompts.get_version", "modelConfig")}


@pytest.mark.parametrize("call", READS.values())
def test_a_wrong_json_type_is_refused_by_field_and_not_repeated(call: str) -> None:
    item = single(call)
    for name, value in item.items():
        if (call, name) in ANYTHING:
            continue
        for wrong in WRONG.get(kind_of(name, value) or "", []):
            if (call, name, wrong) == ("prompts.resolve", "version", 1.5):
                continue
            message = refused(call, wrap(call, item | {name: wrong}))
            assert f".{name}" in message, (name, wrong)
        if isinstance(value, str) and not name.endswith("At"):
            assert KEY not in refused(call, wrap(call, item | {name: [KEY]}))


def test_all_fields_that_do_not_fit_are_counted() -> None:
    message = refused("prompts.get", {**PROMPT, "id": 1, "name": 2, "tags": "x"})
    assert "prompts.get: " in message
    assert "data.id: " in message
    assert message.endswith("(and 2 more)")


@pytest.mark.parametrize("data", ["text", 7, True, [], [PROMPT]])
def test_data_of_another_shape_is_refused(data: Any) -> None:
    assert ": data: " in refused("prompts.get", data)


@pytest.mark.parametrize("data", ["text", 7, True, PROMPT_VERSION, {}])
def test_a_list_is_a_list(data: Any) -> None:
    assert ": data: " in refused("prompts.list_labels", data)


def test_an_item_of_a_list_is_named_by_its_place() -> None:
    assert "data.1.versionId: " in refused("prompts.list_project_label_usages", [USAGE, {**USAGE, "versionId": 1}])


# fmt: off
NUMBERS = [
    ("prompts.get_version", "version", [0, -1, 2**31], [1, 2**31 - 1]),
    ("routing_rules.versions.get", "version", [0, 2**31], [1, 2**31 - 1]),
    ("prompts.list_project_label_usages", "version", [0, -1], [1]),
]
# fmt: on


@pytest.mark.parametrize(("call", "name", "bad", "good"), NUMBERS)
def test_a_number_out_of_its_range_is_refused(call: str, name: str, bad: list[int], good: list[int]) -> None:
    for value in bad:
        assert f".{name}: " in refused(call, wrap(call, single(call) | {name: value}))
    for value in good:
        assert getattr(read_one(call, single(call) | {name: value}), name) == value


@pytest.mark.parametrize("counts", [{"prompts": -1, "providers": 0, "rules": 0}, {"prompts": 1}, []])
def test_counts_are_whole_and_not_negative(counts: Any) -> None:
    data = {"environment": ENVIRONMENT, "livePointerCounts": counts}
    assert "data.livePointerCounts" in refused("project_environments.archive", data)


@pytest.mark.parametrize("weight", [-1, 101, 50.5, "50", True])
def test_a_weight_is_a_percentage(weight: Any) -> None:
    data = [{**RELEASE, "strategy": "weighted", "weights": [{"versionId": "rv_1", "weight": weight}]}]
    assert "data.0.weights.0.weight: " in refused("routing_rules.releases.list", data)


@pytest.mark.parametrize(
    "rendered",
    [
        {"format": "video", "url": "x"},
        {"format": None, "text": "x"},
        {"text": "x"},
        {"format": "text"},
        {"format": "text", "text": None},
        {"format": "chat", "text": "x"},
        {"format": "chat", "messages": [{"role": "user"}]},
        {"format": "chat", "messages": [{"role": "user", "content": ["x"]}]},
        {"format": "chat", "messages": {"role": "user", "content": "x"}},
        "x",
        None,
        [],
    ],
)
def test_a_content_we_cannot_read_is_refused(rendered: Any) -> None:
    assert "data.rendered" in refused("prompts.resolve", {**RESOLVED, "rendered": rendered})


def test_an_unknown_kind_of_content_is_not_repeated() -> None:
    words = refused("prompts.resolve", {**RESOLVED, "rendered": {"format": "PATIENT-7", "text": "x"}})
    assert words.endswith("data.rendered: it is of no known kind")


@pytest.mark.parametrize("version", ["1", True, None, [], 1e999])
def test_the_version_of_a_resolved_prompt_is_a_number(version: Any) -> None:
    with pytest.raises(To11aiResponseValidationError):
        read("prompts.resolve", {**RESOLVED, "version": version})


# --- timestamps


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-06-17T10:30:00.000Z", datetime(2026, 6, 17, 10, 30, tzinfo=timezone.utc)),
        ("2026-06-17T10:30:00", datetime(2026, 6, 17, 10, 30, tzinfo=timezone.utc)),
        ("2026-06-17 10:30:00", datetime(2026, 6, 17, 10, 30, tzinfo=timezone.utc)),
        ("2026-06-17T10:30:00+02:00", datetime(2026, 6, 17, 8, 30, tzinfo=timezone.utc)),
        ("2026-06-17T10:30:00.123456Z", datetime(2026, 6, 17, 10, 30, 0, 123456, tzinfo=timezone.utc)),
    ],
)
def test_a_timestamp_has_a_zone_and_a_naive_one_is_utc(text: str, moment: datetime) -> None:
    created = read("prompts.get", {**PROMPT, "createdAt": text}).created_at
    assert created == moment
    assert created.tzinfo is not None


def test_a_timestamp_keeps_its_offset() -> None:
    created = read("prompts.get", {**PROMPT, "createdAt": "2026-06-17T10:30:00+02:00"}).created_at
    assert created.utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize(
    "wrong", [1_781_692_200, 1_781_692_200.5, "1781692200", "1781692200.5", "yesterday", "", True, [], {}, "2026"]
)
@pytest.mark.parametrize(("call", "name"), [("prompts.get", "createdAt"), ("routing_rules.releases.list", "activeTo")])
def test_a_timestamp_is_no_number(call: str, name: str, wrong: Any) -> None:
    assert f".{name}: " in refused(call, wrap(call, single(call) | {name: wrong}))


# --- pages


def test_the_pagination_of_prompts_stands_beside_them() -> None:
    page = read("prompts.list", [PROMPT], pagination={"page": 3, "limit": 1, "total": 7, "totalPages": 7})
    assert page.items[0].slug == "welcome"
    assert (page.pagination.page, page.pagination.limit, page.pagination.total) == (3, 1, 7)
    assert page.pagination.total_pages == 7


def test_or_with_them_in_the_data() -> None:
    page = read("prompts.list", {"items": [PROMPT], "pagination": PAGINATION})
    assert page.pagination.limit == 20


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("inside", [True, False])
def test_prompts_without_pagination_are_the_only_page(count: int, inside: bool) -> None:
    prompts = [PROMPT] * count
    page = read("prompts.list", {"items": prompts} if inside else prompts)
    assert len(page.items) == count
    assert page.pagination.model_dump() == {"page": 1, "limit": count, "total": count, "total_pages": 1}


@pytest.mark.parametrize("inner", [{}, {"pagination": None}, {"pagination": PAGINATION}])
@pytest.mark.parametrize("items", [[], [PROMPT]])
def test_the_pagination_of_the_envelope_wins(inner: dict[str, Any], items: list[Any]) -> None:
    outer = {"page": 3, "limit": 1, "total": 7, "totalPages": 7}
    assert PAGINATION["limit"] != outer["limit"]
    page = read("prompts.list", {"items": items, **inner}, pagination=outer)
    assert page.pagination.model_dump(by_alias=True) == outer


@pytest.mark.parametrize("nothing", [None, {}])
def test_an_empty_pagination_of_the_envelope_is_none(nothing: Any) -> None:
    inner = {"items": [PROMPT], "pagination": PAGINATION}
    assert read("prompts.list", inner, pagination=nothing).pagination.limit == PAGINATION["limit"]
    assert read("prompts.list", [PROMPT], pagination=nothing).pagination.total == 1


def test_an_empty_page_of_events_has_no_pages() -> None:
    empty = {"items": [], "pagination": {"page": 1, "limit": 20, "total": 0, "totalPages": 0}}
    page = read("prompts.list_label_events", empty)
    assert (page.items, page.pagination.total_pages) == ([], 0)


def test_events_need_their_pagination() -> None:
    assert "data.pagination: " in refused("prompts.list_label_events", {"items": EVENTS["items"]})
    assert "data.items: " in refused("prompts.list", {"pagination": PAGINATION})
    for data in ([PROMPT], {"items": [PROMPT]}):
        assert "pagination.page: " in refused("prompts.list", data, pagination={**PAGINATION, "page": "1"})
        assert "data.pagination: " in refused("prompts.list", data, pagination=7)
    assert "data" in refused("prompts.list", "text")


# --- models by hand


FROM_DICT = [name for name in to11ai_sdk.__all__ if hasattr(getattr(to11ai_sdk, name), "model_construct")]


def test_every_model_has_from_dict() -> None:
    assert {"Prompt", "PaginatedResult", "RuleSnapshot", "RuleTarget", "RuleRetry"} <= set(FROM_DICT)
    assert set(READS) <= set(FROM_DICT)


@pytest.mark.parametrize(("name", "call"), READS.items())
def test_a_model_takes_wire_and_python_names_and_writes_both(name: str, call: str) -> None:
    model = getattr(to11ai_sdk, name)
    item = single(call)
    if call == "prompts.list":
        item = {"items": [item], "pagination": PAGINATION}
    one = model.from_dict(item)
    assert model.from_dict(one.model_dump()) == one
    assert model.from_dict(one.model_dump(mode="json", by_alias=True)) == one
    assert model.model_validate_json(one.model_dump_json(by_alias=True)) == one


def test_from_dict_refuses_in_the_words_of_pydantic_and_repeats_no_value() -> None:
    with pytest.raises(ValidationError) as caught:
        to11ai_sdk.Prompt.from_dict({**PROMPT, "id": [KEY]})
    assert "id" in str(caught.value)
    assert KEY not in str(caught.value)


def test_from_dict_takes_any_mapping() -> None:
    data = MappingProxyType({"role": "user", "content": "Hi"})
    assert RenderedChatMessage.from_dict(data).content == "Hi"
    block = chat_message_from_dict(data)
    assert isinstance(block, TextChatMessage)
    assert block.content == "Hi"
    with pytest.raises(ValueError, match="valid dictionary"):
        RenderedChatMessage.from_dict([data])  # type: ignore[arg-type]


def test_models_copy_and_compare() -> None:
    prompt = to11ai_sdk.ResolvedPrompt.from_dict(RESOLVED)
    twin = copy.deepcopy(prompt)
    assert twin == prompt
    assert isinstance(twin.rendered, ChatRendered)
    twin.messages[0].content = "other"
    assert twin != prompt


# --- blocks of a template


def test_a_block_of_text() -> None:
    block = chat_message_from_dict({"role": "system", "content": "Hi", "disabled": True})
    assert block == TextChatMessage(role="system", content="Hi", disabled=True)


def test_a_block_that_defines_a_tool() -> None:
    schema = {"type": "object"}
    block = chat_message_from_dict({"role": "tool", "name": "search", "description": "d", "parameters": schema})
    assert block == ToolChatMessage(name="search", description="d", parameters=schema)


def test_an_old_tool_block_becomes_one() -> None:
    block = chat_message_from_dict({"role": "tool", "content": "finds things"})
    assert block == ToolChatMessage(name="(unnamed)", description="finds things", parameters={})
    assert chat_message_from_dict({"role": "tool"}) == ToolChatMessage(name="(unnamed)", parameters={})


@pytest.mark.parametrize(
    ("block", "word"),
    [
        ({}, "None"),
        ({"role": "critic", "content": "x"}, "'critic'"),
        ({"role": None}, "None"),
        ({"role": ["tool"]}, r"\['tool'\]"),
        ({"role": 7}, "7"),
    ],
)
def test_a_block_of_another_role_is_refused_by_its_word(block: Any, word: str) -> None:
    words = f"role must be system, user, assistant, developer or tool, not {word}"
    with pytest.raises(ValueError, match=f"^{words}$"):
        chat_message_from_dict(block)
    with pytest.raises(ValueError, match=words if "role" in block else "role"):
        TextChatMessage(**{"content": "x", **block})


def test_a_long_role_is_cut() -> None:
    with pytest.raises(ValueError, match="role must be") as caught:
        chat_message_from_dict({"role": "x" * 10_000})
    assert len(str(caught.value)) < 200


def test_a_block_that_lacks_its_content_is_refused() -> None:
    with pytest.raises(ValueError, match="content"):
        chat_message_from_dict({"role": "user"})


@pytest.mark.parametrize("data", ["text", None, [], 7])
def test_a_block_is_a_mapping(data: Any) -> None:
    with pytest.raises(TypeError, match=f"^data must be a mapping, not {type(data).__name__}$"):
        chat_message_from_dict(data)


def test_the_fields_of_a_tool_and_of_a_text() -> None:
    tool = ToolChatMessage(name="search")
    assert tool.model_dump() == {
        "role": "tool",
        "name": "search",
        "parameters": {},
        "description": None,
        "disabled": None,
    }
    assert ToolChatMessage(role="tool", name="n", parameters=[], description="d", disabled=True).disabled is True
    assert TextChatMessage(role="user", content="x").disabled is None
    for needed, given in (("name", {}), ("content", {"role": "user"}), ("role", {"content": "x"})):
        with pytest.raises(ValidationError, match=needed):
            (ToolChatMessage if needed == "name" else TextChatMessage)(**given)


def test_tools_do_not_share_their_parameters() -> None:
    ToolChatMessage(name="one").parameters["type"] = "object"
    assert ToolChatMessage(name="other").parameters == {}


@pytest.mark.parametrize("parameters", [None, {}, [1], "text", 7, False, {"a": None}])
def test_the_parameters_of_a_tool_are_any_json_and_are_sent_as_they_are(parameters: Any) -> None:
    tool = chat_message_from_dict({"role": "tool", "name": "search", "parameters": parameters})
    assert isinstance(tool, ToolChatMessage)
    assert tool.parameters == parameters
    stage = staged(answer(PROMPT_VERSION))
    stage.client.prompts.create_version(
        project_id="pr_1", prompt_id="pm_1", format="chat", template_json={"messages": [tool]}, variables_schema={}
    )
    block = json.loads(stage.script.sent[0].body or b"")["templateJson"]["messages"][0]
    assert block == {"role": "tool", "name": "search", "parameters": parameters}
    assert chat_message_from_dict(block) == tool


def test_the_dump_of_a_tool_is_that_of_any_model() -> None:
    tool = ToolChatMessage(name="n", parameters=None)
    assert tool.model_dump(exclude={"parameters", "role"}) == {"name": "n", "description": None, "disabled": None}
    assert tool.model_dump(include={"name"}) == {"name": "n"}


# --- built by hand


@pytest.mark.parametrize("model", [getattr(to11ai_sdk, name) for name in FROM_DICT])
def test_a_model_that_was_built_without_its_fields_can_be_looked_at(model: Any) -> None:
    bare = model.model_construct()
    twins = [copy.copy(bare), copy.deepcopy(bare), bare.model_copy(), pickle.loads(pickle.dumps(bare))]
    for twin in twins:
        assert (twin, repr(twin), str(twin)) == (bare, repr(bare), str(bare))


def test_the_time_of_the_samples_is_what_the_api_sends() -> None:
    assert read("prompts.get", PROMPT).created_at.isoformat() == TIME.replace(".000Z", "+00:00")
