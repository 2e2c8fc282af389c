"""Upgrades data files of older formats; a new file is made as one of format 3, and upgraded."""

from __future__ import annotations

from . import schema

VERSION = 4
"""``user_version`` of a data file of this version."""

_PLATFORM = (
    "environment_aliases",
    "environments",
    "keys",
    "project_labels",
    "projects",
    "prompt_label_events",
    "prompt_labels",
    "prompt_versions",
    "prompts",
    "provider_activations",
    "rule_releases",
    "rule_versions",
    "rules",
)
_CHANGES = """
-- Counts the changes of the platform's tables, by whatever program: what is read is valid until it changes.
CREATE TABLE IF NOT EXISTS platform_changes (value INTEGER NOT NULL);
INSERT INTO platform_changes SELECT 0 WHERE NOT EXISTS (SELECT * FROM platform_changes);
"""
_GATEWAY_INDEXES = """
CREATE INDEX IF NOT EXISTS gateway_files_of_provider ON gateway_files (project_id, provider_id, sequence);
CREATE INDEX IF NOT EXISTS gateway_files_of_project ON gateway_files (project_id, size);
CREATE INDEX IF NOT EXISTS gateway_files_by_end ON gateway_files (expires_at) WHERE expires_at IS NOT NULL;
"""
_COUNT = "UPDATE platform_changes SET value = value + 1;"


def _counted(table: str) -> str:
    """Return triggers that count the changes of a table."""
    return "".join(
        f"CREATE TRIGGER IF NOT EXISTS {table}_counts_{event.lower()} AFTER {event} ON {table} BEGIN {_COUNT} END;\n"
        for event in ("INSERT", "UPDATE", "DELETE")
    )


UPGRADES = {
    1: schema.GATEWAY_FILES,
    2: schema.GATEWAY
    + "ALTER TABLE projects ADD COLUMN strict_variables INTEGER NOT NULL DEFAULT 1 CHECK (strict_variables IN (0, 1));",
    3: _GATEWAY_INDEXES + _CHANGES + "".join(map(_counted, _PLATFORM)),
}
"""The statements that make a data file of each older format one of the next."""
