"""Shows the result of a call to a person on a terminal, as a table."""

from __future__ import annotations

import json
import re
from typing import Any

from ...cli.printing import json_text
from ...json_types import is_array, is_object
from . import terminal

_DULL = re.compile("projectId|.*ByUserId|.*Image|createdBy|updatedBy")
"""Fields that a table has no room for."""
_NARROW = 8


def show(result: object) -> None:
    """Print a result as a table, or its fields below each other."""
    data = json.loads(json_text(result))
    rows = data.get("items", data) if is_object(data) else data
    if not is_array(rows):
        print("\n".join(_record(data)))
        return
    print("\n".join(_table(rows)) if rows else "(none)")
    if is_object(data) and is_object(page := data.get("pagination")):
        print(
            *terminal.wrap("page {page} of {totalPages}, {total} in all".format_map(page), terminal.width()), sep="\n"
        )


def _table(rows: list[dict[str, Any]]) -> list[str]:
    columns = {name: [_cell(name, row[name]) for row in rows] for name in rows[0] if not _DULL.fullmatch(name)}
    names = [name for name, cells in columns.items() if any(cells)]
    widths = [max(map(terminal.columns, (name, *columns[name]))) for name in names]
    room, shown = terminal.width() - widths[0], 1
    while shown < len(names) and (room := room - min(widths[shown], _NARROW) - 2) >= 0:
        shown += 1
    heading, *lines = terminal.table([names[:shown], *zip(*(columns[name] for name in names[:shown]), strict=True)])
    more = f"(with --json also {', '.join(names[shown:])})" if names[shown:] else ""
    return [terminal.paint(heading, terminal.BOLD), *lines, *(terminal.wrap(more, terminal.width()) if more else ())]


def _record(data: dict[str, Any]) -> list[str]:
    indent, lines = max(map(len, data)) + 2, list[str]()
    for name, value in data.items():
        text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
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
