"""Renders the pages with Jinja2; whatever they show is escaped, and has no key in it."""

from __future__ import annotations

from datetime import datetime, timezone
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, FunctionLoader, StrictUndefined

from .masking import visible

if TYPE_CHECKING:
    from collections.abc import Callable

_NOTHING = "\u2013"
_STATIC = {
    "inspector.css": "text/css; charset=utf-8",
    "inspector.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


def static_file(name: str) -> tuple[str, bytes] | None:
    """Return the content type and the bytes of a file that pages refer to, ``None`` if there is no such file."""
    if name not in _STATIC:
        return None
    return _STATIC[name], (files(__package__ or "") / "static" / name).read_bytes()


class PageTemplates:
    """The templates of the pages.

    Args:
        masked: removes the key of the main project from a text.
    """

    def __init__(self, masked: Callable[[str], str]) -> None:
        self._masked = masked
        self._environment = Environment(
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_seen,
            loader=FunctionLoader(_source),
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.get_template("base.html")  # a frozen program may lack them
        self._environment.filters |= {"moment": _moment, "number": _number, "segment": _segment}

    def render(self, name: str, values: dict[str, Any]) -> bytes:
        """Return a page."""
        return self._masked(self._environment.get_template(name).render(values)).encode("utf-8", "replace")


def _source(name: str) -> str:
    return (files(__package__ or "") / "templates" / name).read_text("utf-8")


def _seen(value: object) -> object:
    """Return what is shown of a value; what people can send again is ``e``, escaped already, and stays as it is."""
    return visible(value) if type(value) is str else value


def _moment(value: str | float | None) -> str:
    """Return a time for people, to the second, in UTC."""
    if value is None:
        return _NOTHING
    if isinstance(value, str):
        return value[:19].replace("T", " ")
    return datetime.fromtimestamp(value, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def _number(value: float | None) -> str:
    """Return a number for people, or a dash."""
    if value is None:
        return _NOTHING
    return f"{value:,.1f}".removesuffix(".0")


def _segment(value: object) -> str:
    """Return a value as a segment of a path."""
    return quote(str(value), safe="")
