"""Shows the result of a call to a person on a terminal, as a table."""

from __future__ import annotations

import json
import re
from typing import Any

from ...cli.console import json_text
from ...json_types import is_array, is_object
from . import terminal
from .prompt_diff import template_lines

_DULL = re.compile("projectId|.*ByUserId|.*Image|createdBy|updatedBy")
"""Fields that a table has no room for."""
_TEMPLATES = ("templateJson", "rendered")
"""Fields with texts that are shown as they are written."""
_NARROW = 8


def show(result: object, *, as_json: bool) -> None:
    """Print a result as JSON, or as a table, or its fields below each other."""
    data = json.loads(json_text(result))
    if as_json:
        print(terminal.safe_json(json.dumps(data, indent=2, ensure_ascii=False)))
        return
    rows = data.get("items", data) if is_object(data) else data
    if not is_array(rows):
        print("\n".join(_record(data)))
        return
    print("\n".join(_table(rows)) if rows else "(none)")
    if is_object(data) and is_object(page := data.get("pagination")):
        print("\n".join(_note("page {page} of {totalPages}, {total} in all".format_map(page))))


def _table(rows: list[dict[str, Any]]) -> list[str]:
    columns = {name: [_cell(name, row[name]) for row in rows] for name in rows[0] if not _DULL.fullmatch(name)}
    names = [name for name, cells in columns.items() if any(cells)] or [*columns][:1]
    widths = [max(map(terminal.columns, (name, *columns[name]))) for name in names]
    ids = {place for place, name in enumerate(names) if re.fullmatch("id|.*Id", name)}
    room, shown = terminal.width() - widths[0], 1
    while shown < len(names):
        room -= 2 + (widths[shown] if shown in ids else min(widths[shown], _NARROW))
        if room < 0:
            break
        shown += 1
    rows_shown = [names[:shown], *zip(*(columns[name] for name in names[:shown]), strict=True)]
    heading, *lines = terminal.table(rows_shown, ids | {0})
    more = _note(f"(with --json also {', '.join(names[shown:])})") if names[shown:] else ()
    return [terminal.paint(heading, terminal.BOLD), *lines, *more]


def _note(text: str) -> list[str]:
    from textwrap import wrap

    return wrap(text, max(terminal.width(), _NARROW))


def _record(data: dict[str, Any]) -> list[str]:
    indent, lines = max(map(len, data)) + 2, list[str]()
    for name, value in data.items():
        text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
        if name in _TEMPLATES and is_object(value):
            text = "\n".join(template_lines({key: part for key, part in value.items() if key != "format"}))
        first, *others = terminal.wrap("" if value is None else text, terminal.width() - indent)
        lines += [terminal.paint(f"{name:<{indent}}", terminal.BOLD) + first]
        lines += [" " * indent + line for line in others]
    return lines


def _cell(name: str, value: Any) -> str:
    """Return what a table shows of a value: of an object or a missing value nothing."""
    if is_array(value):
        return ", ".join(item for item in value if isinstance(item, str))
    if isinstance(value, str):
        return value[:16].replace("T", " ") if name.endswith("At") else value
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None or is_object(value) else str(value)
