"""Defines the tables of format 3. Constraints refuse invalid states, so a violation fails loudly.

``upgrades.py`` adds what came later, to new files, too.
"""

from __future__ import annotations

TABLES_FORMAT = 3
"""The format of a store with these tables only, which every new store is at first."""
APPLICATION_ID = 0x746F3131
"""``to11`` in ASCII; distinguishes a data file from any other SQLite file."""

BOOLEANS = frozenset(
    {
        "enforce_label_registry",
        "is_active",
        "is_default",
        "is_gateway_fallback",
        "is_pointer",
        "is_production",
        "is_stream",
        "is_system",
        "requires_approval",
        "strict_variables",
    }
)
"""Columns that hold 0 for false and 1 for true."""
DOCUMENTS = frozenset(
    {
        "model_config",
        "permissions",
        "prompt_labels",
        "reply_headers",
        "snapshot_json",
        "tags",
        "template_json",
        "variables_schema",
        "weights",
    }
)
"""Columns that hold JSON text."""


def _frozen(table: str) -> str:
    """Return triggers that refuse changes to the rows of a table."""
    return "".join(
        f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} never change'); END;\n"
        for event in ("UPDATE", "DELETE")
    )


_PROJECTS = """
CREATE TABLE counter (value INTEGER NOT NULL);
INSERT INTO counter VALUES (0);
CREATE TABLE projects (
    id TEXT PRIMARY KEY,
    main_key TEXT,
    enforce_label_registry INTEGER NOT NULL DEFAULT 0 CHECK (enforce_label_registry IN (0, 1)),
    strict_variables INTEGER NOT NULL DEFAULT 1 CHECK (strict_variables IN (0, 1)),
    created_at TEXT NOT NULL
);
CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    permissions TEXT CHECK (permissions IS NULL OR json_valid(permissions)),
    created_at TEXT NOT NULL
);
"""

_PROMPTS = """
CREATE TABLE prompts (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    slug TEXT NOT NULL CHECK (length(slug) BETWEEN 1 AND 200),
    description TEXT,
    tags TEXT NOT NULL CHECK (json_valid(tags)),
    status TEXT NOT NULL CHECK (status IN ('draft', 'active', 'archived')),
    created_by_user_id TEXT NOT NULL REFERENCES keys (id),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (project_id, slug),
    UNIQUE (project_id, name)
);
CREATE TABLE prompt_versions (
    id TEXT PRIMARY KEY,
    prompt_id TEXT NOT NULL REFERENCES prompts (id),
    version INTEGER NOT NULL CHECK (version >= 1),
    format TEXT NOT NULL CHECK (format IN ('text', 'chat')),
    template_json TEXT NOT NULL CHECK (json_valid(template_json)),
    variables_schema TEXT NOT NULL CHECK (json_valid(variables_schema)),
    model_config TEXT CHECK (model_config IS NULL OR json_valid(model_config)),
    changelog TEXT,
    created_by_user_id TEXT NOT NULL REFERENCES keys (id),
    created_at TEXT NOT NULL,
    UNIQUE (prompt_id, version),
    UNIQUE (prompt_id, id)
);
CREATE TABLE prompt_label_events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project_id TEXT NOT NULL REFERENCES projects (id),
    prompt_id TEXT NOT NULL,
    label TEXT NOT NULL CHECK (length(label) BETWEEN 1 AND 64),
    from_version_id TEXT,
    to_version_id TEXT NOT NULL,
    moved_by_user_id TEXT NOT NULL REFERENCES keys (id),
    moved_at TEXT NOT NULL,
    reason TEXT,
    CHECK (from_version_id IS NULL OR from_version_id <> to_version_id),
    UNIQUE (prompt_id, label, sequence),
    FOREIGN KEY (prompt_id, from_version_id) REFERENCES prompt_versions (prompt_id, id),
    FOREIGN KEY (prompt_id, to_version_id) REFERENCES prompt_versions (prompt_id, id)
);
CREATE INDEX prompt_label_events_of_project ON prompt_label_events (project_id, sequence);
-- A pointer is the last move of its label: where it points, who moved it and when are read from that event.
CREATE TABLE prompt_labels (
    prompt_id TEXT NOT NULL,
    label TEXT NOT NULL,
    event INTEGER NOT NULL UNIQUE,
    PRIMARY KEY (prompt_id, label),
    FOREIGN KEY (prompt_id, label, event) REFERENCES prompt_label_events (prompt_id, label, sequence)
);
CREATE TABLE project_labels (
    project_id TEXT NOT NULL REFERENCES projects (id),
    label TEXT NOT NULL CHECK (length(label) BETWEEN 1 AND 64),
    is_system INTEGER NOT NULL CHECK (is_system IN (0, 1)),
    is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
    description TEXT CHECK (length(description) <= 280),
    display_color TEXT NOT NULL,
    created_by_user_id TEXT NOT NULL REFERENCES keys (id),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    archived_at TEXT CHECK (archived_at IS NULL OR NOT is_system),
    PRIMARY KEY (project_id, label)
);
"""

_ENVIRONMENTS = """
CREATE TABLE environments (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    slug TEXT NOT NULL CHECK (length(slug) BETWEEN 1 AND 63),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    color TEXT CHECK (length(color) <= 64),
    description TEXT CHECK (length(description) <= 280),
    is_pointer INTEGER NOT NULL CHECK (is_pointer IN (0, 1)),
    requires_approval INTEGER NOT NULL CHECK (requires_approval IN (0, 1)),
    is_default INTEGER NOT NULL CHECK (is_default IN (0, 1)),
    is_gateway_fallback INTEGER NOT NULL CHECK (is_gateway_fallback IN (0, 1)),
    is_system INTEGER NOT NULL CHECK (is_system IN (0, 1)),
    is_production INTEGER NOT NULL CHECK (is_production IN (0, 1)),
    sort_order INTEGER NOT NULL,
    created_by TEXT NOT NULL REFERENCES keys (id),
    updated_by TEXT NOT NULL REFERENCES keys (id),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    archived_at TEXT,
    CHECK (archived_at IS NULL OR NOT (is_default OR is_gateway_fallback OR is_system))
);
CREATE UNIQUE INDEX one_environment_per_slug ON environments (project_id, slug) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX one_default ON environments (project_id) WHERE is_default;
CREATE UNIQUE INDEX one_gateway_fallback ON environments (project_id) WHERE is_gateway_fallback;
CREATE TABLE environment_aliases (
    project_id TEXT NOT NULL REFERENCES projects (id),
    slug TEXT NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    expires_at TEXT NOT NULL,
    PRIMARY KEY (project_id, slug)
);
CREATE TABLE provider_activations (
    environment_id TEXT NOT NULL REFERENCES environments (id),
    provider_id TEXT NOT NULL,
    is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    PRIMARY KEY (environment_id, provider_id)
);
"""

_RULES = """
CREATE TABLE rules (
    project_id TEXT NOT NULL REFERENCES projects (id),
    id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE TABLE rule_versions (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    snapshot_json TEXT NOT NULL CHECK (json_valid(snapshot_json)),
    description TEXT,
    created_by TEXT NOT NULL REFERENCES keys (id),
    created_at TEXT NOT NULL,
    UNIQUE (project_id, rule_id, version),
    UNIQUE (project_id, rule_id, id),
    FOREIGN KEY (project_id, rule_id) REFERENCES rules (project_id, id)
);
CREATE TABLE rule_releases (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project_id TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    actor_id TEXT NOT NULL REFERENCES keys (id),
    actor_type TEXT NOT NULL CHECK (actor_type IN ('user', 'api_key', 'worker')),
    strategy TEXT NOT NULL,
    version_id TEXT,
    weights TEXT CHECK (weights IS NULL OR json_valid(weights)),
    change_kind TEXT NOT NULL CHECK (change_kind IN
        ('release_initial', 'release_promoted', 'release_rolled_back', 'release_weight_changed')),
    prior_release_id TEXT REFERENCES rule_releases (id),
    reason TEXT,
    approval_status TEXT NOT NULL CHECK (approval_status IN ('committed', 'pending', 'rejected')),
    approval_requested_by TEXT,
    approval_requested_at TEXT,
    approved_by TEXT,
    approved_at TEXT,
    rejected_by TEXT,
    rejected_at TEXT,
    active_from TEXT,
    active_to TEXT,
    created_at TEXT NOT NULL,
    CHECK ((strategy = 'single' AND version_id IS NOT NULL AND weights IS NULL)
        OR (strategy = 'weighted' AND version_id IS NULL AND weights IS NOT NULL)),
    CHECK ((approval_status = 'committed') = (active_from IS NOT NULL)),
    CHECK (active_to IS NULL OR active_from IS NOT NULL),
    FOREIGN KEY (project_id, rule_id) REFERENCES rules (project_id, id),
    FOREIGN KEY (project_id, rule_id, version_id) REFERENCES rule_versions (project_id, rule_id, id)
);
CREATE INDEX rule_releases_of_rule ON rule_releases (project_id, rule_id, sequence);
CREATE UNIQUE INDEX one_active_release ON rule_releases (project_id, rule_id, environment_id)
    WHERE approval_status = 'committed' AND active_to IS NULL;
CREATE UNIQUE INDEX one_pending_release ON rule_releases (project_id, rule_id, environment_id)
    WHERE approval_status = 'pending';
CREATE TRIGGER rule_releases_no_delete BEFORE DELETE ON rule_releases
    BEGIN SELECT RAISE(ABORT, 'rule_releases are append-only'); END;
CREATE TRIGGER rule_releases_keep_what_was_released BEFORE UPDATE OF
    sequence, id, project_id, rule_id, environment_id, actor_id, actor_type, strategy, version_id, weights,
    change_kind, prior_release_id, reason, approval_requested_by, approval_requested_at, created_at ON rule_releases
    BEGIN SELECT RAISE(ABORT, 'rule_releases are append-only'); END;
CREATE TRIGGER rule_releases_stay_closed BEFORE UPDATE ON rule_releases
    WHEN OLD.active_to IS NOT NULL OR OLD.approval_status = 'rejected'
    BEGIN SELECT RAISE(ABORT, 'a closed release never changes'); END;
"""

GATEWAY_FILES = """
CREATE TABLE IF NOT EXISTS gateway_files (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    project_id TEXT NOT NULL REFERENCES projects (id),
    provider_id TEXT NOT NULL,
    filename TEXT NOT NULL,
    purpose TEXT NOT NULL,
    size INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    content BLOB NOT NULL,
    UNIQUE (project_id, provider_id, id)
);
"""

GATEWAY = """
CREATE TABLE IF NOT EXISTS gateway_traces (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id TEXT NOT NULL REFERENCES projects (id),
    trace_id TEXT NOT NULL CHECK (length(trace_id) = 32),
    span_id TEXT NOT NULL CHECK (length(span_id) = 16),
    parent_span_id TEXT,
    request_id TEXT,
    started_at TEXT NOT NULL,
    latency_ms REAL NOT NULL CHECK (latency_ms >= 0),
    endpoint TEXT NOT NULL,
    env TEXT,
    model TEXT,
    provider_id TEXT,
    upstream_model TEXT,
    is_stream INTEGER NOT NULL CHECK (is_stream IN (0, 1)),
    status INTEGER NOT NULL,
    error_code TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER,
    rule_id TEXT,
    version_id TEXT,
    release_id TEXT,
    variant TEXT,
    cache TEXT CHECK (cache IN ('hit', 'miss')),
    prompt_id TEXT,
    prompt_version INTEGER,
    prompt_labels TEXT NOT NULL CHECK (json_valid(prompt_labels)),
    session_id TEXT,
    conversation_id TEXT,
    user_id TEXT
);
CREATE INDEX IF NOT EXISTS gateway_traces_of_project ON gateway_traces (project_id, sequence);
CREATE TABLE IF NOT EXISTS gateway_replies (
    project_id TEXT NOT NULL REFERENCES projects (id),
    environment_id TEXT NOT NULL REFERENCES environments (id),
    digest TEXT NOT NULL,
    status INTEGER NOT NULL CHECK (status BETWEEN 200 AND 299),
    reply_headers TEXT NOT NULL CHECK (json_valid(reply_headers)),
    body BLOB NOT NULL,
    kept_at REAL NOT NULL,
    PRIMARY KEY (project_id, environment_id, digest)
);
CREATE INDEX IF NOT EXISTS gateway_replies_by_age ON gateway_replies (kept_at);
"""

ECHO = """
-- Since format 5. What echo keeps for later requests: responses (used: the higher, the later), where their items are,
-- and failures.
CREATE TABLE IF NOT EXISTS gateway_responses (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id TEXT NOT NULL REFERENCES projects (id),
    provider_id TEXT NOT NULL,
    id TEXT NOT NULL,
    previous_id TEXT,
    used INTEGER NOT NULL,
    size INTEGER NOT NULL,
    content BLOB NOT NULL,
    UNIQUE (project_id, provider_id, id)
);
CREATE INDEX IF NOT EXISTS gateway_responses_by_use
    ON gateway_responses (project_id, provider_id, used, sequence, size);
CREATE TABLE IF NOT EXISTS gateway_response_items (
    project_id TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    id TEXT NOT NULL,
    response_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (project_id, provider_id, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS gateway_response_items_of_response
    ON gateway_response_items (project_id, provider_id, response_id);
CREATE TABLE IF NOT EXISTS gateway_tallies (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id TEXT NOT NULL REFERENCES projects (id),
    provider_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    times INTEGER NOT NULL,
    UNIQUE (project_id, provider_id, digest)
);
CREATE INDEX IF NOT EXISTS gateway_tallies_in_order ON gateway_tallies (project_id, provider_id, sequence);
"""

TABLES = (
    _PROJECTS
    + _PROMPTS
    + _ENVIRONMENTS
    + _RULES
    + GATEWAY
    + GATEWAY_FILES
    + "".join(map(_frozen, ("prompt_versions", "prompt_label_events", "rule_versions")))
)
"""The statements that create the tables, indexes and triggers of format 3."""
