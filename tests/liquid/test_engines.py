"""The three engines side by side; ``nox -s liquid`` runs this, and ``-- --record`` writes what they render."""

from __future__ import annotations

import os

import pytest
from corpus import CASES, Recorded
from engines import Case, missing, render_all
from generated import difference, generated
from programs import Programs
from table import DIFFERENCES

pytestmark = pytest.mark.skipif(not os.environ.get("TO11_LIQUID"), reason="nox -s liquid")


@pytest.fixture(scope="module", autouse=True)
def engines() -> None:
    lacking = missing()
    if lacking:
        pytest.skip(f"needs {lacking}")


def test_the_engines_still_render_what_is_recorded() -> None:
    seen = render_all([recorded.case for recorded in CASES])
    assert [
        Recorded(recorded.case, outputs, recorded.differs) for recorded, outputs in zip(CASES, seen, strict=True)
    ] == CASES


def test_generated_templates_render_the_same_but_for_the_known_differences() -> None:
    made = list(generated())
    assert len(made) > 15_000
    seen = render_all([each.case for each in made])
    found = [(each.case.template, outputs, difference(each, outputs)) for each, outputs in zip(made, seen, strict=True)]
    assert [each for each in found if each[2] == "unknown"] == []
    assert {name for _, _, name in found if name} <= DIFFERENCES.keys()


@pytest.mark.parametrize(("seed", "depth", "count"), [(1, 1, 3_000), (2, 3, 2_000)])
def test_nested_tags_render_as_in_ruby(seed: int, depth: int, count: int) -> None:
    programs = Programs(seed)
    cases = [Case(programs.template(depth), CASES[0].case.variables) for _ in range(count)]
    unlike = [
        (case.template, seen) for case, seen in zip(cases, render_all(cases), strict=True) if seen.to11 != seen.ruby
    ]
    assert unlike == []
