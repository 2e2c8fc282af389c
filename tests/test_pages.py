"""Pages are used like lists, and iterators fetch whole lists, whatever happens meanwhile."""

from __future__ import annotations

import copy
import pickle
import threading
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from samples import EVENT, PROMPT, RELEASE, RULE_VERSION
from scripted import answer, raw, staged

from to11ai_sdk import (
    PaginatedLabelEvents,
    PaginatedResult,
    Prompt,
    PromptLabelEvent,
    To11aiApiError,
    To11aiResponseValidationError,
)
from to11ai_sdk.local import LocalTo11
from to11ai_sdk.resources.paging import MAX_IDLE, MAX_PAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripted import Stage

    from to11ai_sdk import To11aiClient
    from to11ai_sdk._http.exchange import Reply

KINDS = [(PaginatedResult, Prompt, PROMPT), (PaginatedLabelEvents, PromptLabelEvent, EVENT)]
PAGES = pytest.mark.parametrize(("kind", "row", "sample"), KINDS, ids=["prompts", "events"])
RULE = {"project_id": "pr_1", "rule_id": "r_1"}
PR = {"project_id": "pr_1"}


def page_of(kind: Any, sample: dict[str, Any], count: int = 3) -> Any:
    pagination = {"page": 1, "limit": 20, "total": count, "totalPages": 1}
    return kind.from_dict({"items": [{**sample, "id": f"x_{n}"} for n in range(count)], "pagination": pagination})


@PAGES
def test_a_page_is_used_like_the_list_of_its_items(kind: Any, row: Any, sample: dict[str, Any]) -> None:
    page = page_of(kind, sample)
    assert [type(item) for item in page] == [row] * 3
    assert [item.id for item in page] == ["x_0", "x_1", "x_2"]
    assert (len(page), page[0].id, page[-1].id) == (3, "x_0", "x_2")
    assert [item.id for item in page[1:]] == ["x_1", "x_2"]
    assert [item.id for item in reversed(page)] == ["x_2", "x_1", "x_0"]
    assert page[1] in page
    assert row.from_dict({**sample, "id": "other"}) not in page
    first, *rest = page
    assert (first.id, len(rest)) == ("x_0", 2)
    with pytest.raises(IndexError):
        _ = page[3]


@PAGES
def test_an_empty_page_is_false(kind: Any, row: Any, sample: dict[str, Any]) -> None:
    assert not page_of(kind, sample, 0)
    assert page_of(kind, sample, 1)
    assert [*page_of(kind, sample, 0)] == []


@PAGES
def test_a_page_is_still_a_model(kind: Any, row: Any, sample: dict[str, Any]) -> None:
    page, same = page_of(kind, sample), page_of(kind, sample)
    assert dict(page) == {**page} == {"items": page.items, "pagination": page.pagination}
    assert page["items"] is page.items
    assert page == same == pickle.loads(pickle.dumps(page)) == copy.deepcopy(page) == page.model_copy()
    assert page != page_of(kind, sample, 2)
    assert kind.model_validate(page.model_dump()) == page == kind.model_validate_json(page.model_dump_json())
    assert repr(page).startswith(f"{kind.__name__}(items=[{row.__name__}(")
    assert [*kind.model_fields] == ["items", "pagination"]


def prompts(ids: str, page: int = 1, total: int = 6, pages: int = 3) -> Reply:
    """A page of prompts, each with one letter as its id."""
    pagination = {"page": page, "limit": 2, "total": total, "totalPages": pages}
    return answer([{**PROMPT, "id": letter} for letter in ids], pagination=pagination)


def read(stage: Stage) -> str:
    return "".join(prompt.id for prompt in stage.client.prompts.iter(project_id="pr_1", limit=2))


def test_pages_are_fetched_when_they_are_needed() -> None:
    stage = staged(prompts("ab", 1), prompts("cd", 2), prompts("ef", 3))
    rows = stage.client.prompts.iter(project_id="pr_1", status="active", sort_by="name", tags="t", limit=2)
    assert stage.script.sent == []
    assert [next(rows).id, next(rows).id] == ["a", "b"]
    assert len(stage.script.sent) == 1
    assert [prompt.id for prompt in rows] == ["c", "d", "e", "f"]
    query = "?status=active&sortBy=name&tags=t&page={}&limit=2"
    assert [sent.url.partition("/prompts")[2] for sent in stage.script.sent] == [query.format(n) for n in (1, 2, 3)]


def test_a_reply_without_pagination_is_the_only_page() -> None:
    stage = staged(answer([PROMPT]))
    assert [prompt.id for prompt in stage.client.prompts.iter(project_id="pr_1")] == ["pm_1"]
    assert len(stage.script.sent) == 1


CHANGES: dict[str, tuple[list[Reply], str]] = {
    "none at all": ([prompts("", 1, 0, 0)], ""),
    "one is inserted": (
        [prompts("ab", 1), prompts("bc", 2, 7, 4), prompts("de", 3, 7, 4), prompts("f", 4, 7, 4)],
        "abcdef",
    ),
    "two are removed": (
        [prompts("ab", 1), prompts("ef", 2, 4, 2), prompts("cd", 1, 4, 2), prompts("ef", 2, 4, 2)],
        "abefcd",
    ),
    "one is removed": (
        [prompts("ab", 1), *(prompts(ids, page, 5, 3) for ids, page in (("de", 2), ("bc", 1), ("de", 2), ("f", 3)))],
        "abdecf",
    ),
    "all are removed": ([prompts("ab", 1), prompts("", 2, 0, 0), prompts("", 1, 0, 0)], "ab"),
    "one is twice on a page": ([prompts("aa", 1, 2, 1)], "a"),
}
ENDLESS: dict[str, tuple[Callable[[int], Reply], str]] = {
    "the same page": (lambda n: prompts("ab", 1), "page 2 is page 1 of 3 with 2 rows"),
    "the same rows": (lambda n: prompts("ab", n, 10**9, 10**8), "the last 101 of them without a new row"),
    "nothing": (lambda n: prompts("", n, 10**9, 10**8), "page 1 is page 1 of 100000000 with 0 rows"),
    "ever more": (lambda n: prompts(chr(200 + n), n, 2 * n, n + 1), "the list does not end"),
    "ever more on as many pages": (
        lambda n: prompts(chr(200 + n), n, 10**9, 10**8),
        "page 151 is page 151 of 100000000",
    ),
    "ever fewer": (
        lambda n: prompts("ab", 1 + (n + 1) % 2, 10**9 - n, 10**8),
        "page 3 is page 1 of 100000000 with 2 rows",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_no_row_comes_twice_or_never_when_the_list_changes(change: str) -> None:
    replies, expected = CHANGES[change]
    stage = staged(*replies)
    assert read(stage) == expected
    assert len(stage.script.sent) == len(replies)


@pytest.mark.parametrize("limit", [2, 5, 20])
@pytest.mark.parametrize("where", [0, -1, 0.5], ids=["the first row", "the last row", "any row"])
@pytest.mark.parametrize("often", [1.0, 0.3], ids=["always", "sometimes"])
def test_rows_that_stay_come_once_while_others_are_removed(where: float, limit: int, often: float) -> None:
    """As when another process archives one prompt after the other."""
    rows, rnd, removed = [f"r_{n}" for n in range(200)], Random(1), set[str]()

    def reply() -> Reply:
        if rows and len(stage.script.sent) > 1 and rnd.random() < often:
            removed.add(rows.pop(rnd.randrange(len(rows)) if where == 0.5 else int(where)))
        number = int(stage.script.sent[-1].url.partition("page=")[2].partition("&")[0])
        items = [{**PROMPT, "id": one} for one in rows[(number - 1) * limit : number * limit]]
        at = {"page": number, "limit": limit, "total": len(rows), "totalPages": -(-len(rows) // limit)}
        return answer(items, pagination=at)

    stage = staged(reply)
    found = [prompt.id for prompt in stage.client.prompts.iter(**PR, limit=limit)]
    assert len(found) == len(set(found))
    assert {f"r_{n}" for n in range(200)} - removed <= set(found)
    assert len(stage.script.sent) < 400


@pytest.mark.parametrize("lie", ENDLESS)
def test_a_list_without_an_end_is_an_error(lie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("to11ai_sdk.resources.paging.MAX_PAGES", 50)
    make, text = ENDLESS[lie]
    stage = staged(lambda: make(len(stage.script.sent)))
    with pytest.raises(To11aiResponseValidationError, match=rf"^prompts\.list: .*{text}"):
        read(stage)
    assert len(stage.script.sent) < 1000


ROWS: dict[str, tuple[list[Reply], Callable[[To11aiClient], Iterator[Any]]]] = {
    "numbered pages": (
        [prompts("ab", 1), prompts("cd", 2), prompts("ef", 3)],
        lambda client: client.prompts.iter(**PR),
    ),
    "cursors": (
        [answer([{**RELEASE, "id": letter} for letter in ids]) for ids in ("ab", "cd", "ef", "")],
        lambda client: client.routing_rules.releases.iter(**RULE),
    ),
}


@pytest.mark.parametrize("kind", ROWS)
def test_a_loop_can_go_on_after_an_error(kind: str) -> None:
    """A list that looked complete after an error would be worse than the error."""
    pages, make = ROWS[kind]
    stage = staged(pages[0], raw("{}", 500), raw("{}", 404), *pages[1:], max_retries=0)
    rows, found, errors = make(stage.client), [], []
    while len(found) < 6:
        try:
            for row in rows:
                found.append(row.id)
        except To11aiApiError as exc:
            errors.append(exc.status_code)
            assert found == ["a", "b"]
    assert (found, errors) == ([*"abcdef"], [500, 404])
    assert next(rows, None) is None
    assert next(rows, None) is None


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, ZeroDivisionError])
def test_what_interrupts_a_loop_does_not_end_its_list(stop: type[BaseException]) -> None:
    def interrupted() -> Reply:
        raise stop

    stage = staged(prompts("ab", 1, 4, 2), interrupted, prompts("cd", 2, 4, 2))
    rows = stage.client.prompts.iter(**PR)
    assert [next(rows).id, next(rows).id] == ["a", "b"]
    with pytest.raises(stop):
        next(rows)
    assert [row.id for row in rows] == ["c", "d"]


def test_events_are_read_page_by_page() -> None:
    def page(number: int) -> Reply:
        pagination = {"page": number, "limit": 1, "total": 2, "totalPages": 2}
        return answer({"items": [{**EVENT, "id": f"ev_{number}"}], "pagination": pagination})

    stage = staged(page(1), page(2))
    events = stage.client.prompts.iter_label_events(
        project_id="pr_1", scope="label", prompt_id="pm_1", label="beta", limit=1, since="2026-01-01"
    )
    assert [event.id for event in events] == ["ev_1", "ev_2"]
    assert [sent.url.partition("/prompts/")[2] for sent in stage.script.sent] == [
        f"pm_1/labels/beta/events?page={number}&limit=1&since=2026-01-01" for number in (1, 2)
    ]


def test_wrong_scopes_are_refused_before_anything_is_read() -> None:
    stage = staged()
    with pytest.raises(ValueError, match="scope='prompt' needs prompt_id"):
        stage.client.prompts.iter_label_events(project_id="pr_1", scope="prompt")
    with pytest.raises(ValueError, match="scope must be one of"):
        stage.client.prompts.iter_label_events(project_id="pr_1", scope="all")  # type: ignore[arg-type]


def versions(*numbers: int) -> Reply:
    return answer([{**RULE_VERSION, "id": f"rv_{number}", "version": number} for number in numbers])


def releases(*ids: str) -> Reply:
    return answer([{**RELEASE, "id": one} for one in ids])


def test_versions_end_at_the_first() -> None:
    stage = staged(versions(5, 4), versions(3, 2), versions(1))
    assert [version.version for version in stage.client.routing_rules.versions.iter(**RULE, limit=2)] == [5, 4, 3, 2, 1]
    queries = [sent.url.partition("?")[2] for sent in stage.script.sent]
    assert queries == ["limit=2", "cursor=4&limit=2", "cursor=2&limit=2"]


def test_releases_end_with_an_empty_page() -> None:
    stage = staged(releases("c", "b"), releases("a"), releases())
    rows = stage.client.routing_rules.releases.iter(**RULE, env_slug="staging", limit=2)
    assert [release.id for release in rows] == ["c", "b", "a"]
    places = [sent.url.partition("/releases/")[2] for sent in stage.script.sent]
    assert places == ["staging?limit=2", "staging?cursor=b&limit=2", "staging?cursor=a&limit=2"]


def test_a_cursor_may_include_its_own_row() -> None:
    stage = staged(releases("c", "b"), releases("b", "a"), releases("a"))
    assert [release.id for release in stage.client.routing_rules.releases.iter(**RULE)] == ["c", "b", "a"]
    stage = staged(versions(3, 2), versions(2, 1))
    assert [version.version for version in stage.client.routing_rules.versions.iter(**RULE)] == [3, 2, 1]


def test_cursors_that_lead_nowhere_are_an_error() -> None:
    with pytest.raises(To11aiResponseValidationError, match=r"^routing_rules\.releases\.list: .*'b'; 2 pages"):
        list(staged(releases("c", "b")).client.routing_rules.releases.iter(**RULE))
    with pytest.raises(To11aiResponseValidationError, match=r"^routing_rules\.versions\.list: .* 4; 2 pages"):
        list(staged(versions(5, 4)).client.routing_rules.versions.iter(**RULE))


def test_cursors_without_an_end_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("to11ai_sdk.resources.paging.MAX_PAGES", 50)
    stage = staged(lambda: releases(f"r_{len(stage.script.sent)}"))
    with pytest.raises(To11aiResponseValidationError, match=r"the list does not end: .*; 51 pages"):
        list(stage.client.routing_rules.releases.iter(**RULE))
    assert MAX_PAGES > MAX_IDLE


@pytest.fixture
def to11() -> Iterator[LocalTo11]:
    with LocalTo11() as local:
        yield local


def create(client: To11aiClient, project_id: str, name: str) -> Prompt:
    return client.prompts.create(project_id=project_id, name=name, slug=name)


def test_every_prompt_comes_once_while_others_are_created(to11: LocalTo11) -> None:
    client, project = to11.client(), to11.project_id
    there = {create(client, project, f"old-{n}").id for n in range(25)}
    more = threading.Event()

    def add() -> None:
        for n in range(40):
            more.wait(10)
            create(client, project, f"new-{n}")

    thread = threading.Thread(target=add)
    thread.start()
    found = []
    for prompt in client.prompts.iter(project_id=project, limit=4):
        found.append(prompt.id)
        more.set()
    thread.join()
    assert len(found) == len(set(found))
    assert there <= set(found)


def test_prompts_can_be_archived_in_the_loop_that_finds_them(to11: LocalTo11) -> None:
    client, project = to11.client(), to11.project_id
    there = [create(client, project, f"old-{n}").id for n in range(25)]
    found = []
    for prompt in client.prompts.iter(project_id=project, limit=4):
        client.prompts.archive(project_id=project, prompt_id=prompt.id)
        found.append(prompt.id)
    assert sorted(found) == sorted(there)
    assert not client.prompts.list(project_id=project)
    assert len(client.prompts.list(project_id=project, status="archived")) == 20


def test_rules_and_events_of_a_real_project_are_read_to_their_end(to11: LocalTo11) -> None:
    client, project = to11.client(), to11.project_id
    rule = {"project_id": project, "rule_id": "rule_support"}
    snapshot = {"endpoint": "chat", "strategy": "single", "target": {"providerId": "openai", "modelId": "gpt-4o"}}
    made = [client.routing_rules.versions.create(**rule, snapshot=snapshot) for _ in range(5)]
    for version in made:
        client.routing_rules.releases.set(**rule, env_slug="staging", strategy="single", version_id=version.id)
    newest_first = [version.id for version in reversed(made)]
    assert [version.id for version in client.routing_rules.versions.iter(**rule, limit=2)] == newest_first
    for env in ({}, {"env_slug": "staging"}):
        rows = client.routing_rules.releases.iter(**rule, **env, limit=2)
        assert [release.version_id for release in rows] == newest_first
    prompt = create(client, project, "a")
    version = client.prompts.create_version(
        project_id=project, prompt_id=prompt.id, format="text", template_json={"text": ""}, variables_schema=None
    )
    for n in range(5):
        client.prompts.move_label(project_id=project, prompt_id=prompt.id, label=f"l{n}", version_id=version.id)
    events = client.prompts.iter_label_events(project_id=project, scope="project", limit=2)
    assert sorted(event.label for event in events) == [f"l{n}" for n in range(5)]
