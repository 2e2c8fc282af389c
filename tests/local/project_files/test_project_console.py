"""What a pull or push prints while it works."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from to11ai_sdk.local.project_files.console import Progress, say_diff

if TYPE_CHECKING:
    import pytest


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_that_comes_to_no_end_leaves_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr("sys.stdout", _Terminal())
    monkeypatch.setattr("sys.stderr", terminal)
    bar = Progress("applying")
    bar(1, 3, "one")
    bar.close()
    bar.close()
    assert terminal.getvalue() == f"\r\x1b[Kapplying [{'#' * 10}{'.' * 20}] 1/3\n"


def test_long_differences_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    say_diff("a\n" * 1000, "b\n" * 1000, "x")
    assert len(capsys.readouterr().out.splitlines()) < 500
    say_diff("a\n" * 100_000, "b\n" * 100_000, "x")
    assert capsys.readouterr().out.endswith("    more than 20000 lines, too many to compare\n")
