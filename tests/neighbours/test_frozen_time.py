"""freezegun and time-machine beside the client and its fixture: calls work, whichever test comes first.

The suites run in a process of their own, because it matters what was imported when time was first frozen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from . import scripts

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """
import time
import pytest
from to11ai_sdk import create_client

{imports}

def made(to11, **options):
    return create_client(api_key=to11.api_key, base_url=to11.base_url, **options)

def call(client, to11, slug="greeting"):
    found = client.prompts.list(project_id=to11.project_id).items
    if slug not in [prompt.slug for prompt in found]:
        prompt = client.prompts.create(project_id=to11.project_id, name=slug, slug=slug)
        version = client.prompts.create_version(
            project_id=to11.project_id, prompt_id=prompt.id, format="text", template_json={{"text": "hello"}},
            variables_schema={{}},
        )
        client.prompts.move_label(
            project_id=to11.project_id, prompt_id=prompt.id, label="production", version_id=version.id
        )
    return client.prompts.resolve(project_id=to11.project_id, slug=slug, labels=["production"]).messages[0].content

def asked(to11):
    return len([request for request in to11.requests if request.path.endswith(":resolve")])
"""

FREEZEGUN = {
    "plain": """
def test_plain(to11):
    assert call(to11.client(), to11) == "hello"
""",
    "decorated": """
@freezegun.freeze_time("2024-01-01")
def test_decorated(to11):
    assert call(to11.client(), to11) == "hello"
    assert call(made(to11, total_timeout_s=5), to11) == "hello"
""",
    "within": """
def test_within(to11):
    client = to11.client()
    with freezegun.freeze_time("1999-01-01"):
        assert call(client, to11) == "hello"
        assert call(client, to11, "other") == "hello"
    assert call(client, to11) == "hello"
    assert call(client, to11, "third") == "hello"
""",
    "kept": """
@pytest.fixture(scope="module")
def kept():
    return []

def test_kept_from_frozen_time(to11, kept):
    with freezegun.freeze_time("2030-01-01"):
        client = made(to11, ttl_seconds=300)
        assert call(client, to11) == "hello"
    assert call(client, to11) == "hello"
    with freezegun.freeze_time("2010-01-01"):
        assert call(client, to11) == "hello"
    assert call(client, to11, "other") == "hello"
""",
    "ticking": """
@freezegun.freeze_time("2024-01-01", tick=True)
def test_ticking(to11):
    assert call(to11.client(), to11) == "hello"

@freezegun.freeze_time("2024-01-01", auto_tick_seconds=15)
def test_auto_ticking(to11):
    assert made(to11, timeout_s=1e6).prompts.list(project_id=to11.project_id).items == []
""",
}


def written(imports: str, *parts: str) -> str:
    return HEAD.format(imports=imports) + "".join(parts)


CHOSEN = [
    ("plain", "decorated", "within", "kept", "ticking"),
    ("decorated", "plain", "kept", "within", "ticking"),
    ("within", "ticking", "decorated", "plain", "kept"),
    ("kept", "within", "plain", "ticking", "decorated"),
    ("ticking", "kept", "plain", "decorated", "within"),
]
"""Each part once in each place."""


@pytest.mark.parametrize("order", CHOSEN, ids=lambda order: f"{order[0]} first")
def test_freezegun_in_any_order(order: tuple[str, ...], tmp_path: Path) -> None:
    pytest.importorskip("freezegun", reason="freezegun is not installed")
    suite = written("import freezegun", *(FREEZEGUN[part] for part in order))
    ends, printed = scripts.suite(tmp_path, test_it=suite)
    assert set(ends.values()) == {"passed"}, printed
    assert len(ends) == 6


IMPORTED_WHILE_FROZEN = """
import freezegun

with freezegun.freeze_time("2024-01-01"):
    from to11ai_sdk import create_client
    client = create_client(api_key="to11_sk_0123456789abcdef", base_url="http://127.0.0.1:9", max_retries=0)
    with_call = "{call}"
    if with_call:
        try:
            client.prompts.get(project_id="p", prompt_id="a")
        except Exception:
            pass

def test_after(to11):
    assert to11.client().prompts.list(project_id=to11.project_id).items == []

@freezegun.freeze_time("2025-01-01")
def test_frozen_again(to11):
    assert to11.client().prompts.list(project_id=to11.project_id).items == []
"""


@pytest.mark.parametrize("call", ["", "yes"], ids=["imported while frozen", "first called while frozen"])
def test_freezegun_when_the_package_is_imported(call: str, tmp_path: Path) -> None:
    pytest.importorskip("freezegun", reason="freezegun is not installed")
    ends, printed = scripts.suite(tmp_path, test_it=IMPORTED_WHILE_FROZEN.format(call=call))
    assert set(ends.values()) == {"passed"}, printed


EXPIRING = """
{first}

def test_expiring(to11):
    with freezegun.freeze_time("2024-01-01") as frozen:
        client = made(to11, ttl_seconds=300)
        call(client, to11)
        call(client, to11)
        before = asked(to11)
        frozen.tick(299)
        call(client, to11)
        early = asked(to11)
        frozen.tick(2)
        call(client, to11)
        late = asked(to11)
        frozen.move_to("2024-01-02")
        call(client, to11)
        print("\\nASKED", before, early, late, asked(to11))
"""


def test_what_moves_the_cache_with_freezegun_does_not_depend_on_the_order(tmp_path: Path) -> None:
    pytest.importorskip("freezegun", reason="freezegun is not installed")
    found = []
    for number, first in enumerate(("", FREEZEGUN["plain"], FREEZEGUN["decorated"])):
        folder = tmp_path / str(number)
        folder.mkdir()
        suite = written("import freezegun", EXPIRING.format(first=first))
        ends, printed = scripts.suite(folder, "-s", test_it=suite)
        assert set(ends.values()) == {"passed"}, printed
        found.append(printed.partition("ASKED")[2].split("\n")[0].split())
    # Its clock stands still with the others, so that ticking and moving forward let an entry expire.
    assert found == [["1", "1", "2", "3"]] * 3


TIME_MACHINE = {
    "plain": FREEZEGUN["plain"],
    "travelling": """
@time_machine.travel("2024-01-01")
def test_travelling(to11):
    assert call(to11.client(), to11) == "hello"

@time_machine.travel("2024-01-01", tick=False)
def test_standing_still(to11):
    assert call(to11.client(), to11) == "hello"
""",
    "shifting": """
def test_shifting(to11):
    client = made(to11, ttl_seconds=300)
    with time_machine.travel("2024-01-01", tick=False) as traveller:
        assert call(client, to11) == "hello"
        before, clock = asked(to11), time.monotonic()
        traveller.shift(301)
        moved = time.monotonic() - clock > 300
        assert call(client, to11) == "hello"
        # An entry expires by the monotonic clock, which time-machine leaves alone.
        assert asked(to11) == before + moved
        traveller.move_to("1980-01-01")
        assert call(client, to11) == "hello"
    assert call(client, to11, "other") == "hello"
""",
}


@pytest.mark.parametrize("order", [("plain", "travelling", "shifting"), ("shifting", "travelling", "plain")])
def test_time_machine_in_any_order(order: tuple[str, ...], tmp_path: Path) -> None:
    pytest.importorskip("time_machine", reason="time-machine is not installed")
    suite = written("import time_machine", *(TIME_MACHINE[part] for part in order))
    ends, printed = scripts.suite(tmp_path, test_it=suite)
    assert set(ends.values()) == {"passed"}, printed
    assert len(ends) == 4
