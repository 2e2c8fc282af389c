"""The corpus without the foreign engines: what the local to11 renders, against what is recorded."""

from __future__ import annotations

import pytest
from corpus import CASES, Recorded
from engines import to11
from generated import FROM_LIQUIDJS, FROM_RUBY
from table import DIFFERENCES


@pytest.mark.parametrize("recorded", CASES, ids=lambda recorded: recorded.case.template[:60])
def test_a_template_of_the_corpus_renders_as_recorded(recorded: Recorded) -> None:
    assert to11(recorded.case) == recorded.outputs.to11


def test_the_corpus_is_large() -> None:
    assert len({each.case.template for each in CASES}) >= 400


def test_every_difference_of_the_corpus_is_in_the_table_and_the_other_way_round() -> None:
    for template, outputs, differs in ((each.case.template, each.outputs, each.differs) for each in CASES):
        assert (len(set(outputs)) > 1) is bool(differs), template
    assert {name for each in CASES for name in each.differs} == DIFFERENCES.keys()
    assert FROM_RUBY.keys() | FROM_LIQUIDJS.keys() <= DIFFERENCES.keys()


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_row_of_the_table_says_what_its_example_renders(name: str) -> None:
    row = DIFFERENCES[name]
    recorded = [each for each in CASES if each.case.template == row.template and name in each.differs]
    assert [each.outputs for each in recorded] == [row.outputs]
    followed = {"Ruby": row.outputs.ruby, "liquidjs": row.outputs.liquidjs}
    equal = [engine for engine, text in followed.items() if text == row.outputs.to11]
    assert equal == ([] if row.follows == "neither" else [row.follows])
    assert row.why.endswith(".")
