"""Lists the tables with the rows of a project, in an order in which no row refers to one that follows."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ...json_types import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
_LARGEST = 2**53


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and (value.isascii() or _SURROGATE.search(value) is None)


def _has_whole_texts(value: Any) -> bool:
    """Return whether no text in a document, nor a name, has half of a pair of surrogates."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST


def _are_texts(value: Any) -> bool:
    return is_array(value) and all(map(_is_text, value))


def _are_shares(value: Any) -> bool:
    return is_array(value) and all(
        is_object(share) and _is_text(share.get("versionId")) and _is_weight(share.get("weight")) for share in value
    )


def _is_weight(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LARGEST


KINDS: Mapping[str, Callable[[Any], bool]] = {
    "a text": _is_text,
    "a time": lambda value: isinstance(value, str) and _TIME.fullmatch(value) is not None,
    "a boolean": lambda value: isinstance(value, bool),
    "a whole number": _is_number,
    "a list of texts": _are_texts,
    "a list of shares": _are_shares,
    "an object in UTF-8": lambda value: is_object(value) and _has_whole_texts(value),
    "a SHA-256": lambda value: isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None,
    "a value in UTF-8": lambda value: _has_whole_texts(value),
}
"""What the values of a column are, and how that is checked; after ``?`` they may be null."""


class ProjectTable(NamedTuple):
    """A table with rows of a project.

    Attributes:
        name: its name.
        columns: the kind of each column.
        order: the column by which its rows are ordered, among those with one owner.
        owner: the column with the id of a row's owner, and the table of the owners; by default the project.
        refers: the tables of the same project to which columns refer.
        page: how many rows are read at once.
    """

    name: str
    columns: Mapping[str, str]
    order: str
    owner: tuple[str, str] | None = None
    refers: Mapping[str, str] = {}
    page: int = 1000


def _columns(**names: str) -> dict[str, str]:
    """Return the kind of each column, from the columns of each kind."""
    kinds = {"text": "a text", "time": "a time", "flag": "a boolean", "number": "a whole number"}
    kinds |= {"null_text": "?a text", "null_time": "?a time"}
    return {column: kinds[kind] for kind, columns in names.items() for column in columns.split()}


PROJECT = _columns(text="id", flag="enforce_label_registry strict_variables is_main", time="created_at")
"""The columns of the project itself; ``main_key`` may follow."""
_FEW = 8
"""Rows with documents may have megabytes each."""

TABLES = (
    ProjectTable(
        "keys",
        {
            **_columns(text="id project_id name", time="created_at"),
            "digest": "a SHA-256",
            "permissions": "?a list of texts",
        },
        "rowid",
    ),
    ProjectTable(
        "project_labels",
        _columns(
            text="project_id label display_color created_by_user_id",
            flag="is_system is_default",
            null_text="description",
            time="created_at updated_at",
            null_time="archived_at",
        ),
        "label",
        refers={"created_by_user_id": "keys"},
    ),
    ProjectTable(
        "environments",
        _columns(
            text="id project_id slug name created_by updated_by",
            null_text="color description",
            flag="is_pointer requires_approval is_default is_gateway_fallback is_system is_production",
            number="sort_order",
            time="created_at updated_at",
            null_time="archived_at",
        ),
        "rowid",
        refers={"created_by": "keys", "updated_by": "keys"},
    ),
    ProjectTable(
        "environment_aliases",
        _columns(text="project_id slug environment_id", time="expires_at"),
        "slug",
        refers={"environment_id": "environments"},
    ),
    ProjectTable(
        "provider_activations",
        _columns(text="environment_id provider_id", flag="is_active"),
        "provider_id",
        owner=("environment_id", "environments"),
        refers={"environment_id": "environments"},
    ),
    ProjectTable(
        "prompts",
        {
            **_columns(
                text="id project_id name slug status created_by_user_id",
                null_text="description",
                time="created_at updated_at",
            ),
            "tags": "a list of texts",
        },
        "rowid",
        refers={"created_by_user_id": "keys"},
    ),
    ProjectTable(
        "prompt_versions",
        {
            **_columns(
                text="id prompt_id format created_by_user_id",
                null_text="changelog",
                number="version",
                time="created_at",
            ),
            "template_json": "an object in UTF-8",
            "variables_schema": "a value in UTF-8",
            "model_config": "?an object in UTF-8",
        },
        "version",
        owner=("prompt_id", "prompts"),
        refers={"prompt_id": "prompts", "created_by_user_id": "keys"},
        page=_FEW,
    ),
    ProjectTable(
        "prompt_label_events",
        _columns(
            text="id project_id prompt_id label to_version_id moved_by_user_id",
            null_text="from_version_id reason",
            time="moved_at",
        ),
        "sequence",
        refers={"prompt_id": "prompts", "moved_by_user_id": "keys"},
    ),
    ProjectTable(
        "prompt_labels",
        _columns(text="prompt_id label event"),
        "label",
        owner=("prompt_id", "prompts"),
        refers={"prompt_id": "prompts"},
    ),
    ProjectTable("rules", _columns(text="project_id id", time="created_at"), "id"),
    ProjectTable(
        "rule_versions",
        {
            **_columns(
                text="id project_id rule_id created_by", null_text="description", number="version", time="created_at"
            ),
            "snapshot_json": "an object in UTF-8",
        },
        "version",
        owner=("rule_id", "rules"),
        refers={"created_by": "keys"},
        page=_FEW,
    ),
    ProjectTable(
        "rule_releases",
        {
            **_columns(
                text="id project_id rule_id environment_id actor_id actor_type strategy change_kind approval_status",
                null_text="version_id prior_release_id reason approval_requested_by approved_by rejected_by",
                null_time="approval_requested_at approved_at rejected_at active_from active_to",
                time="created_at",
            ),
            "weights": "?a list of shares",
        },
        "sequence",
        owner=("rule_id", "rules"),
        refers={"environment_id": "environments", "actor_id": "keys", "prior_release_id": "rule_releases"},
    ),
)
"""All of them but the project itself; traces, cached replies and files of the gateway stay where they are."""
BY_NAME = {table.name: table for table in TABLES}


def wrong_column(columns: Mapping[str, str], row: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the columns and types of a row, ``None`` if nothing is."""
    if row.keys() != columns.keys():
        names = sorted(columns.keys() ^ row.keys())
        return f"the column {names[0]!r:.100} is {'missing' if names[0] in columns else 'unknown'}"
    for name, kind in columns.items():
        if not (kind.startswith("?") and row[name] is None) and not KINDS[kind.removeprefix("?")](row[name]):
            return f"the column {name!r} must be {kind.removeprefix('?')}"
    return None
