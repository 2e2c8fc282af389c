"""Maps the names of tools to names that a provider accepts, and back."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from .common import digest, dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .neutral import Tool

OPENAI_LONGEST, ANTHROPIC_LONGEST = 64, 128
"""Most characters of a name at OpenAI and at Anthropic."""

_ODD = re.compile(r"[^a-zA-Z0-9_-]")


class ToolNames:
    """The names of the tools of a request, as a provider gets them.

    An allowed name is sent unchanged. A tool of a group is called ``group__name``. A name that is too long, has
    characters other than letters, digits, ``_`` and ``-``, or would be that of another tool, ends in a digest.
    """

    def __init__(self, tools: Iterable[Tool], longest: int) -> None:
        self._longest = longest
        self._uses = Counter(_joined(*names) for names in {(tool.namespace, tool.name) for tool in tools})

    def sent(self, namespace: str | None, name: str) -> str:
        """Return the name that a provider gets."""
        joined = _joined(namespace, name)
        plain = _ODD.sub("_", joined)
        fits = plain == joined and 0 < len(plain) <= self._longest
        if fits and (namespace is None or self._uses[joined] <= 1):
            return joined
        return f"{plain[: self._longest - 9]}_{digest(dumps([namespace, name]))[:8]}"


def originals(tools: Sequence[Tool]) -> dict[str, Tool]:
    """Return the tools by the names that providers got."""
    if not tools:
        return {}
    names = [ToolNames(tools, longest) for longest in (OPENAI_LONGEST, ANTHROPIC_LONGEST)]
    return {each.sent(tool.namespace, tool.name): tool for tool in tools for each in names}


def _joined(namespace: str | None, name: str) -> str:
    if namespace is None:
        return name
    return f"{namespace}{name}" if namespace.endswith("__") else f"{namespace}__{name}"
