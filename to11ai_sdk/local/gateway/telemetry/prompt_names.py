"""Finds the slugs of prompts for spans; a call names its prompt only by its id."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from ... import bounds
from ...store import StorageProblem, prompts
from ..observe.traces import bounded_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...service import Platform


class PromptNames:
    """The slugs of prompts, cached for a short time; used by one thread.

    Args:
        platform: the projects.
        timer: returns seconds of a clock that never goes back.
    """

    def __init__(self, platform: Platform, timer: Callable[[], float]) -> None:
        self._platform = platform
        self._timer = timer
        self._known: OrderedDict[tuple[str, str], tuple[float, str | None]] = OrderedDict()

    def of(self, project_id: str, prompt_id: str) -> str | None:
        """Return the slug of a prompt, ``None`` if there is no such prompt, or if it cannot be read now."""
        key, now = (project_id, prompt_id), self._timer()
        until, slug = self._known.pop(key, (now, None))
        if until <= now:
            until, slug = now + bounds.OTLP_NAMES_S, self._read(project_id, prompt_id)
        self._known[key] = until, slug
        if len(self._known) > bounds.MAX_OTLP_NAMES:
            self._known.popitem(last=False)
        return slug

    def _read(self, project_id: str, prompt_id: str) -> str | None:
        try:
            with self._platform.reading() as tx:
                row = prompts.by_id(tx, project_id, prompt_id)
        except StorageProblem:
            return None
        return None if row is None else bounded_text(row["slug"])
