"""Defines the answer of the gateway to a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from ..http.application import Pauses


class Stream:
    """A body that is sent as it arrives.

    Args:
        chunks: the body.
        end: called when no more of the body is wanted, whether it was started or not.
    """

    def __init__(self, chunks: Generator[bytes], end: Callable[[], None]) -> None:
        self._chunks = chunks
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        """Close the connection to the provider."""
        self._chunks.close()
        self._end()


class Answer(NamedTuple):
    """A reply.

    Attributes:
        status: HTTP status.
        headers: lower-case names.
        body: the bytes, or a stream of them.
        pauses: reports when the stream is about to wait.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes | Stream
    pauses: Pauses | None = None
