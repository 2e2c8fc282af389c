"""Runs the to11 platform on your machine: for development, tests and demos, not for production.

It needs the extra ``local``; without the extra this module can be imported, but ``LocalTo11`` cannot.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .gateway.config.providers import ConfigError
    from .gateway.observe.traces import Span
    from .http.listener import PortTakenError
    from .http.request_log import SeenRequest
    from .server import LocalTo11
    from .store import DataFileError

__all__ = ["ConfigError", "DataFileError", "LocalTo11", "PortTakenError", "SeenRequest", "Span"]


def _home(name: str) -> object:
    """Import the module of a public name by an import statement, which freezers and vendoring tools can find."""
    home: object
    if name == "LocalTo11":
        _check_extra()
        from . import server as home
    elif name == "ConfigError":
        from .gateway.config import providers as home
    elif name == "DataFileError":
        from . import store as home
    elif name == "PortTakenError":
        from .http import listener as home
    elif name == "SeenRequest":
        from .http import request_log as home
    else:
        from .gateway.observe import traces as home
    return home


def _check_extra() -> None:
    """Raise ``ModuleNotFoundError`` if a library of the extra is missing: most are imported after the start."""
    from importlib.util import find_spec

    for library in ("dateutil", "liquid", "phonenumbers", "re2", "werkzeug"):
        if find_spec(library) is None:
            raise ModuleNotFoundError(f"No module named {library!r}", name=library)


def __dir__() -> list[str]:
    return [*globals(), *__all__]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(_home(name), name)
    except ModuleNotFoundError as exc:
        if exc.name is None or exc.name.startswith(__name__.removesuffix(".local")):
            raise
        raise ImportError(f"the local to11 needs {exc.name}: pip install 'to11ai-sdk[local]'") from exc
