"""The to11 platform on your machine: for development, tests and demos, not for production.

Needs the extra ``local``; without it this module can be imported, but ``LocalTo11`` cannot be had.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .server import LocalTo11

__all__ = ["LocalTo11"]


def __getattr__(name: str) -> Any:
    if name != "LocalTo11":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from .server import LocalTo11
    except ModuleNotFoundError as exc:
        if exc.name is None or exc.name.startswith("to11ai_sdk"):
            raise
        raise ImportError(f"the local to11 needs {exc.name}: pip install 'to11ai-sdk[local]'") from exc
    return LocalTo11
