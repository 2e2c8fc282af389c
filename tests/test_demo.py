from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from to11ai_sdk.cli import main
from to11ai_sdk.local import LocalTo11, demo
from to11ai_sdk.local.demo import Step

if TYPE_CHECKING:
    from to11ai_sdk import To11aiClient


def titles(out: str) -> list[str]:
    return re.findall(r"^# \d+\. (.*)$", out, re.MULTILINE)


def test_the_demo_happens_on_a_server_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert titles(out) == [step.title for step in demo.STEPS]
    assert "system: You welcome guests with a free upgrade.\nuser: My name is Grace.\n" in out
    assert "the same as before: True\n" in out
    assert "To11aiApiError: 404 PROMPT_NOT_FOUND\n" in out
    assert out.endswith(f"All {len(demo.STEPS)} steps happened as shown.\n")


def test_the_demo_leaves_on_a_server_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    with LocalTo11() as to11:
        argv = ["demo", "--base-url", to11.base_url, "--api-key", to11.api_key, "--project-id", to11.project_id]
        assert main(argv) == 0
        assert main(argv) == 0, "it can be run again"
        out = capsys.readouterr().out
        with to11.client() as client:
            prompts = client.prompts.list(project_id=to11.project_id, status="archived").items
            versions = client.prompts.list_versions(project_id=to11.project_id, prompt_id=prompts[0].id)
            pointers = client.prompts.list_labels(project_id=to11.project_id, prompt_id=prompts[0].id)
        assert to11.api_key not in out
    assert len({prompt.slug for prompt in prompts}) == 2
    assert all(prompt.slug in out for prompt in prompts)
    assert [pointer.label for pointer in pointers] == ["production"]
    assert pointers[0].version_id == versions[0].id


def test_nothing_that_a_server_sends_controls_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [Step("Print", "print(hostile, 1)", lambda _: True, requests=0)]
    assert demo.run({"hostile": "a\x1b[2J\u202eb"}, lambda: None, steps) == 0
    assert "a\\x1b[2J\\u202eb 1\n" in capsys.readouterr().out


@pytest.mark.parametrize("failing", [number for number, step in enumerate(demo.STEPS) if step.requests])
def test_the_demo_stops_where_the_server_fails(failing: int, capsys: pytest.CaptureFixture[str]) -> None:
    with LocalTo11() as to11:
        names = {"api_key": to11.api_key, "base_url": to11.base_url, "project_id": to11.project_id}
        names.update(slug="s", name="n")
        broken = Step("Break the server", "fail_next(status=400)", lambda _: True, requests=0)
        steps = [*demo.STEPS[:failing], broken, *demo.STEPS[failing:]]
        assert demo.run({**names, "fail_next": to11.fail_next}, lambda: None, steps) == 1
    assert f"failed at step {failing + 2}: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("source", "counts", "says"),
    [
        ("x = 1", [0, 1], "the result is not what it should be"),
        ("x = 2", [0, 2], "it took 2 requests instead of 1"),
        ("raise To11aiApiError('HTTP 500', status_code=500)", [0, 1], "To11aiApiError: HTTP 500"),
    ],
)
def test_a_step_that_did_not_happen_is_told(
    source: str, counts: list[int], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    step = Step("Try", source, lambda names: bool(names["x"] == 2))
    assert demo.run({}, iter(counts).__next__, [step]) == 1
    assert capsys.readouterr().out == f"\n# 1. Try\n>>> {source}\n\nfailed at step 1: {says}\n"


def test_steps_that_happened_are_told_too(capsys: pytest.CaptureFixture[str]) -> None:
    step = Step("Try", "x = (\n    2\n)", lambda names: bool(names["x"] == 2))
    assert demo.run({}, iter([0, 1]).__next__, [step]) == 0
    assert capsys.readouterr().out.endswith("\n>>> x = (\n...     2\n... )\n\nAll 1 steps happened as shown.\n")


def test_an_answer_that_the_server_could_have_given_proves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    class Unhurried:
        def __init__(self, client: To11aiClient) -> None:
            self.prompts, self.close = client.prompts, client.close

        def with_options(self, **_: float) -> Unhurried:
            return self

    swap = Step("Take no notice of timeouts", "client = Unhurried(client)", lambda _: True, requests=0)
    with LocalTo11() as to11:
        names = {"api_key": to11.api_key, "base_url": to11.base_url, "project_id": to11.project_id}
        names |= {"slug": "a", "name": "a", "Unhurried": Unhurried}
        assert demo.run(names, lambda: None, [demo.STEPS[0], swap, *demo.STEPS[1:]]) == 1
    assert "failed at step 7: the result is not what it should be" in capsys.readouterr().out


def test_a_client_that_asks_the_server_every_time_is_found_out() -> None:
    with LocalTo11() as to11:
        to11_names = {"api_key": to11.api_key, "base_url": to11.base_url, "project_id": to11.project_id}
        uncached = Step(
            "Connect without a cache",
            "client = create_client(api_key=api_key, base_url=base_url, max_cache_entries=0)",
            lambda _: True,
            requests=0,
        )
        steps = [uncached, *demo.STEPS[1:]]
        assert demo.run({**to11_names, "slug": "a", "name": "a"}, lambda: len(to11.requests), steps) == 1
        assert demo.run({**to11_names, "slug": "b", "name": "b"}, lambda: None, steps) == 1
