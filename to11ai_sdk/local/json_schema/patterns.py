"""Tries the regular expressions of schemas with RE2: in time linear in the text, and without the interpreter's lock.

Why not Python's ``re`` in a process that can be killed: with RE2 the same text has the same result on a busy machine,
nothing has to be started and ended, and a search takes microseconds. ``jsonschema-rs`` has a linear engine, too, but
holds the lock: 0.75 s for 100,000 characters and a pattern of 900 states, in which no other call is answered.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import re2  # pyright: ignore[reportMissingTypeStubs]

from ..bounds import MAX_KEPT_PATTERNS, MAX_PATTERN, MAX_PATTERN_MEMORY, MAX_PATTERN_SEARCH
from ..work_budget import WorkBudgetError
from .pattern_characters import PatternError
from .pattern_reader import translated

if TYPE_CHECKING:
    from collections.abc import Sequence


_RE2: Any = re2
_LEAST_SIZE = 40


class _Compiled(NamedTuple):
    """A search, compiled."""

    expression: Any
    wanted: bool


class Pattern:
    """A regular expression that was checked.

    Attributes:
        program: the number of its instructions.
        size: how dear it is to compile: its characters and instructions, and 40 more for any.
    """

    def __init__(self, source: str, alternatives: Sequence[Sequence[_Compiled]]) -> None:
        self._alternatives = alternatives
        self.program: int = sum(search.expression.programsize for each in alternatives for search in each)
        self.size: int = _LEAST_SIZE + len(source) + self.program

    def found_in(self, text: str) -> bool:
        """Return whether it matches anywhere in a text.

        Raises:
            WorkBudgetError: the text is too long for it.
        """
        content = text.encode("utf-8", "surrogatepass")
        if len(content) * self.program > MAX_PATTERN_SEARCH:
            raise WorkBudgetError(
                f"a text of {len(text)} characters is too long for its pattern; use maxLength instead"
            )
        return any(
            all((search.expression.search(content) is not None) is search.wanted for search in searches)
            for searches in self._alternatives
        )


@lru_cache(maxsize=MAX_KEPT_PATTERNS)
def compiled(pattern: str) -> Pattern:
    """Return a pattern, ready to be tried.

    Raises:
        PatternError: it is no regular expression, or cannot be tried in linear time.
    """
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"has more than {MAX_PATTERN} characters")
    return Pattern(pattern, [[_compiled(*search) for search in searches] for searches in translated(pattern)])


def _compiled(source: str, wanted: bool) -> _Compiled:
    options = _RE2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = MAX_PATTERN_MEMORY
    try:
        return _Compiled(_RE2.compile(source.encode(), options), wanted)
    except _RE2.error as error:
        raise PatternError(f"is not a regular expression, or is too large: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    [first, *_] = error.args or ("",)
    return first.decode("utf-8", "replace")[:100] if isinstance(first, bytes) else str(first)[:100]
