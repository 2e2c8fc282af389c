"""A chat request to ``echo`` in one form for all dialects."""

from __future__ import annotations

import json
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .tokens import PER_IMAGE, PER_MESSAGE, PER_REQUEST, count

if TYPE_CHECKING:
    from .turns import ChatTurn, OfferedTool


class ChatQuestion(NamedTuple):
    """A chat request.

    Attributes:
        tools: the tools that may be called.
        choice: whether one is to be called; ``tools`` holds only those that may be.
        parallel: whether more than one call may be made at once.
        schema: the JSON schema of the answer, ``{}`` for any object, ``None`` for plain text.
        thinking: whether the model thinks first.
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
        """The user's last text."""
        return next((said.text for said in reversed(self.messages) if said.role == "user" and said.text), "")

    @property
    def request(self) -> str:
        """The user's request: the last block of text of the last turn that the user began.

        Text that comes with the results of tools is not a new request, unless the last tool is among them: frameworks
        end with that tool, so the next text is the user's.
        """
        return self._asked[1]

    @property
    def called(self) -> list[str]:
        """The names of the tools called since the user's request, in order."""
        return [call.name for said in self.messages[self._asked[0] :] for call in said.calls]

    @property
    def results(self) -> list[tuple[str, str]]:
        """The name and the text of each result since the model's last turn."""
        names = self._names
        since = takewhile(lambda said: said.role != "assistant", reversed(self.messages))
        results = [result for said in reversed([*since]) for result in said.results]
        return [(result.name or names.get(result.call_id, "tool"), result.text) for result in results]

    @property
    def _names(self) -> dict[str, str]:
        return {call.id: call.name for said in self.messages for call in said.calls}

    @property
    def _asked(self) -> tuple[int, str]:
        names, last = self._names, {tool.name for tool in self.tools[-1:]}
        place, text, answered = 0, "", set[str]()
        for index, said in enumerate(self.messages):
            now = {result.name or names.get(result.call_id, "") for result in said.results}
            answered = set[str]() if said.role == "assistant" else answered | now
            is_new = not answered or bool(answered & last)
            if said.role == "user" and is_new and ((words := said.words) or (said.images and not now)):
                place, text = index, words[-1] if words else ""
        return place, text

    @property
    def prompt_tokens(self) -> int:
        """The tokens of the request."""
        tools = sum(count(json.dumps(tool.definition)) for tool in self.tools)
        return PER_REQUEST[self.dialect] + tools + sum(map(_tokens_of, self.messages))


def _tokens_of(said: ChatTurn) -> int:
    calls = sum(count(call.name) + count(call.arguments) for call in said.calls)
    results = sum(count(result.text) for result in said.results)
    return PER_MESSAGE + PER_IMAGE * said.images + sum(map(count, said.texts)) + calls + results
