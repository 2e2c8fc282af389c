"""What the gateway answers to a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping


class Stream:
    """A body that is sent as it arrives.

    Args:
        chunks: the body; closing it hangs up on the provider.
        abort: hangs up on the provider from any thread.
    """

    def __init__(self, chunks: Generator[bytes], abort: Callable[[], None]) -> None:
        self._chunks = chunks
        self.abort = abort

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        """Hang up."""
        self._chunks.close()


class Answer(NamedTuple):
    """A reply.

    Attributes:
        status: HTTP status.
        headers: lower-case names.
        body: the bytes, or a stream of them.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes | Stream
