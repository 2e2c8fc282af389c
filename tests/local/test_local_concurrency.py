from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from bound import SNAPSHOT, TEXT, Api

from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from pathlib import Path

THREADS = 32


def together(work: Any, count: int = THREADS) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, range(count)))


@pytest.mark.parametrize("place", ["memory", "file"])
def test_versions_made_at_once_are_numbered_without_gap_or_double(tmp_path: Path, place: str) -> None:
    with LocalTo11(tmp_path / "to11.db" if place == "file" else None) as to11:
        api = Api.of(to11)
        prompt = api.prompt("a")
        numbers = together(lambda _: api.prompts.create_version(prompt_id=prompt.id, **TEXT).version, 3 * THREADS)
        assert sorted(numbers) == list(range(1, 3 * THREADS + 1))
        rule = together(lambda _: api.versions.create(rule_id="r", snapshot=SNAPSHOT).version)
        assert sorted(rule) == list(range(1, THREADS + 1))


def test_label_moves_at_once_make_one_unbroken_chain(to11: LocalTo11) -> None:
    api = Api.of(to11)
    prompt, *versions = api.prompt("a", versions=8)
    together(
        lambda number: api.prompts.move_label(prompt_id=prompt.id, label="live", version_id=versions[number % 8].id)
    )
    events = api.prompts.list_label_events(scope="label", prompt_id=prompt.id, label="live", limit=100).items[::-1]
    assert events[0].from_version_id is None
    assert [event.from_version_id for event in events[1:]] == [event.to_version_id for event in events[:-1]]
    (pointer,) = api.prompts.list_labels(prompt_id=prompt.id)
    assert pointer.version_id == events[-1].to_version_id


def test_releases_at_once_leave_one_that_serves(to11: LocalTo11) -> None:
    api = Api.of(to11)
    one, two = api.rule("r", 2)

    def release(number: int) -> None:
        api.releases.set(rule_id="r", env_slug="prod", strategy="single", version_id=(one, two)[number % 2])

    together(release)
    rows = api.releases.list(rule_id="r", env_slug="prod")
    assert len(rows) == THREADS
    assert [row.active_to is None for row in rows] == [True] + [False] * (THREADS - 1)
    assert [row.prior_release_id for row in rows] == [row.id for row in rows[1:]] + [None]


def test_one_of_many_gets_a_slug(to11: LocalTo11) -> None:
    api = Api.of(to11)

    def create(number: int) -> int:
        try:
            api.prompts.create(name=f"P{number}", slug="same")
        except Exception as exc:
            return int(exc.status_code)  # type: ignore[attr-defined]
        return 200

    assert sorted(together(create)) == [200] + [409] * (THREADS - 1)
