"""Upgrades data files of older formats; a new file is made as one of format 3, and upgraded."""

from __future__ import annotations

from . import schema

NEWEST_FORMAT = 5
"""The format after all upgrades: ``user_version`` of a data file, and the largest number in the table ``formats``."""

PLATFORM = (
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
"""The tables whose changes are counted."""
_CHANGES = """
-- Counts the changes of the platform's tables, by whatever program: what is read is valid until it changes.
CREATE TABLE IF NOT EXISTS platform_changes (value INTEGER NOT NULL);
INSERT INTO platform_changes SELECT 0 WHERE NOT EXISTS (SELECT * FROM platform_changes);
"""
_LABEL_EVENTS = """
CREATE INDEX IF NOT EXISTS prompt_label_events_of_prompt ON prompt_label_events (prompt_id, sequence);
CREATE INDEX IF NOT EXISTS prompt_label_events_of_label ON prompt_label_events (project_id, label, sequence);
CREATE INDEX IF NOT EXISTS prompt_label_events_by_time ON prompt_label_events (project_id, moved_at, sequence, label);
CREATE INDEX IF NOT EXISTS prompt_label_events_of_prompt_by_time
    ON prompt_label_events (prompt_id, moved_at, sequence, label);
CREATE INDEX IF NOT EXISTS prompt_labels_of_label ON prompt_labels (label, prompt_id);
-- How many events a project or prompt has, of all labels ('') and of each, and the last of them.
CREATE TABLE IF NOT EXISTS prompt_label_event_totals (
    owner_id TEXT NOT NULL,
    label TEXT NOT NULL,
    total INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (owner_id, label)
) WITHOUT ROWID;
-- Every 1000th event of each of these lists.
CREATE TABLE IF NOT EXISTS prompt_label_event_marks (
    owner_id TEXT NOT NULL,
    label TEXT NOT NULL,
    place INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (owner_id, label, place),
    UNIQUE (owner_id, label, sequence)
) WITHOUT ROWID;
-- The projects in which an event is older than the one before it.
CREATE TABLE IF NOT EXISTS prompt_label_event_disorder (project_id TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_OWNERS = (("prompt_id", "label"), ("prompt_id", "''"), ("project_id", "label"), ("project_id", "''"))


def _events_counted(owner: str, label: str, where: str) -> str:
    """Return statements that count the events of each owner, of each label or of all, and mark every 1000th."""
    return f"""
INSERT OR REPLACE INTO prompt_label_event_totals
SELECT {owner}, {label}, count(*), max(sequence) FROM prompt_label_events {where} GROUP BY 1, 2;
INSERT OR REPLACE INTO prompt_label_event_marks SELECT owner_id, label, place, sequence FROM (
    SELECT {owner} AS owner_id, {label} AS label, sequence,
           row_number() OVER (PARTITION BY {owner}, {label} ORDER BY sequence) AS place
    FROM prompt_label_events {where}
) AS placed WHERE place % 1000 = 0;
"""  # noqa: S608 - names of our own


def events_counted(where: str = "") -> str:
    """Return statements that write what the triggers keep of label events, for those in which this holds."""
    return f"""
INSERT OR IGNORE INTO prompt_label_event_disorder
SELECT DISTINCT project_id FROM (
    SELECT project_id, moved_at, lag(moved_at) OVER (PARTITION BY project_id ORDER BY sequence) AS before
    FROM prompt_label_events {where}
) AS compared WHERE moved_at < before;
""" + "".join(_events_counted(*owner, where) for owner in _OWNERS)  # noqa: S608 - names of our own


def prompts_counted(where: str = "") -> str:
    """Return a statement that counts the prompts of a status with each tag, or any."""
    return f"""
INSERT OR REPLACE INTO prompt_totals
SELECT project_id, '', status, count(*) FROM prompts {where} GROUP BY project_id, status
UNION ALL SELECT project_id, tag, status, count(*) FROM prompt_tags {where} GROUP BY project_id, tag, status;
"""  # noqa: S608 - names of our own


_LABEL_EVENT_TRIGGERS = """
CREATE TRIGGER IF NOT EXISTS prompt_label_events_counted AFTER INSERT ON prompt_label_events BEGIN
    INSERT INTO prompt_label_event_totals VALUES
        (NEW.prompt_id, NEW.label, 1, NEW.sequence), (NEW.prompt_id, '', 1, NEW.sequence),
        (NEW.project_id, NEW.label, 1, NEW.sequence), (NEW.project_id, '', 1, NEW.sequence)
    ON CONFLICT (owner_id, label) DO UPDATE SET total = total + 1, last = excluded.last;
END;
CREATE TRIGGER IF NOT EXISTS prompt_label_events_marked AFTER UPDATE ON prompt_label_event_totals
WHEN NEW.total % 1000 = 0 BEGIN
    INSERT INTO prompt_label_event_marks VALUES (NEW.owner_id, NEW.label, NEW.total, NEW.last);
END;
CREATE TRIGGER IF NOT EXISTS prompt_label_events_compared AFTER INSERT ON prompt_label_events
WHEN NEW.moved_at < (
    SELECT moved_at FROM prompt_label_events
    WHERE project_id = NEW.project_id AND sequence < NEW.sequence ORDER BY sequence DESC LIMIT 1
) BEGIN
    INSERT OR IGNORE INTO prompt_label_event_disorder VALUES (NEW.project_id);
END;
"""
_TAGS = """
-- The tags of prompts, in a form that can be searched; kept by triggers.
CREATE TABLE IF NOT EXISTS prompt_tags (
    project_id TEXT NOT NULL,
    tag TEXT NOT NULL,
    prompt_id TEXT NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (project_id, tag, prompt_id)
) WITHOUT ROWID;
INSERT OR IGNORE INTO prompt_tags
SELECT project_id, value, prompts.id, status FROM prompts, json_each(prompts.tags);
-- How many prompts of a status have a tag, or any ('').
CREATE TABLE IF NOT EXISTS prompt_totals (
    project_id TEXT NOT NULL,
    tag TEXT NOT NULL,
    status TEXT NOT NULL,
    total INTEGER NOT NULL,
    PRIMARY KEY (project_id, tag, status)
) WITHOUT ROWID;
"""
_TAG_TRIGGERS = """
CREATE TRIGGER IF NOT EXISTS prompt_tags_added AFTER INSERT ON prompt_tags BEGIN
    INSERT INTO prompt_totals VALUES (NEW.project_id, NEW.tag, NEW.status, 1)
    ON CONFLICT (project_id, tag, status) DO UPDATE SET total = total + 1;
END;
CREATE TRIGGER IF NOT EXISTS prompt_tags_removed AFTER DELETE ON prompt_tags BEGIN
    UPDATE prompt_totals SET total = total - 1
    WHERE project_id = OLD.project_id AND tag = OLD.tag AND status = OLD.status;
END;
CREATE TRIGGER IF NOT EXISTS prompts_tagged AFTER INSERT ON prompts BEGIN
    INSERT INTO prompt_totals VALUES (NEW.project_id, '', NEW.status, 1)
    ON CONFLICT (project_id, tag, status) DO UPDATE SET total = total + 1;
    INSERT INTO prompt_tags SELECT DISTINCT NEW.project_id, value, NEW.id, NEW.status FROM json_each(NEW.tags);
END;
CREATE TRIGGER IF NOT EXISTS prompts_tagged_again AFTER UPDATE OF tags, status ON prompts BEGIN
    UPDATE prompt_totals SET total = total - 1
    WHERE project_id = OLD.project_id AND tag = '' AND status = OLD.status;
    INSERT INTO prompt_totals VALUES (NEW.project_id, '', NEW.status, 1)
    ON CONFLICT (project_id, tag, status) DO UPDATE SET total = total + 1;
    DELETE FROM prompt_tags WHERE project_id = OLD.project_id AND prompt_id = OLD.id
        AND tag IN (SELECT value FROM json_each(OLD.tags));
    INSERT INTO prompt_tags SELECT DISTINCT NEW.project_id, value, NEW.id, NEW.status FROM json_each(NEW.tags);
END;
"""
_OTHER_LISTS = """
CREATE INDEX IF NOT EXISTS keys_of_project ON keys (project_id);
CREATE INDEX IF NOT EXISTS project_labels_live ON project_labels (project_id, label) WHERE archived_at IS NULL;
CREATE INDEX IF NOT EXISTS environments_in_order ON environments (project_id, sort_order, slug, created_at);
CREATE INDEX IF NOT EXISTS environments_live ON environments (project_id, sort_order, slug, created_at)
    WHERE archived_at IS NULL;
CREATE INDEX IF NOT EXISTS environments_archived ON environments (project_id, slug, archived_at)
    WHERE archived_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS rule_releases_of_environment
    ON rule_releases (project_id, rule_id, environment_id, sequence);
CREATE INDEX IF NOT EXISTS rule_releases_by_status
    ON rule_releases (project_id, rule_id, environment_id, approval_status, sequence);
CREATE INDEX IF NOT EXISTS rule_releases_that_serve ON rule_releases (project_id, environment_id, rule_id)
    WHERE approval_status = 'committed' AND active_to IS NULL;
CREATE INDEX IF NOT EXISTS rule_releases_that_wait ON rule_releases (environment_id) WHERE approval_status = 'pending';
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


def _prompts_by(column: str) -> str:
    """Return indexes for the lists of prompts that are sorted by a column."""
    return (
        f"CREATE INDEX IF NOT EXISTS prompts_live_by_{column} ON prompts (project_id, {column}) "
        "WHERE status <> 'archived';\n"
        f"CREATE INDEX IF NOT EXISTS prompts_by_status_and_{column} ON prompts (project_id, status, {column});\n"
    )


_PROMPT_INDEXES = "".join(map(_prompts_by, ("name", "slug", "created_at", "updated_at")))

UPGRADES = {
    1: schema.GATEWAY_FILES,
    2: schema.GATEWAY
    + "ALTER TABLE projects ADD COLUMN strict_variables INTEGER NOT NULL DEFAULT 1 CHECK (strict_variables IN (0, 1));",
    3: _LABEL_EVENTS
    + events_counted()
    + _LABEL_EVENT_TRIGGERS
    + _TAGS
    + prompts_counted()
    + _TAG_TRIGGERS
    + _PROMPT_INDEXES
    + _OTHER_LISTS
    + _GATEWAY_INDEXES
    + _CHANGES
    + "".join(map(_counted, PLATFORM)),
    4: schema.ECHO,
}
"""The statements that make a data file of each older format one of the next."""
