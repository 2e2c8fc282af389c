"""Defines what the tables of each format have on PostgreSQL besides their columns: functions and triggers.

They do what the triggers in ``schema.py`` and ``upgrades.py`` do in SQLite.
"""

from __future__ import annotations

from .. import upgrades


def _function(name: str, body: str) -> str:
    """Return what makes a function for triggers.

    It keeps the schema that it was made in, so that a change by hand with another search path works, too.
    """
    head = f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT"
    return f"{head} AS $$ BEGIN{body}END $$;\n"


_FUNCTIONS = r"""
-- A text with U+0000 is stored with two other characters for it, see transaction.py; JSON has an escape of it.
CREATE FUNCTION without_null_characters(items text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT regexp_replace(items, E'(?<!\\\\)((?:\\\\\\\\)*)\\\\u0000', E'\\1\U0010FFFE0', 'g')
$$;
CREATE FUNCTION each_of(items text, OUT key bigint, OUT value text) RETURNS SETOF record
LANGUAGE sql IMMUTABLE STRICT ROWS 5 AS $$
    SELECT ordinality - 1, CASE json_typeof(item) WHEN 'string' THEN item #>> '{}' ELSE item::text END
    FROM json_array_elements(without_null_characters(items)::json) WITH ORDINALITY AS each (item, ordinality)
$$;
CREATE FUNCTION json_extract(document text, path text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT document::json ->> substr(path, 3) $$;
"""
_REFUSE = """
    RAISE EXCEPTION '% never change', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
"""


def _frozen(table: str) -> str:
    return f"""
CREATE TRIGGER {table}_never_change BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


_RELEASES = """
CREATE TRIGGER rule_releases_no_delete BEFORE DELETE ON rule_releases
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rule_releases_keep_what_was_released BEFORE UPDATE OF
    sequence, id, project_id, rule_id, environment_id, actor_id, actor_type, strategy, version_id, weights,
    change_kind, prior_release_id, reason, approval_requested_by, approval_requested_at, created_at ON rule_releases
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rule_releases_stay_closed BEFORE UPDATE ON rule_releases
    FOR EACH ROW WHEN (OLD.active_to IS NOT NULL OR OLD.approval_status = 'rejected')
    EXECUTE FUNCTION refuse_change();
"""

_NOT_NOW = """
    IF current_setting('to11.counts_later', true) = 'yes' THEN RETURN NULL; END IF;
"""
"""Ends a function in a transaction that writes many rows and counts them at its end.

PostgreSQL keeps every version of a row until the transaction ends, so one that counts n rows takes n * n steps.
"""
_COUNT_LABEL_EVENT = f"""{_NOT_NOW}
    INSERT INTO prompt_label_event_totals AS present VALUES
        (NEW.prompt_id, NEW.label, 1, NEW.sequence), (NEW.prompt_id, '', 1, NEW.sequence),
        (NEW.project_id, NEW.label, 1, NEW.sequence), (NEW.project_id, '', 1, NEW.sequence)
    ON CONFLICT (owner_id, label) DO UPDATE SET total = present.total + 1, last = excluded.last;
    IF NEW.moved_at < (
        SELECT moved_at FROM prompt_label_events
        WHERE project_id = NEW.project_id AND sequence < NEW.sequence ORDER BY sequence DESC LIMIT 1
    ) THEN
        INSERT INTO prompt_label_event_disorder VALUES (NEW.project_id) ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
"""  # noqa: S608 - names of our own
_MARK_LABEL_EVENT = """
    INSERT INTO prompt_label_event_marks VALUES (NEW.owner_id, NEW.label, NEW.total, NEW.last);
    RETURN NULL;
"""
_LABEL_EVENTS = """
CREATE TRIGGER prompt_label_events_counted AFTER INSERT ON prompt_label_events
    FOR EACH ROW EXECUTE FUNCTION count_label_event();
CREATE TRIGGER prompt_label_events_marked AFTER UPDATE ON prompt_label_event_totals
    FOR EACH ROW WHEN (NEW.total % 1000 = 0) EXECUTE FUNCTION mark_label_event();
"""

_COUNT_TAG = f"""{_NOT_NOW}
    IF TG_OP = 'DELETE' THEN
        UPDATE prompt_totals SET total = total - 1
        WHERE project_id = OLD.project_id AND tag = OLD.tag AND status = OLD.status;
    ELSE
        INSERT INTO prompt_totals AS present VALUES (NEW.project_id, NEW.tag, NEW.status, 1)
        ON CONFLICT (project_id, tag, status) DO UPDATE SET total = present.total + 1;
    END IF;
    RETURN NULL;
"""  # noqa: S608 - names of our own
_TAG_PROMPT = f"""
    IF TG_OP = 'UPDATE' THEN
        UPDATE prompt_totals SET total = total - 1
        WHERE project_id = OLD.project_id AND tag = '' AND status = OLD.status;
        DELETE FROM prompt_tags WHERE project_id = OLD.project_id AND prompt_id = OLD.id
            AND tag IN (SELECT value FROM each_of(OLD.tags));
    END IF;
    INSERT INTO prompt_tags SELECT DISTINCT NEW.project_id, value, NEW.id, NEW.status FROM each_of(NEW.tags);
    {_NOT_NOW}
    INSERT INTO prompt_totals AS present VALUES (NEW.project_id, '', NEW.status, 1)
    ON CONFLICT (project_id, tag, status) DO UPDATE SET total = present.total + 1;
    RETURN NULL;
"""  # noqa: S608 - names of our own
_PROMPTS = """
CREATE TRIGGER prompt_tags_counted AFTER INSERT OR DELETE ON prompt_tags
    FOR EACH ROW EXECUTE FUNCTION count_tag();
CREATE TRIGGER prompts_tagged AFTER INSERT OR UPDATE OF tags, status ON prompts
    FOR EACH ROW EXECUTE FUNCTION tag_prompt();
"""

# Once in a transaction.
_COUNT_CHANGE = """
    UPDATE platform_changes SET value = value + 1 WHERE xmin::text::bigint <> txid_current() & 4294967295;
    RETURN NULL;
"""


def _counted(table: str) -> str:
    return f"""
CREATE TRIGGER {table}_count_changes AFTER INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION count_change();
"""


TRIGGERS = {
    3: _FUNCTIONS
    + _function("refuse_change", _REFUSE)
    + "".join(map(_frozen, ("prompt_versions", "prompt_label_events", "rule_versions")))
    + _RELEASES,
    4: _function("count_label_event", _COUNT_LABEL_EVENT)
    + _function("mark_label_event", _MARK_LABEL_EVENT)
    + _LABEL_EVENTS
    + _function("count_tag", _COUNT_TAG)
    + _function("tag_prompt", _TAG_PROMPT)
    + _PROMPTS
    + _function("count_change", _COUNT_CHANGE)
    + "".join(map(_counted, upgrades.PLATFORM)),
}
"""The functions and triggers that each format adds."""
