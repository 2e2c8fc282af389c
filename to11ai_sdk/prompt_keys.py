"""Makes the key of a resolved prompt from the arguments of its call, and finds the spare prompt of a key."""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter

from ._http.encoding import canonical
from ._http.process_safety import from_handler
from .cache import warn_of_outage
from .json_types import is_sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from .errors import To11aiError
    from .snapshot import Snapshot

    Key = tuple[str, str, tuple[str, ...], object]


WARN_EVERY_S = 60.0  # for each prompt
# Not float: 0.0 equals -0.0, and they render differently.
_SCALARS = frozenset({str, int, bool, type(None)})


def prompt_key(project_id: str, slug: str, labels: Sequence[str], variables: Mapping[str, Any] | None) -> Key | None:
    """Return the cache key of a prompt; ``None`` for invalid arguments, which the call itself will refuse.

    The order of labels matters, the order of variables does not; ``1``, ``1.0`` and ``True`` differ, as in JSON.
    """
    # First for a list: a check against an abstract class costs a tenth of a hit.
    if not (isinstance(labels, list) or is_sequence(labels)):
        return None
    try:
        key = (project_id, slug, tuple(labels), _variables_key(variables) if variables else None)
        hash(key)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as exc:
        if from_handler(exc):
            raise
        return None
    return key


def _variables_key(variables: Mapping[str, Any]) -> object:
    names, values_of = _sorted_getter(tuple(variables))
    values = values_of(variables)
    types = {*map(type, values)}
    if not _SCALARS.issuperset(types):
        return canonical(variables)
    kinds = types.pop() if len(types) == 1 else tuple(map(type, values))
    # A frozenset keeps its hash, which a hit needs three times.
    return frozenset(((names, kinds, values),))


@lru_cache(maxsize=128)
def _sorted_getter(names: tuple[str, ...]) -> tuple[frozenset[str], Callable[[Mapping[str, Any]], tuple[Any, ...]]]:
    """Return the set of names, and a getter of their values in the order of the names."""
    first, *others = sorted(names)
    # The first name twice, so that a single name gives a tuple, too.
    return frozenset(names), itemgetter(first, first, *others)


def key_text(key: Key) -> str:
    """Return a key as canonical JSON; ``""`` for arguments that the call will refuse."""
    variables: Any = key[3]
    try:
        if not isinstance(variables, str | None):
            names, _, values = next(iter(variables))
            if not all(isinstance(name, str) for name in names):
                return ""
            variables = canonical(dict(zip(sorted(names), values[1:], strict=True)))
        return canonical([*key[:3], variables])
    except (RecursionError, TypeError, ValueError) as exc:
        if from_handler(exc):
            raise
        return ""


class SparePrompts:
    """The prompts of a snapshot that the server has not outdated; with ``first`` each may answer first."""

    def __init__(self, snapshot: Snapshot, *, first: bool) -> None:
        entries = snapshot._entries  # pyright: ignore[reportPrivateUsage]
        self._entries = dict(entries)
        self._unanswered = dict.fromkeys(entries) if first else {}
        self._warn_at: dict[str, float] = {}

    def find(self, key: Key) -> Any:
        """Return the prompt of a key."""
        entry = self._entries.get(key_text(key))
        return entry and entry["prompt"]

    def first(self, key: Key) -> Any:
        """Return the prompt of a key if it may be the first answer."""
        return self.find(key) if self._unanswered and key_text(key) in self._unanswered else None

    def answered(self, key: Key) -> None:
        """Answer a key only in an outage from now on."""
        self._unanswered.pop(key_text(key), None)

    def in_outage(self, key: Key, error: To11aiError, now: float) -> Any:
        """Return the prompt of a key, and warn of the error."""
        name, prompt = key_text(key), self.find(key)
        if prompt is not None and now >= self._warn_at.get(name, now):
            self._warn_at[name] = now + WARN_EVERY_S
            warn_of_outage(key, error, "snapshot's")
        return prompt

    def drop(self, key: Key) -> None:
        """Stop serving the prompt of a key."""
        self._entries.pop(key_text(key), None)

    def forget(self, project_id: str, prompt_id: str, label: str | None) -> None:
        """Stop serving a prompt, for one label or all."""
        for name, entry in list(self._entries.items()):
            same = entry["projectId"] == project_id and entry["prompt"].get("promptId") == prompt_id
            if same and (label is None or label in entry["labels"]):
                self._entries.pop(name, None)
