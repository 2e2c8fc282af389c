"""Assembles the tool calls of a chat stream from deltas, however a server numbers and identifies them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....json_input.fields import FormatError
from ..arguments import Arguments, text_of_arguments
from ..common import UniqueIds
from ..neutral import PartDelta, ToolCall

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..common import NewId
    from ..lenient import Lenient
    from ..neutral import Delta
    from ..streams import Sequencer

_LONGEST_NAME = 1000
"""Longer names are not put together from pieces."""


class CallChunks:
    """Reads the deltas of calls.

    A call begins with its first argument, because some servers send the name in pieces. A delta without a name
    continues the call with its id, or else with its number. A delta with a name is a new call if its id or name is new,
    or if the previous call is complete.

    Args:
        sequencer: puts the calls in order.
        new_id: makes ids for calls that have none.

    Attributes:
        have_begun: whether there is a call.
    """

    def __init__(self, sequencer: Sequencer[str], new_id: NewId) -> None:
        self.have_begun: bool = False
        self._sequencer = sequencer
        self._calls: list[_ChatCall] = []
        self._numbered: dict[int, _ChatCall] = {}
        self._named: dict[str, _ChatCall] = {}
        self._current: _ChatCall | None = None
        self._begun = 0
        self._ids = UniqueIds("call_", new_id)

    def read(self, fields: Lenient) -> Iterator[Delta]:
        """Yield the deltas for a piece of a call."""
        function = fields.child("function") if fields.has("function") else fields
        piece = _Piece(fields.words("id"), function.words("name"), text_of_arguments(function.raw.get("arguments")))
        call = self._call_of(fields.count("index"), piece)
        call.id, call.name = call.id or piece.id, call.name_with(piece)
        call.keep("" if call.has_said(piece) else piece.arguments)
        if call.name and (call.has_begun or call.has_unsent):
            yield from self._begin_all(call)
            yield from self._send(call)

    def leave(self) -> Iterator[Delta]:
        """Yield the end of the current call; an incomplete call may continue after another part."""
        yield from self._begin_all()
        yield from self._leave()

    def finish(self) -> Iterator[Delta]:
        """Yield the rest of all calls.

        Raises:
            FormatError: there are arguments of a call whose name never came.
        """
        for call in self._calls:
            if call.name and not call.has_begun:
                yield from self._send(call)
            if call.name and (rest := call.arguments.rest()):
                yield from self._sequencer.add(call.key, PartDelta(rest))
            elif not call.name and call.has_unsent:
                raise FormatError("a tool call has no name")

    def _call_of(self, index: int | None, piece: _Piece) -> _ChatCall:
        last = self._calls[-1] if self._calls else None
        known = last if index is None else self._numbered.get(index)
        same = self._named.get(piece.id)
        if same and same.index == index:
            known = same  # several calls share a number
        if known is None and not (piece.id or piece.name):
            known = last
        if known is None or known.is_other(piece):
            known = _ChatCall(f"call {len(self._calls)}", index)
            self._calls.append(known)
        if index is not None:
            self._numbered[index] = known
        if piece.id and not known.id:
            self._named[piece.id] = known
        return known

    def _begin_all(self, until: _ChatCall | None = None) -> Iterator[Delta]:
        """Begin the calls that have a name, up to a given one, in the order of their arrival."""
        while self._begun < len(self._calls) and self._calls[self._begun] is not until:
            call = self._calls[self._begun]
            self._begun += 1
            if call.name and not call.has_begun:
                yield from self._send(call)

    def _leave(self) -> list[Delta]:
        left, self._current = self._current, None
        return self._sequencer.stop(left.key) if left and left.arguments.is_complete else []

    def _send(self, call: _ChatCall) -> Iterator[Delta]:
        if self._current is not call:
            yield from self._leave()
            self._current = call
        if not call.has_begun:
            call.has_begun = self.have_begun = True
            yield from self._sequencer.start(call.key, ToolCall(self._ids.of(call.id), call.name, ""))
        unsent, call.unsent, call.has_unsent = "".join(call.unsent), [], False
        if arguments := call.arguments.more(unsent):
            yield from self._sequencer.add(call.key, PartDelta(arguments))


class _Piece:
    def __init__(self, call_id: str, name: str, arguments: str) -> None:
        self.id = call_id
        self.name = name
        self.arguments = arguments


class _ChatCall:
    def __init__(self, key: str, index: int | None) -> None:
        self.key = key
        self.index = index
        self.id = ""
        self.name = ""
        self.unsent: list[str] = []
        self.has_unsent = False
        self.has_begun = False
        self.arguments = Arguments()

    def is_other(self, piece: _Piece) -> bool:
        """Whether a piece with the number of this call belongs to another one."""
        if not (piece.name and self.name):
            return False
        if not self.has_begun and (not piece.id or (piece.id == self.id and piece.name.startswith(self.name))):
            return False
        if piece.name != self.name:
            return True
        if piece.id and piece.id != self.id:
            return not self.arguments.is_partial
        return self.arguments.is_whole and piece.arguments.strip() != "" and not self.has_said(piece)

    def keep(self, arguments: str) -> None:
        """Take arguments that are to be passed on."""
        self.unsent.append(arguments)
        self.has_unsent = self.has_unsent or not (arguments == "" or arguments.isspace())

    def name_with(self, piece: _Piece) -> str:
        """Return the name extended by that of a piece, which may repeat it, hold all of it so far, or add to it."""
        if self.has_begun or piece.name in ("", self.name) or len(self.name) > _LONGEST_NAME:
            return self.name
        return piece.name if piece.name.startswith(self.name) else self.name + piece.name

    def has_said(self, piece: _Piece) -> bool:
        """Whether a piece repeats the whole call, as some servers do at its end."""
        is_same = bool(self.id) and piece.id == self.id and self.arguments.is_whole
        return is_same and piece.arguments.strip() != "" and self.arguments.is_repeated_by(piece.arguments)
