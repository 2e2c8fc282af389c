"""Compares a version of a file with those of the server: which one it is an edit of, or was stored as."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from .fields import loosened

if TYPE_CHECKING:
    from .plan import PromptChange
    from .prompt_file import FileVersion
    from .remote import StoredVersion

_MOST_VERSIONS = 10
_LONGEST = 200_000
"""Characters; longer versions are not compared word by word."""
_ALIKE = 0.5
_WORD = re.compile(r"\w+")


def stale_base(change: PromptChange) -> tuple[int, str, int] | None:
    """Return the older version that a new one looks like an edit of, a label it gets, and the label's later version.

    Somebody else may have moved the label since the file was pulled. ``None`` if nothing looks so.
    """
    for move in {(move.old, move.version.content): move for move in reversed(change.moves)}.values():
        present = change.number(move.old)
        stored = [version for version in _versions(change) if version.number <= present][:_MOST_VERSIONS]
        if move.new is None and len(stored) > 1:
            likeness = {version.number: _likeness(version.content, move.version.content) for version in stored}
            base = max(likeness, key=likeness.__getitem__)
            if likeness[base] > max(likeness[present], _ALIKE):
                return base, move.label, present
    return None


def _versions(change: PromptChange) -> tuple[StoredVersion, ...]:
    return change.present.versions if change.present else ()


def _likeness(one: str, other: str) -> float:
    """Return how much of two versions is the same words: 0 to 1."""
    if len(one) + len(other) > _LONGEST:
        return 0
    words, others = (Counter(_WORD.findall(text.replace("\\n", " "))) for text in (one, other))
    return 2 * (words & others).total() / (words.total() + others.total())


def stored_as(change: PromptChange, version: FileVersion) -> int:
    """Return the number of the version as which an earlier push has stored this one in another form, or 0.

    Some servers tidy what they store: such a version is newer than all with labels, and differs in blanks and empty
    values only.
    """
    wanted = _loose(version.content)
    for stored in _versions(change):
        if change.present and stored.id in change.present.pointers.values():
            return 0
        if _loose(stored.content) == wanted:
            return stored.number
    return 0


def _loose(content: str) -> Any:
    try:
        return loosened(json.loads(content))
    except RecursionError:
        return content
