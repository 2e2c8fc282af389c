"""Describes the turns of a chat request to ``echo``, and the calls and results of tools in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_ADDED = ("system-reminder", "system_reminder", "environment_context", "environment_details", "user_instructions")
_TAG = re.compile(rf"<(/?)({'|'.join(_ADDED)})(?:\s[^<>]*)?>")


class OfferedTool(NamedTuple):
    """A tool on offer; ``parameters`` is a JSON schema, ``None`` for one that takes any text (OpenAI's ``custom``)."""

    name: str
    parameters: dict[str, Any] | None
    definition: dict[str, Any]
    namespace: str | None = None


class ToolUse(NamedTuple):
    """A call of a tool; ``arguments`` is the text of a JSON object, or any text if the call is ``custom``.

    The ``id`` is empty in OpenAI's old form of calls, which have none.
    """

    id: str
    name: str
    arguments: str
    custom: bool = False
    namespace: str | None = None


class ToolOutput(NamedTuple):
    """The result of a tool call; it has the tool's ``name`` if calls have no ids."""

    call_id: str
    text: str
    name: str | None = None


class ChatTurn(NamedTuple):
    """One message of the conversation; ``texts`` are its blocks of text."""

    role: str
    texts: tuple[str, ...] = ()
    images: int = 0
    calls: tuple[ToolUse, ...] = ()
    results: tuple[ToolOutput, ...] = ()

    @property
    def text(self) -> str:
        """All of its text without the elements that the user's program added."""
        return "\n".join(self.words)

    @property
    def words(self) -> list[str]:
        """Its blocks of text without the elements that the user's program added."""
        own = map(without_reminders, self.texts) if self.role == "user" else self.texts
        return [text for text in own if text]


def without_reminders(text: str) -> str:
    """Return a text without the elements that the user's program added, such as ``<system-reminder>``.

    Coding agents put notes for the model into the user's turn: Claude Code its reminders, Codex and Cline facts about
    the machine. Such a note may name every tool without asking for any. An element without an end is kept.
    """
    if not _TAG.search(text):
        return text
    kept: list[str] = []
    place, open_name, since = 0, "", 0
    for tag in _TAG.finditer(text):
        if not open_name and not tag[1]:
            open_name, since = tag[2], tag.start()
        elif tag[1] and tag[2] == open_name:
            kept.append(text[place:since])
            place, open_name = tag.end(), ""
    return "".join([*kept, text[place:]]).strip() if kept else text


def unanswered(messages: Sequence[ChatTurn], *, at_once: bool) -> list[str]:
    """Return the ids of calls without a result; with ``at_once`` it must come before any other turn."""
    waiting: dict[str, None] = {}
    for said in messages:
        for result in said.results:
            waiting.pop(result.call_id, None)
        if waiting and at_once and not said.results:
            break
        waiting.update((call.id, None) for call in said.calls if call.id)
    return [*waiting]


def orphans(messages: Sequence[ChatTurn]) -> list[str]:
    """Return the ids of results without an earlier call."""
    known: set[str] = set()
    found: list[str] = []
    for said in messages:
        found += [result.call_id for result in said.results if result.call_id and result.call_id not in known]
        known |= {call.id for call in said.calls}
    return found
