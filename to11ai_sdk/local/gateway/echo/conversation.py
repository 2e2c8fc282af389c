"""A chat request to ``echo`` in one form for all dialects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .tokens import PER_IMAGE, PER_MESSAGE, PER_REQUEST, count

if TYPE_CHECKING:
    from collections.abc import Sequence


class OfferedTool(NamedTuple):
    """A function on offer; ``parameters`` is a JSON schema."""

    name: str
    parameters: dict[str, Any]
    definition: dict[str, Any]


class ToolUse(NamedTuple):
    """A call of a tool; ``arguments`` is the text of a JSON object."""

    id: str
    name: str
    arguments: str


class ToolOutput(NamedTuple):
    """The result of a tool call."""

    call_id: str
    text: str


class ChatTurn(NamedTuple):
    """One message of the conversation."""

    role: str
    text: str = ""
    images: int = 0
    calls: tuple[ToolUse, ...] = ()
    results: tuple[ToolOutput, ...] = ()


class ChatQuestion(NamedTuple):
    """A chat request.

    Attributes:
        tools: the functions that may be called.
        choice: whether one is to be called: ``named`` means all of ``tools``, which holds only those named.
        parallel: whether more than one call may be made at once.
        schema: the JSON schema of the answer, ``{}`` for any object, ``None`` for plain text.
        thinking: whether the model shall think first.
        stop: texts before which the answer ends.
        limit: how many tokens the answer may have.
        choices: how many answers are wanted.
    """

    dialect: str
    model: str
    messages: tuple[ChatTurn, ...]
    tools: tuple[OfferedTool, ...] = ()
    choice: Literal["auto", "none", "required"] = "auto"
    parallel: bool = True
    schema: dict[str, Any] | None = None
    thinking: bool = False
    stop: tuple[str, ...] = ()
    limit: int | None = None
    choices: int = 1

    @property
    def user_text(self) -> str:
        """What the user said last."""
        return next((said.text for said in reversed(self.messages) if said.role == "user" and said.text), "")

    @property
    def results(self) -> list[tuple[str, str]]:
        """The name and the text of each result that came after the last thing said by the model."""
        names = {call.id: call.name for said in self.messages for call in said.calls}
        found: list[tuple[str, str]] = []
        for said in reversed(self.messages):
            if said.role == "assistant":
                break
            found[:0] = [(names.get(result.call_id, "tool"), result.text) for result in said.results]
        return found

    @property
    def prompt_tokens(self) -> int:
        """The tokens of the request."""
        tools = sum(count(json.dumps(tool.definition)) for tool in self.tools)
        return PER_REQUEST[self.dialect] + tools + sum(map(_tokens_of, self.messages))


def _tokens_of(said: ChatTurn) -> int:
    calls = sum(count(call.name) + count(call.arguments) for call in said.calls)
    results = sum(count(result.text) for result in said.results)
    return PER_MESSAGE + PER_IMAGE * said.images + count(said.text) + calls + results


def unanswered(messages: Sequence[ChatTurn], *, at_once: bool) -> list[str]:
    """Return the ids of calls without a result; ``at_once`` if it has to come before anything else is said."""
    waiting: list[str] = []
    for said in messages:
        answered = {result.call_id for result in said.results}
        waiting = [call_id for call_id in waiting if call_id not in answered]
        if waiting and at_once and not said.results:
            break
        waiting += [call.id for call in said.calls]
    return waiting


def orphans(messages: Sequence[ChatTurn]) -> list[str]:
    """Return the ids of results to which there was no call before."""
    known: set[str] = set()
    found: list[str] = []
    for said in messages:
        found += [result.call_id for result in said.results if result.call_id not in known]
        known |= {call.id for call in said.calls}
    return found
