"""Applies a schema to a value, and counts the work."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from ..bounds import MAX_KEPT_PATTERNS, MAX_PATTERN_CPU_S
from ..work_budget import WorkBudget, WorkBudgetError
from .applicators import APPLICATORS
from .assertions import ASSERTIONS
from .patterns import compiled
from .values import canonical, work_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .patterns import Pattern
    from .schema import Schema

    Path = tuple["Path", str | int] | None
    """The way to a value: that to its parent, and its name or index there."""

KEYWORD_WORK = 20
"""Units of work to apply one keyword to one value, whatever their size."""
_SEEN_WORK = 60
_SEARCH_WORK = 60
_COMPILE_WORK = 70
_TEXT_WORK = 2
_SHORT_SEARCH = 2_000
"""Instructions of a pattern times characters of a text, up to which no clock is read."""
_DEEPEST = 150
_LAST = ("unevaluatedItems", "unevaluatedProperties")


class Fault(NamedTuple):
    """A place in a value that the schema does not allow.

    Attributes:
        path: the names and indices that lead to it.
        keyword: the keyword that it does not fit; ``None`` if no value is allowed there.
        wanted: the value of the keyword.
        names: the members that are not allowed, if it is about members.
    """

    path: tuple[str | int, ...]
    keyword: str | None
    wanted: Any
    names: tuple[str, ...] = ()


class Seen:
    """The members and items of one value that a keyword has applied to; needed for ``unevaluated...`` only."""

    __slots__ = ("items", "names")

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.items: set[int] = set()

    def add(self, other: Seen) -> None:
        """Add what another has."""
        self.names |= other.names
        self.items |= other.items


class At(NamedTuple):
    """Where a keyword is applied: the schema that has it, the way to the value, and what was seen of the value."""

    part: dict[str, Any]
    path: Path
    seen: Seen | None


class _TooManyFaultsError(Exception):
    """As many faults as asked for are found."""


class Evaluation:
    """Applies one schema to values.

    Args:
        schema: the schema.
        budget: the work that is allowed.
        most: the faults to find at most.
        formats: whether texts must have the format that the schema names.
    """

    def __init__(self, schema: Schema, budget: WorkBudget, most: int = 1, *, formats: bool = True) -> None:
        self.schema = schema
        self.budget = budget
        self.formats = formats
        self.faults: list[Fault] = []
        self._most = most
        self._quiet = 0
        self._depth = 0
        self._open = set[tuple[int, int]]()
        self._path: Path = None
        self._pattern_s = 0.0
        self._patterns: dict[str, Pattern] = {}
        self._texts: dict[int, frozenset[str]] = {}

    def run(self, value: Any, part: Any = ...) -> list[Fault]:
        """Return the faults of a value, the first ``most`` of them, under the schema or a part of it.

        Raises:
            WorkBudgetError: it takes too much work.
        """
        self.faults = []
        self._depth = 0
        # Kept by identity, which ends with the schema of a part.
        self._texts = {}
        try:
            self.applies(self.schema.root if part is ... else part, value, None)
        except _TooManyFaultsError:
            pass
        except RecursionError:
            raise endless() from None
        return self.faults

    @property
    def place(self) -> str:
        """The place in the value that was checked last, such as ``"user.city"``."""
        return ".".join(map(str, _names(self._path)))

    def applies(self, part: Any, value: Any, path: Path, seen: Seen | None = None) -> bool:
        """Return whether a value is valid under a part of the schema; record what is not, unless only trying."""
        if isinstance(part, bool):
            self.budget.spend(KEYWORD_WORK)
            return part or self.fault(path, None, part)
        self.budget.spend(KEYWORD_WORK * (1 + len(part)) + _SEEN_WORK * self.schema.has_unevaluated)
        self._depth += 1
        if self._depth > _DEEPEST:
            raise endless()
        if not self._quiet:
            self._path = path
        at = At(part, path, Seen() if self.schema.has_unevaluated else None)
        holds = self._holds(value, at)
        self._depth -= 1
        if holds and seen and at.seen:
            self.budget.spend(len(at.seen.names) + len(at.seen.items))
            seen.add(at.seen)
        return holds

    def _holds(self, value: Any, at: At) -> bool:
        holds = True
        for keyword in at.part if at.seen is None else sorted(at.part, key=_LAST.__contains__):
            wanted = at.part[keyword]
            if keyword in ASSERTIONS:
                if not ASSERTIONS[keyword](self, wanted, value):
                    holds = self.fault(at.path, keyword, wanted)
            elif keyword in APPLICATORS and not APPLICATORS[keyword](self, wanted, value, at):
                holds = False
            if self._quiet and not holds:
                break
        return holds

    def tries(self, part: Any, value: Any, seen: Seen | None = None) -> bool:
        """Return whether a value is valid under a part of the schema, without recording faults."""
        self.budget.spend(KEYWORD_WORK)
        self._quiet += 1
        depth = self._depth
        try:
            return self.applies(part, value, None, seen)
        finally:
            self._quiet -= 1
            self._depth = depth

    @property
    def is_trying(self) -> bool:
        """Whether faults are not recorded, so that the first one decides."""
        return self._quiet > 0

    def fault(self, path: Path, keyword: str | None, wanted: Any, names: Sequence[str] = ()) -> bool:
        """Record a fault unless only trying, and return ``False``."""
        if not self._quiet:
            self.faults.append(Fault(_names(path), keyword, wanted, tuple(names)))
            if len(self.faults) >= self._most:
                raise _TooManyFaultsError
        return False

    def refers(self, target: Any, value: Any, at: At) -> bool:
        """Return whether a value is valid under the target of a reference.

        Raises:
            WorkBudgetError: the same value is under it already.
        """
        here = (id(target), id(value))
        if here in self._open:
            raise endless()
        self._open.add(here)
        try:
            return self.applies(target, value, at.path, at.seen)
        finally:
            self._open.remove(here)

    def finds(self, pattern: str, text: str) -> bool:
        """Return whether a pattern matches a text.

        Raises:
            WorkBudgetError: the patterns take too long together.
        """
        found = self._compiled(pattern)
        steps = found.program * len(text)
        self.budget.spend(_SEARCH_WORK + min(steps, _SHORT_SEARCH) // 8)
        if steps <= _SHORT_SEARCH:
            return found.found_in(text)
        self.budget.announce(steps // 8)
        began = time.thread_time()
        try:
            return found.found_in(text)
        finally:
            self._pattern_s += time.thread_time() - began
            if self._pattern_s > MAX_PATTERN_CPU_S:
                raise WorkBudgetError("its patterns take too long; use fewer and simpler ones, and maxLength")

    def _compiled(self, pattern: str) -> Pattern:
        """Return a pattern; those that are not among the first ones of this check are compiled each time."""
        found = self._patterns.get(pattern) or compiled(pattern)
        if len(self._patterns) < MAX_KEPT_PATTERNS:
            self._patterns[pattern] = found
        elif pattern not in self._patterns:
            self.budget.spend(_COMPILE_WORK * found.size)
        return found

    def text_of(self, value: Any) -> str:
        """Return the canonical text of a value."""
        self.budget.spend(_TEXT_WORK * work_of(value))
        return canonical(value)

    def texts_of(self, values: list[Any]) -> frozenset[str]:
        """Return the canonical texts of the values of a keyword, which are kept."""
        if id(values) not in self._texts:
            self._texts[id(values)] = frozenset(map(self.text_of, values))
        return self._texts[id(values)]


def _names(path: Path) -> tuple[str | int, ...]:
    names = list[str | int]()
    while path is not None:
        names.append(path[1])
        path = path[0]
    return tuple(reversed(names))


def endless() -> WorkBudgetError:
    """Return the error of a schema that applies itself to the same value."""
    return WorkBudgetError("refers to itself without end")
