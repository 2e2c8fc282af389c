"""Defines the label registry and the environments, the two lists of a project that have a file each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ...json_types import is_object
from .fields import FileField, dump, problem, write_field
from .prompt_file import checked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Records = dict[str, dict[str, Any]]
"""The labels or environments by name, with their settings."""


class RecordList(NamedTuple):
    """A list of records.

    Attributes:
        noun: what one of them is called.
        file: the name of its file.
        kinds: the settings of a record, and what their values are.
        needed: settings that every record has.
        unique: settings that one record has; the API sets them on a new one, and never clears them on the old one.
    """

    noun: str
    file: str
    kinds: Mapping[str, str]
    needed: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()


LISTS = {
    "labels": RecordList(
        "label",
        "labels.yaml",
        {"description": "text", "display_color": "text", "is_default": "true or false"},
    ),
    "environments": RecordList(
        "environment",
        "environments.yaml",
        {
            "name": "text",
            "description": "text",
            "color": "text",
            "is_default": "true or false",
            "is_gateway_fallback": "true or false",
            "is_pointer": "true or false",
            "requires_approval": "true or false",
            "sort_order": "whole number",
        },
        needed=("name",),
        unique=("is_default", "is_gateway_fallback"),
    ),
}


def settings(row: object, of: RecordList) -> dict[str, Any]:
    """Return the settings of a row of the API that a file holds: all but empty ones."""
    found = {name: getattr(row, name) for name in of.kinds}
    return {name: value for name, value in found.items() if value is not None and value is not False and value != ""}


def read_records(path: Path, fields: Mapping[str, FileField], of: RecordList) -> Records:
    """Return the records in the file of a list, after a check of their settings."""
    records = {name: _record(path, field, of) for name, field in fields.items()}
    for flag in of.unique:
        holders = [name for name, record in records.items() if record.get(flag)]
        if len(holders) > 1:
            text = f"only one {of.noun} can have {flag}, and {holders[0]} has it, too"
            raise problem(path, fields[holders[1]].line, text)
    return records


def _record(path: Path, found: FileField, of: RecordList) -> dict[str, Any]:
    if not is_object(found.value):
        raise problem(path, found.line, 'expected an object such as {"description": "text"}')
    members = {name: FileField(value, found.line) for name, value in found.value.items()}
    return {name: member.value for name, member in checked(path, members, of.kinds, found.line, of.needed).items()}


def write_records(records: Records) -> str:
    """Return the text of the file of a list."""
    return "".join(write_field(dump(name), records[name]) for name in sorted(records))
