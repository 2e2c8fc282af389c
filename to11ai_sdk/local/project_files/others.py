"""Finds what others seem to have done to a prompt since it was pulled, as far as the server's versions show it."""

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
_WORD = re.compile(r"\w+|[^\w\s]")


def goes_back(change: PromptChange) -> bool:
    """Return whether a label goes back to an older version."""
    return any(0 < change.number(move.new) < change.number(move.old) for move in change.moves)


def older_base(change: PromptChange) -> tuple[int, str, int] | None:
    """Return the version of which a new one looks like an edit, a label and its version, if that is a later one."""
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


def twin(change: PromptChange, version: FileVersion) -> int:
    """Return the number of what a server that stores texts in another form made of a version, or 0.

    It is newer than all versions with labels, and differs in blanks and empty values only.
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
