"""Refuses calls that only later versions of the API have, with a code that says so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ..problems import Problem

if TYPE_CHECKING:
    from .application import Target

CODE = "ONLY_IN_LATER_VERSION"

_PROMPT = r"/v1/projects/[^/]+/prompts/[^/]+"
_ORGANIZATION = re.compile(r"/v1/orgs(/.*)?")


class _Later(NamedTuple):
    """A call of a later version.

    Attributes:
        path: the paths that it has.
        since: the first version of to11ai-sdk that makes it.
        query: parameters of which one must be there; without any the path alone decides.
        advice: the call to make instead.
    """

    path: re.Pattern[str]
    since: str
    query: frozenset[str] = frozenset()
    advice: str = ""


_CURSOR = frozenset({"cursor", "limit"})
_ALL = "the local to11 returns the whole list: leave out cursor and limit"
_LATER = (
    _Later(_ORGANIZATION, "3.0"),
    _Later(re.compile(rf"{_PROMPT}/[^/]+/versions/[^/]+/render"), "3.0"),
    _Later(re.compile(rf"{_PROMPT}/[^/]+/labels/[^/]+/render"), "2.0", advice="call POST /prompts:resolve instead"),
    _Later(re.compile(rf"{_PROMPT}/(versions|labels)"), "3.0", _CURSOR, _ALL),
    _Later(re.compile(r"/v1/projects/[^/]+/environments"), "3.0", _CURSOR, _ALL),
)

_MAYBE = re.compile(r"/(orgs|render|versions|labels|environments)(/|$)")
"""One search is enough for most paths."""


def is_of_an_organization(path: str) -> bool:
    """Return whether a path is one of the calls of whole organizations."""
    return _ORGANIZATION.fullmatch(path) is not None


def refuse(method: str, target: Target) -> None:
    """Refuse a call of a later version.

    Args:
        method: HTTP method.
        target: path and query as they were sent.

    Raises:
        Problem: 404 for a path that only later versions have, 400 for parameters that only they have.
    """
    path = target.path
    if not _MAYBE.search(path):
        return
    query = target.names()
    for later in _LATER:
        if later.path.fullmatch(path) and (not later.query or (method == "GET" and later.query & query)):
            what = f"{', '.join(sorted(later.query & query))} of {method} {path}" if later.query else f"{method} {path}"
            message = f"{what[:300]} is only in later versions of the API, from to11ai-sdk {later.since} on"
            advice = f"; {later.advice}" if later.advice else ""
            raise Problem(400 if later.query else 404, CODE, message + advice, {"since": later.since})
