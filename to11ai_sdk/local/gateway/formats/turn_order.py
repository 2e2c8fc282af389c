"""Orders a conversation for every provider: results follow their calls, and no two calls share an id."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import replace
from typing import TYPE_CHECKING

from .neutral import Message, ToolCall, ToolResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_INSTRUCTIONS = ("system", "developer")


def results_first(messages: Iterable[Message]) -> tuple[Message, ...]:
    """Return the messages with the result of each call right after the turn that made it.

    Responses accept results anywhere after their call; the other two formats only directly after it.
    """
    runs: list[list[Message]] = []
    waiting: defaultdict[str, deque[list[Message]]] = defaultdict(deque)
    for message in messages:
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        if results and waiting[results[0].call_id]:
            waiting[results[0].call_id].popleft().append(message)
            continue
        runs.append([message])
        for part in message.parts:
            if isinstance(part, ToolCall):
                waiting[part.id].append(runs[-1])
    return tuple(message for run in runs for message in run)


def with_a_question(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return the messages; if there are only instructions, the last of them becomes the user's text."""
    if not messages or any(message.role not in _INSTRUCTIONS for message in messages):
        return tuple(messages)
    return (*messages[:-1], replace(messages[-1], role="user"))


class DistinctIds:
    """Ids of calls, made distinct: some servers count from 0 again in each reply.

    Args:
        taken: ids that are in use.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._uses = dict.fromkeys(taken, 1)

    def of(self, call_id: str) -> str:
        """Return the id unchanged the first time, and with a number after that."""
        distinct = call_id
        while distinct in self._uses:
            self._uses[call_id] += 1
            distinct = f"{call_id}_{self._uses[call_id]}"
        self._uses[distinct] = 1
        return distinct
