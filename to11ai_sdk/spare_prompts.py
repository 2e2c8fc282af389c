"""Holds what one client may still answer from its snapshot: at first, or in an outage."""

from __future__ import annotations

import json
import os

from .json_types import is_mapping
from .snapshot import Snapshot, name_of, prompts_by_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .errors import To11aiError
    from .prompt_keys import Key

WARN_EVERY_S = 60.0
"""Seconds between two warnings of one prompt."""


class SparePrompts:
    """The prompts of a snapshot that the server has not outdated since; ``first`` answers each once without asking."""

    def __init__(self, snapshot: Snapshot, *, first: bool) -> None:
        self._prompts = prompts_by_name(snapshot)
        self._unanswered = dict.fromkeys(self._prompts) if first else {}
        self._warn_at: dict[str, float] = {}

    def find(self, key: Key) -> Any:
        """Return the prompt of a key."""
        return self._prompts.get(name_of(key))

    def first(self, key: Key) -> Any:
        """Return the prompt of a key if it may be the first answer, before anything is asked."""
        return self.find(key) if self._unanswered and name_of(key) in self._unanswered else None

    def answered(self, key: Key) -> None:
        """Answer this key only in an outage from now on: what was cached since may be newer."""
        self._unanswered.pop(name_of(key), None)

    def in_outage(self, key: Key, error: To11aiError, now: float) -> Any:
        """Return the prompt of a key, with a warning that names the error."""
        name = name_of(key)
        data = self._prompts.get(name)
        if data is not None and now >= self._warn_at.get(name, now):
            self._warn_at[name] = now + WARN_EVERY_S
            from logging import getLogger

            text = "serving the prompt %r of project %r from the snapshot, because the server did not give it: %s"
            getLogger("to11ai_sdk").warning(text, key[1], key[0], error)
        return data

    def drop(self, key: Key) -> None:
        """Stop serving the prompt of a key."""
        self._prompts.pop(name_of(key), None)

    def forget(self, project_id: str, prompt_id: str, label: str | None) -> None:
        """Stop serving a prompt, for one label or all."""
        for name, data in list(self._prompts.items()):
            if data["promptId"] == prompt_id:
                project, _, labels, _ = json.loads(name)
                if project == project_id and (label is None or label in labels):
                    self._prompts.pop(name, None)


def spare_prompts(snapshot: Any, first: Any) -> SparePrompts:
    """Check the arguments of ``create_client``, and read the snapshot."""
    if not isinstance(first, bool):
        raise TypeError(f"snapshot_first must be a bool, not {type(first).__name__}")
    if snapshot is None:
        raise ValueError("snapshot_first needs a snapshot")
    if isinstance(snapshot, str | os.PathLike):
        snapshot = Snapshot.load(snapshot)  # pyright: ignore[reportUnknownArgumentType]
    elif is_mapping(snapshot):
        snapshot = Snapshot.from_dict(snapshot)
    if not isinstance(snapshot, Snapshot):
        raise TypeError(f"snapshot must be a path, its content, or a Snapshot, not {type(snapshot).__name__}")
    return SparePrompts(snapshot, first=first)
