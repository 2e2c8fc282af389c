"""Assembles the output of a response from its stream, including the parts that only the last events hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....json_input.fields import FormatError
from ..arguments import Arguments, text_of_arguments
from ..neutral import PartDelta, Refusal, Signature, Text, Thinking, ToolCall
from ..streams import Sequencer
from .replies import read_item

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..common import NewId
    from ..lenient import Lenient
    from ..neutral import Delta, ReplyPart

Words = Text | Refusal | Thinking
_Key = tuple[int, str, int]


class Growth:
    """Assembles the parts of a response.

    Args:
        new_id: makes ids for calls that have none.

    Attributes:
        has_calls: whether a call has begun.
    """

    def __init__(self, new_id: NewId) -> None:
        self.has_calls: bool = False
        self._new_id = new_id
        self._sequencer = Sequencer[_Key]()
        self._said: dict[int, dict[tuple[str, int], list[str]]] = {}
        self._finished: set[int] = set()
        self._calls: dict[int, _GrowingCall] = {}

    @property
    def has_begun(self) -> bool:
        """Whether any text or call has begun."""
        return self.has_calls or bool(self._said)

    def has_finished(self, item: int) -> bool:
        """Whether an item is complete."""
        return item in self._finished

    def say(self, item: int, part: Words, index: int = 0) -> list[Delta]:
        """Return more of a part, which begins with its first text."""
        if not part.text:
            return []
        key = (item, type(part).__name__, index)
        bare = Thinking("", id=part.id) if isinstance(part, Thinking) else type(part)("")
        begun = [] if key in self._sequencer else self._sequencer.start(key, bare)
        self._said.setdefault(item, {}).setdefault(key[1:], []).append(part.text)
        return [*begun, *self._sequencer.add(key, PartDelta(part.text))]

    def repeat(self, item: int, part: Words, index: int = 0) -> list[Delta]:
        """Return the rest of a part, given the whole of it."""
        pieces = self._said.get(item, {}).get((type(part).__name__, index), [])
        pieces[:] = ["".join(pieces)]
        return self.say(item, type(part)(_Said([pieces]).new_in(part.text)), index)

    def call(self, item: int, fields: Lenient) -> list[Delta]:
        """Return the beginning of a call, once it has a name."""
        call = self._calls.setdefault(item, _GrowingCall(text_of_arguments(fields.raw.get("arguments"))))
        call.id = call.id or fields.words("call_id") or fields.words("id")
        if call.has_begun or not fields.words("name"):
            return []
        namespace = fields.words("namespace") or None
        call.has_begun = self.has_calls = True
        call.id = call.id or self._new_id("call_")
        return [
            *self._sequencer.start((item, "ToolCall", 0), ToolCall(call.id, fields.words("name"), "", namespace)),
            *self._pass(item, call.waiting),
        ]

    def argue(self, item: int, text: str) -> list[Delta]:
        """Return more of the arguments of a call; they are held back until its name arrives."""
        return self._pass(item, self._calls.setdefault(item, _GrowingCall()).arguments.more(text))

    def repeat_arguments(self, item: int, whole: str) -> list[Delta]:
        """Return the rest of the arguments, given all of them."""
        return self._pass(item, self._calls.setdefault(item, _GrowingCall()).arguments.rest_of(whole))

    def finish(self, item: int, fields: Lenient) -> list[Delta]:
        """Return the rest and the end of an item, given the whole item; nothing if it is repeated."""
        if item in self._finished:
            return []
        self._finished.add(item)
        if _is_call(fields):
            arguments = text_of_arguments(fields.raw.get("arguments"))
            return [*self.call(item, fields), *self.repeat_arguments(item, arguments), *self.stop(item)]
        return [*self._missing(item, read_item(fields, self._new_id), self._all_said(item)), *self.stop(item)]

    def complete(self, outputs: Sequence[Lenient]) -> list[Delta]:
        """Return the rest of all items, given the whole response, and the end of all.

        Raises:
            FormatError: there are arguments of a call whose name never came.
        """
        deltas, missing = self._complete_calls([item for item in outputs if _is_call(item)])
        said, waiting = self._all_said(), set(map(id, missing))
        for number, item in enumerate(outputs, 1):
            if not _is_call(item):
                deltas += self._missing(-number, read_item(item, self._new_id), said)
            elif id(item) in waiting:
                deltas += self.finish(-number, item)
        nameless = [item for item, call in self._calls.items() if not call.has_begun and call.waiting.strip()]
        # A call that came without a name may be one of those that the whole response has.
        if any(item < 0 or not missing for item in nameless):
            raise FormatError("a tool call has no name")
        return [*deltas, *self._sequencer.finish()]

    def stop(self, item: int, kind: str | None = None, index: int = 0) -> list[Delta]:
        """Return the end of an item, or of one of its parts."""
        call = self._calls.get(item)
        rest = self._pass(item, call.arguments.rest()) if call and call.has_begun and kind is None else []
        of_item = [("ToolCall", 0), ("Thinking", 0), *self._said.get(item, {})]
        keys = of_item if kind is None else [(kind, index)]
        return [*rest, *(delta for key in keys for delta in self._sequencer.stop((item, *key)))]

    def _pass(self, item: int, text: str) -> list[Delta]:
        key, call = (item, "ToolCall", 0), self._calls[item]
        if not call.has_begun:
            call.held.append(text)
            return []
        return self._sequencer.add(key, PartDelta(text)) if text else []

    def _complete_calls(self, outputs: Sequence[Lenient]) -> tuple[list[Delta], list[Lenient]]:
        """Return the ends of the calls that have begun, and the other calls; servers may have changed ids."""
        begun = {call.id: item for item, call in self._calls.items() if call.has_begun}
        deltas: list[Delta] = []
        for fields in outputs:
            if (item := begun.get(fields.words("call_id"))) is not None:
                deltas += self.repeat_arguments(item, text_of_arguments(fields.raw.get("arguments")))
        for item in list(self._calls):
            deltas += self.stop(item)
        others = [fields for fields in outputs if fields.words("call_id") not in begun]
        return deltas, others[: max(0, len(outputs) - len(begun))]

    def _missing(self, item: int, parts: Iterable[ReplyPart], said: Mapping[str, _Said]) -> list[Delta]:
        deltas: list[Delta] = []
        for index, part in enumerate(parts):
            if isinstance(part, Thinking):
                deltas += self.say(item, Thinking(said["Thinking"].new_in(part.text), id=part.id))
                deltas += self._sign(item, part)
            elif isinstance(part, Text | Refusal):
                deltas += self.say(item, type(part)(said[type(part).__name__].new_in(part.text)), index)
        return deltas

    def _sign(self, item: int, thinking: Thinking) -> list[Delta]:
        key = (item, "Thinking", 0)
        if thinking.signature is None or (item < 0 and key not in self._sequencer):
            return []
        begun = [] if key in self._sequencer else self._sequencer.start(key, Thinking("", id=thinking.id))
        return [*begun, *self._sequencer.add(key, Signature(thinking.signature))]

    def _all_said(self, item: int | None = None) -> dict[str, _Said]:
        pieces: dict[str, list[list[str]]] = {"Text": [], "Refusal": [], "Thinking": []}
        for of_item in self._said.values() if item is None else [self._said.get(item, {})]:
            for (kind, _), said in of_item.items():
                pieces[kind].append(said)
        return {kind: _Said(several) for kind, several in pieces.items()}


def _is_call(item: Lenient) -> bool:
    return item.words("type") == "function_call"


class _GrowingCall:
    def __init__(self, given: str = "") -> None:
        self.id = ""
        self.has_begun = False
        self.arguments = Arguments(given)
        self.held: list[str] = []

    @property
    def waiting(self) -> str:
        """Arguments that came before the name."""
        return "".join(self.held)


class _Said:
    """The text of a kind so far, compared with a repetition piece by piece. If they differ, nothing is new."""

    def __init__(self, pieces: Iterable[list[str]]) -> None:
        self._text = "".join("".join(each) for each in pieces)
        self._place = 0

    def new_in(self, part: str) -> str:
        """Return the rest of the next part."""
        left = len(self._text) - self._place
        if self._place < 0 or left >= len(part):
            self._advance(part)
            return ""
        if not part.startswith(self._text[self._place :]):
            self._place = -1
            return ""
        self._place = len(self._text)
        return part[left:]

    def _advance(self, part: str) -> None:
        if self._place >= 0:
            matches = self._text.startswith(part, self._place)
            self._place = self._place + len(part) if matches else -1
