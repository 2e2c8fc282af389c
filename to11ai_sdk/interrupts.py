"""Finds out whether a signal handler (a soft time limit, a timeout decorator) or the network raised an exception."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType

MAX_LINKS = 50
"""Exceptions looked at along a chain of causes and contexts."""


def from_handler(exc: BaseException) -> bool:
    """Return whether a signal handler raised an exception, whatever its type."""
    step: TracebackType | None = exc.__traceback__
    while step and step.tb_next:
        # Nothing else is called with the frame that it interrupts.
        if _holds(step.tb_next.tb_frame, step.tb_frame):
            return True
        step = step.tb_next
    return False


def _holds(frame: FrameType, interrupted: FrameType) -> bool:
    for value in frame.f_locals.values():
        if value is interrupted or (type(value) is tuple and any(item is interrupted for item in value)):  # pyright: ignore[reportUnknownVariableType]
            return True
    return False


def handler_error(error: BaseException, outer: BaseException | None) -> BaseException | None:
    """Return what a signal handler raised and others turned into this error, if that is its origin.

    Args:
        error: what came out.
        outer: what was being handled before the call began; it and its causes are older.
    """
    link: BaseException | None = error
    for _ in range(MAX_LINKS):
        if link is None or link is outer or from_handler(link):
            return None if link is outer else link
        link = link.__cause__ or link.__context__
    return None
