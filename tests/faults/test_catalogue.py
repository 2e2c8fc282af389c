from __future__ import annotations

import pytest

from .catalogue import Row, rows
from .table import PAGE, page

ROWS = list(rows())


def test_the_catalogue_is_large_and_says_nothing_twice() -> None:
    names = [row.name for row in ROWS]
    assert len(ROWS) >= 250
    assert len(set(names)) == len(names)


def test_the_page_counts_the_rows_of_today() -> None:
    text = PAGE.read_text()
    assert text == page(text)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_fault_ends_in_an_answer_or_in_an_exception_that_says_what_to_do(row: Row) -> None:
    row.judge(row.run())
