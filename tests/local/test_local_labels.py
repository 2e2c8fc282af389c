from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from bound import Api, Clock, call, refused

from to11ai_sdk import PromptLabelNotRegisteredError
from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.service import checks

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_a_label_points_where_it_was_moved_last_and_each_move_is_an_event(api: Api) -> None:
    prompt, one, two = api.prompt("a", versions=2)
    move = {"prompt_id": prompt.id, "label": "live"}
    placed = api.prompts.move_label(version_id=one.id, reason="start", **move)
    assert (placed.prompt_id, placed.label, placed.version_id) == (prompt.id, "live", one.id)
    assert placed.updated_by_display_name == "local developer"
    moved = api.prompts.move_label(version_id=two.id, **move)
    back = api.prompts.move_label(version_id=one.id, reason="broken", **move)
    assert (moved.version_id, back.version_id) == (two.id, one.id)
    assert api.prompts.list_labels(prompt_id=prompt.id) == [back]

    events = api.prompts.list_label_events(scope="label", **move)
    assert [(event.from_version_id, event.to_version_id, event.reason) for event in events.items] == [
        (two.id, one.id, "broken"),
        (one.id, two.id, None),
        (None, one.id, "start"),
    ]
    assert events.items[0].moved_at == back.updated_at
    assert events.items[0].moved_by_user_id == back.updated_by_user_id
    assert events.pagination.model_dump() == {"page": 1, "limit": 20, "total": 3, "total_pages": 1}


def test_moving_a_label_to_where_it_is_leaves_no_event(api: Api) -> None:
    prompt, version = api.prompt("a", versions=1)
    first = api.prompts.move_label(prompt_id=prompt.id, label="live", version_id=version.id)
    assert api.prompts.move_label(prompt_id=prompt.id, label="live", version_id=version.id, reason="again") == first
    assert api.prompts.list_label_events(scope="project").pagination.total == 1


def test_a_label_takes_only_versions_of_its_prompt(api: Api) -> None:
    prompt, _ = api.prompt("a", versions=1)
    _, foreign = api.prompt("b", versions=1)
    for version_id in (foreign.id, "nope"):
        with refused(404, "PROMPT_VERSION_NOT_FOUND") as refusal:
            api.prompts.move_label(prompt_id=prompt.id, label="live", version_id=version_id)
        assert refusal.error.details["versionId"] == version_id
    assert api.prompts.list_labels(prompt_id=prompt.id) == []


@pytest.mark.parametrize("label", ["with space", "x" * 65, "ä", "a/b"])
def test_a_label_has_a_pattern(api: Api, label: str) -> None:
    prompt, version = api.prompt("a", versions=1)
    with refused(400, "INVALID_INPUT"):
        api.prompts.move_label(prompt_id=prompt.id, label=label, version_id=version.id)
    with refused(400, "INVALID_INPUT"):
        api.prompts.create_project_label(label=label)
    with refused(400, "INVALID_INPUT"):
        api.prompts.list_label_events(scope="project", label=label)


def test_strict_mode_lets_only_active_labels_of_the_registry_move(to11: LocalTo11, api: Api) -> None:
    prompt, version = api.prompt("a", versions=1)
    move = {"prompt_id": prompt.id, "version_id": version.id}
    assert to11.enforce_label_registry is False
    api.prompts.move_label(label="free", **move)
    assert [entry.label for entry in api.prompts.list_project_labels()] == ["production"]

    to11.enforce_label_registry = True
    assert to11.enforce_label_registry is True
    with pytest.raises(PromptLabelNotRegisteredError) as caught:
        api.prompts.move_label(label="qa", **move)
    assert (caught.value.status_code, caught.value.error_code) == (422, "PROMPT_LABEL_NOT_REGISTERED")
    assert (caught.value.project_id, caught.value.label) == (api.project_id, "qa")
    api.prompts.create_project_label(label="qa")
    api.prompts.move_label(label="qa", **move)
    api.prompts.delete_project_label(label="qa")
    with pytest.raises(PromptLabelNotRegisteredError):
        api.prompts.move_label(label="qa", **move)
    api.prompts.move_label(label="production", **move)


class Timeline:
    """Four moves, a day apart, over two prompts and two labels."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self.api = api
        self.start = clock.now
        self.a, a1, a2 = api.prompt("a", versions=2)
        self.b, b1 = api.prompt("b", versions=1)
        for prompt, label, version in (
            (self.a, "live", a1),
            (self.a, "test", a1),
            (self.b, "live", b1),
            (self.a, "live", a2),
        ):
            api.prompts.move_label(prompt_id=prompt.id, label=label, version_id=version.id)
            clock.turn(days=1)

    def seen(self, **filters: Any) -> list[tuple[str, str, int]]:
        events = self.api.prompts.list_label_events(**filters).items
        names = {self.a.id: "a", self.b.id: "b"}
        return [(names[event.prompt_id], event.label, (event.moved_at - self.start).days) for event in events]


@pytest.fixture
def timeline() -> Iterator[Timeline]:
    clock = Clock()
    with LocalTo11(clock=clock) as to11:
        yield Timeline(Api.of(to11), clock)


def test_events_of_each_scope_come_newest_first(timeline: Timeline) -> None:
    everything = [("a", "live", 3), ("b", "live", 2), ("a", "test", 1), ("a", "live", 0)]
    a = timeline.a.id
    assert timeline.seen(scope="project") == everything
    assert timeline.seen(scope="project", label="live") == [event for event in everything if event[1] == "live"]
    assert timeline.seen(scope="project", prompt_id=a) == [event for event in everything if event[0] == "a"]
    assert timeline.seen(scope="project", prompt_id="nope") == []
    assert timeline.seen(scope="prompt", prompt_id=a) == [("a", "live", 3), ("a", "test", 1), ("a", "live", 0)]
    assert timeline.seen(scope="prompt", prompt_id=a, label="test") == [("a", "test", 1)]
    assert timeline.seen(scope="label", prompt_id=a, label="live") == [("a", "live", 3), ("a", "live", 0)]
    assert timeline.seen(scope="label", prompt_id=a, label="never") == []


def test_events_can_be_paged(timeline: Timeline) -> None:
    events = timeline.api.prompts.list_label_events(scope="project", page=2, limit=3)
    assert [event.label for event in events.items] == ["live"]
    assert events.pagination.model_dump() == {"page": 2, "limit": 3, "total": 4, "total_pages": 2}
    none = timeline.api.prompts.list_label_events(scope="label", prompt_id=timeline.b.id, label="test")
    assert (none.pagination.total, none.pagination.total_pages) == (0, 0)
    with refused(400, "INVALID_INPUT"):
        timeline.api.prompts.list_label_events(scope="project", limit=101)


def test_the_ends_of_a_date_range_belong_to_it(timeline: Timeline) -> None:
    days = [timeline.start + timedelta(days=day) for day in range(4)]
    assert len(timeline.seen(scope="project", since=days[1])) == 3
    assert len(timeline.seen(scope="project", since=days[1] + timedelta(microseconds=1))) == 2
    assert len(timeline.seen(scope="project", until=days[1])) == 2
    assert len(timeline.seen(scope="project", since=days[1], until=days[1])) == 1
    assert len(timeline.seen(scope="project", since="2026-06-18T12:00:00Z", until="2026-06-19T14:00:00+02:00")) == 2
    assert len(timeline.seen(scope="project", since="2026-06-18T12:00:00")) == 3
    assert len(timeline.seen(scope="project", since="2026-06-18T12:00:00.0000001Z")) == 3
    assert len(timeline.seen(scope="project", since=datetime(2026, 6, 18, 12))) == 3
    assert len(timeline.seen(scope="project", since="2026-06-19")) == 2


@pytest.mark.parametrize(
    "same",
    [
        "2026-06-18T12:00:00.5Z",
        "2026-06-18T12:00:00,5Z",
        "2026-06-18 12:00:00.5000001",
        "20260618T120000.500z",
        "2026-06-18t14:00:00.5+0200",
        "2026-06-18T14:00:00.5+02",
        "20260618T093000.5-02:30",
    ],
)
def test_a_time_may_be_written_in_every_way_of_iso_8601(same: str) -> None:
    assert checks.moment("since", same) == "2026-06-18T12:00:00.500000Z"


@pytest.mark.parametrize(
    ("short", "moment"), [("20260618", "00:00"), ("2026-06-18T09", "09:00"), ("20260618T0930", "09:30")]
)
def test_a_time_may_be_left_short(short: str, moment: str) -> None:
    assert checks.moment("since", short) == f"2026-06-18T{moment}:00.000000Z"


def test_a_bad_date_or_range_is_refused(timeline: Timeline) -> None:
    for wrong in (
        *("yesterday", "2026-13-01", "0001-01-01T00:00:00+14:00", "2026-0618", "2026-W25-4", "2026-06-18T24:00:00Z"),
        *("2026-06-18_12:00", "2026-06-18T12:00:00+02:60", "2026-06-18Z", "2026-06-18T12:00:00+"),
    ):
        with refused(400, "INVALID_INPUT") as refusal:
            timeline.api.prompts.list_label_events(scope="project", since=wrong)
        assert refusal.error.details["field"] == "since"
    with refused(422, "INVALID_DATE_RANGE"):
        timeline.api.prompts.list_label_events(
            scope="project",
            since=datetime(2026, 6, 19, tzinfo=timezone.utc),
            until=datetime(2026, 6, 18, tzinfo=timezone.utc),
        )


def test_the_registry_begins_with_the_system_label(api: Api) -> None:
    (label,) = api.prompts.list_project_labels()
    assert (label.label, label.is_system, label.is_default) == ("production", True, True)
    with refused(409, "PROJECT_LABEL_SYSTEM_NOT_DELETABLE"):
        api.prompts.delete_project_label(label="production")
    assert api.prompts.update_project_label(label="production", description="live").description == "live"


def test_a_registered_label_has_its_settings(api: Api) -> None:
    made = api.prompts.create_project_label(label="qa", is_default=True, description="d", display_color="pink")
    assert (made.label, made.is_system, made.is_default) == ("qa", False, True)
    assert (made.description, made.display_color, made.archived_at) == ("d", "pink", None)
    assert api.prompts.get_project_label(label="qa") == made
    assert api.prompts.update_project_label(label="qa") == made
    changed = api.prompts.update_project_label(label="qa", is_default=False, description="", display_color="red")
    assert (changed.is_default, changed.description, changed.display_color) == (False, None, "red")
    picked = api.prompts.create_project_label(label="QA")
    assert (picked.label, picked.display_color, picked.is_default) == ("QA", "orange", False)
    with refused(409, "PROJECT_LABEL_TAKEN"):
        api.prompts.create_project_label(label="qa")


@pytest.mark.parametrize("wrong", [{"description": "x" * 281}, {"display_color": "mauve"}])
def test_what_a_label_may_not_have(api: Api, wrong: dict[str, str]) -> None:
    with refused(400, "INVALID_INPUT") as refusal:
        api.prompts.create_project_label(label="qa", **wrong)
    assert "blank" not in str(refusal.error)
    with refused(400, "INVALID_INPUT"):
        api.prompts.update_project_label(label="production", **wrong)


def test_an_archived_label_can_be_made_again(to11: LocalTo11, api: Api) -> None:
    first = api.prompts.create_project_label(label="qa", description="d", display_color="pink")
    archived = api.prompts.delete_project_label(label="qa")
    assert archived.archived_at is not None
    assert api.prompts.delete_project_label(label="qa") == archived
    assert api.prompts.get_project_label(label="qa") == archived
    assert [entry.label for entry in api.prompts.list_project_labels()] == ["production"]
    assert len(api.prompts.list_project_labels(include_archived=True)) == 2
    with refused(409, "PROJECT_LABEL_ARCHIVED"):
        api.prompts.update_project_label(label="qa", description="x")
    revived = api.prompts.create_project_label(label="qa")
    assert (revived.archived_at, revived.description, revived.display_color) == (None, None, "pink")
    assert revived.created_at == first.created_at
    assert call(to11, "GET", "prompt-labels?includeArchived=perhaps").status == 400


def test_an_unregistered_label_is_not_found(api: Api) -> None:
    for request in (
        lambda: api.prompts.get_project_label(label="nope"),
        lambda: api.prompts.update_project_label(label="nope", description="x"),
        lambda: api.prompts.delete_project_label(label="nope"),
        lambda: api.prompts.list_project_label_usages(label="nope"),
    ):
        with refused(404, "PROJECT_LABEL_NOT_FOUND"):
            request()


def test_usages_tell_where_a_label_points(api: Api) -> None:
    assert api.prompts.list_project_label_usages(label="production") == []
    b, b1 = api.prompt("b", versions=1)
    a, _, a2 = api.prompt("a", versions=2)
    gone, gone1 = api.prompt("gone", versions=1)
    for prompt, version in ((b, b1), (a, a2), (gone, gone1)):
        api.prompts.move_label(prompt_id=prompt.id, label="production", version_id=version.id)
    api.prompts.archive(prompt_id=gone.id)
    first, second = api.prompts.list_project_label_usages(label="production")
    assert (first.prompt_id, first.prompt_slug, first.prompt_name) == (a.id, "a", "A")
    assert (first.version_id, first.version, second.prompt_slug) == (a2.id, 2, "b")
    (pointer,) = api.prompts.list_labels(prompt_id=a.id)
    assert (first.updated_at, first.updated_by_user_id) == (pointer.updated_at, pointer.updated_by_user_id)
