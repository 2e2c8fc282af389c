"""The to11 platform on your machine: for development, tests and demos, not for production.

Needs the extra ``local``; without it this module can be imported, but ``LocalTo11`` cannot be had.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .gateway.config.providers import ConfigError
    from .gateway.observe.traces import Span
    from .http.request_log import SeenRequest
    from .http.wsgi_server import PortTakenError
    from .server import LocalTo11
    from .store import DataFileError

__all__ = ["ConfigError", "DataFileError", "LocalTo11", "PortTakenError", "SeenRequest", "Span"]

_HOMES = {
    "ConfigError": "gateway.config.providers",
    "DataFileError": "store",
    "LocalTo11": "server",
    "PortTakenError": "http.wsgi_server",
    "SeenRequest": "http.request_log",
    "Span": "gateway.observe.traces",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    except ModuleNotFoundError as exc:
        if exc.name is None or exc.name.startswith("to11ai_sdk"):
            raise
        raise ImportError(f"the local to11 needs {exc.name}: pip install 'to11ai-sdk[local]'") from exc
