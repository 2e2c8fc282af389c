PRAGMA application_id = 1953444145;
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE counter (value INTEGER NOT NULL);
INSERT INTO "counter" VALUES(32);
CREATE TABLE environment_aliases (
    project_id TEXT NOT NULL REFERENCES projects (id),
    slug TEXT NOT NULL,
    environment_id TEXT NOT NULL REFERENCES environments (id),
    expires_at TEXT NOT NULL,
    PRIMARY KEY (project_id, slug)
);
INSERT INTO "environment_aliases" VALUES('proj_c97383a6625789349fdc','qa','env_def90d368a12ba6963e1','2026-06-24T12:00:31.000000Z');
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
INSERT INTO "environments" VALUES('env_6bfec9635ea472551375','proj_c97383a6625789349fdc','prod','Production',NULL,NULL,0,0,1,1,1,1,0,'key_313d6e6e45f490f88273','key_313d6e6e45f490f88273','2026-06-17T12:00:03.000000Z','2026-06-17T12:00:03.000000Z',NULL);
INSERT INTO "environments" VALUES('env_2b6716c727d66b30e7d4','proj_c97383a6625789349fdc','staging','Staging',NULL,NULL,0,0,0,0,1,0,1,'key_313d6e6e45f490f88273','key_313d6e6e45f490f88273','2026-06-17T12:00:03.000000Z','2026-06-17T12:00:03.000000Z',NULL);
INSERT INTO "environments" VALUES('env_def90d368a12ba6963e1','proj_c97383a6625789349fdc','test','QA',NULL,NULL,0,0,0,0,0,0,2,'key_313d6e6e45f490f88273','key_313d6e6e45f490f88273','2026-06-17T12:00:30.000000Z','2026-06-17T12:00:31.000000Z',NULL);
CREATE TABLE gateway_files (
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
INSERT INTO "gateway_files" VALUES(1,'file-191fa68ab3d9d7b26f576626','proj_c97383a6625789349fdc','openai','a.txt','batch',5,1781697642,NULL,X'68656C6C6F');
CREATE TABLE gateway_replies (
    project_id TEXT NOT NULL REFERENCES projects (id),
    environment_id TEXT NOT NULL REFERENCES environments (id),
    digest TEXT NOT NULL,
    status INTEGER NOT NULL CHECK (status BETWEEN 200 AND 299),
    reply_headers TEXT NOT NULL CHECK (json_valid(reply_headers)),
    body BLOB NOT NULL,
    kept_at REAL NOT NULL,
    PRIMARY KEY (project_id, environment_id, digest)
);
CREATE TABLE gateway_traces (
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
INSERT INTO "gateway_traces" VALUES(1,'proj_c97383a6625789349fdc','e90b994d447c60ea5b7c2d3f35d5f053','e1018bf563194659',NULL,'gwreq_000001','2026-06-17T12:00:32.000000Z',1.544,'chat_completions','prod','gpt-4o','openai','gpt-4o',0,200,NULL,8,3,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]',NULL,NULL,NULL);
INSERT INTO "gateway_traces" VALUES(2,'proj_c97383a6625789349fdc','bdf7960a3725bb21fc3dbfd33de1031b','991fe2efbca79fd4',NULL,'gwreq_000002','2026-06-17T12:00:36.000000Z',3.387,'chat_completions','prod','gpt-4o','openai','gpt-4o',0,200,NULL,8,3,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]',NULL,NULL,NULL);
INSERT INTO "gateway_traces" VALUES(3,'proj_c97383a6625789349fdc','1cf4ba2a9e7a71e614f9bccc9e7129e6','ad070a5d830ca400',NULL,'gwreq_000003','2026-06-17T12:00:40.000000Z',3.577,'files','prod',NULL,'openai',NULL,0,200,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]',NULL,NULL,NULL);
CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    permissions TEXT CHECK (permissions IS NULL OR json_valid(permissions)),
    created_at TEXT NOT NULL
);
INSERT INTO "keys" VALUES('key_313d6e6e45f490f88273','proj_c97383a6625789349fdc','local developer','df74d309199ba8f9cfb486ec93d4012b5ad003073298d23878b4ef94f2c0819e',NULL,'2026-06-17T12:00:02.000000Z');
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
INSERT INTO "project_labels" VALUES('proj_c97383a6625789349fdc','production',1,1,NULL,'accent','key_313d6e6e45f490f88273','2026-06-17T12:00:03.000000Z','2026-06-17T12:00:03.000000Z',NULL);
CREATE TABLE projects (
    id TEXT PRIMARY KEY,
    main_key TEXT,
    enforce_label_registry INTEGER NOT NULL DEFAULT 0 CHECK (enforce_label_registry IN (0, 1)),
    created_at TEXT NOT NULL
);
INSERT INTO "projects" VALUES('proj_c97383a6625789349fdc','to11_local_e50b0eb7a63a9c2b4e23303a0375ac6a48c069e0',0,'2026-06-17T12:00:01.000000Z');
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
INSERT INTO "prompt_label_events" VALUES(1,'event_7df351097eeb6a17a62f','proj_c97383a6625789349fdc','prompt_9e21616c3eebc2632032','live',NULL,'version_889edc2c5ffa77e34722','key_313d6e6e45f490f88273','2026-06-17T12:00:07.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(2,'event_37db1e414d13f689fc6b','proj_c97383a6625789349fdc','prompt_9e21616c3eebc2632032','live','version_889edc2c5ffa77e34722','version_cd90166be0ac5dedbd84','key_313d6e6e45f490f88273','2026-06-17T12:00:08.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(3,'event_4990253c18eb17aa1f1a','proj_c97383a6625789349fdc','prompt_9e21616c3eebc2632032','live','version_cd90166be0ac5dedbd84','version_889edc2c5ffa77e34722','key_313d6e6e45f490f88273','2026-06-17T12:00:09.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(4,'event_28b9b4c876e2c36e09f0','proj_c97383a6625789349fdc','prompt_9e21616c3eebc2632032','beta',NULL,'version_889edc2c5ffa77e34722','key_313d6e6e45f490f88273','2026-06-17T12:00:10.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(5,'event_68494292362f31394db7','proj_c97383a6625789349fdc','prompt_8f8dc203863d9b16d238','live',NULL,'version_236aa0e492e95399e7d3','key_313d6e6e45f490f88273','2026-06-17T12:00:14.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(6,'event_9cb9bdfce0758f50d386','proj_c97383a6625789349fdc','prompt_8f8dc203863d9b16d238','live','version_236aa0e492e95399e7d3','version_af343cc84e2f42429806','key_313d6e6e45f490f88273','2026-06-17T12:00:15.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(7,'event_d5c66dca7d98fdf7a449','proj_c97383a6625789349fdc','prompt_8f8dc203863d9b16d238','live','version_af343cc84e2f42429806','version_236aa0e492e95399e7d3','key_313d6e6e45f490f88273','2026-06-17T12:00:16.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(8,'event_07eb1b4465936b03b7c7','proj_c97383a6625789349fdc','prompt_8f8dc203863d9b16d238','beta',NULL,'version_236aa0e492e95399e7d3','key_313d6e6e45f490f88273','2026-06-17T12:00:17.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(9,'event_501cd85f73b0880dee41','proj_c97383a6625789349fdc','prompt_6a1edd4577956d7cd8f6','live',NULL,'version_8e73be8f008c1fc011c6','key_313d6e6e45f490f88273','2026-06-17T12:00:21.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(10,'event_4a19deff53163065016c','proj_c97383a6625789349fdc','prompt_6a1edd4577956d7cd8f6','live','version_8e73be8f008c1fc011c6','version_a74017d23e2ffd35fe04','key_313d6e6e45f490f88273','2026-06-17T12:00:22.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(11,'event_43fab38b7f2552bc553e','proj_c97383a6625789349fdc','prompt_6a1edd4577956d7cd8f6','live','version_a74017d23e2ffd35fe04','version_8e73be8f008c1fc011c6','key_313d6e6e45f490f88273','2026-06-17T12:00:23.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(12,'event_761f19a2d5a95cbc3ca9','proj_c97383a6625789349fdc','prompt_6a1edd4577956d7cd8f6','beta',NULL,'version_8e73be8f008c1fc011c6','key_313d6e6e45f490f88273','2026-06-17T12:00:24.000000Z',NULL);
CREATE TABLE prompt_labels (
    prompt_id TEXT NOT NULL,
    label TEXT NOT NULL,
    event INTEGER NOT NULL UNIQUE,
    PRIMARY KEY (prompt_id, label),
    FOREIGN KEY (prompt_id, label, event) REFERENCES prompt_label_events (prompt_id, label, sequence)
);
INSERT INTO "prompt_labels" VALUES('prompt_9e21616c3eebc2632032','live',3);
INSERT INTO "prompt_labels" VALUES('prompt_9e21616c3eebc2632032','beta',4);
INSERT INTO "prompt_labels" VALUES('prompt_8f8dc203863d9b16d238','live',7);
INSERT INTO "prompt_labels" VALUES('prompt_8f8dc203863d9b16d238','beta',8);
INSERT INTO "prompt_labels" VALUES('prompt_6a1edd4577956d7cd8f6','live',11);
INSERT INTO "prompt_labels" VALUES('prompt_6a1edd4577956d7cd8f6','beta',12);
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
INSERT INTO "prompt_versions" VALUES('version_889edc2c5ffa77e34722','prompt_9e21616c3eebc2632032',1,'text','{"text":"Hello {{ name }}"}','{"type":"object","properties":{"name":{"type":"string"}}}',NULL,NULL,'key_313d6e6e45f490f88273','2026-06-17T12:00:05.000000Z');
INSERT INTO "prompt_versions" VALUES('version_cd90166be0ac5dedbd84','prompt_9e21616c3eebc2632032',2,'text','{"text":"Hello {{ name }}"}','{"type":"object","properties":{"name":{"type":"string"}}}',NULL,NULL,'key_313d6e6e45f490f88273','2026-06-17T12:00:06.000000Z');
INSERT INTO "prompt_versions" VALUES('version_236aa0e492e95399e7d3','prompt_8f8dc203863d9b16d238',1,'text','{"text":"Hello {{ name }}"}','{"type":"object","properties":{"name":{"type":"string"}}}',NULL,NULL,'key_313d6e6e45f490f88273','2026-06-17T12:00:12.000000Z');
INSERT INTO "prompt_versions" VALUES('version_af343cc84e2f42429806','prompt_8f8dc203863d9b16d238',2,'text','{"text":"Hello {{ name }}"}','{"type":"object","properties":{"name":{"type":"string"}}}',NULL,NULL,'key_313d6e6e45f490f88273','2026-06-17T12:00:13.000000Z');
INSERT INTO "prompt_versions" VALUES('version_8e73be8f008c1fc011c6','prompt_6a1edd4577956d7cd8f6',1,'text','{"text":"Hello {{ name }}"}','{"type":"object","properties":{"name":{"type":"string"}}}',NULL,NULL,'key_313d6e6e45f490f88273','2026-06-17T12:00:19.000000Z');
INSERT INTO "prompt_versions" VALUES('version_a74017d23e2ffd35fe04','prompt_6a1edd4577956d7cd8f6',2,'text','{"text":"Hello {{ name }}"}','{"type":"object","properties":{"name":{"type":"string"}}}',NULL,NULL,'key_313d6e6e45f490f88273','2026-06-17T12:00:20.000000Z');
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
INSERT INTO "prompts" VALUES('prompt_9e21616c3eebc2632032','proj_c97383a6625789349fdc','Welcome','welcome',NULL,'["mail","first"]','active','key_313d6e6e45f490f88273','2026-06-17T12:00:04.000000Z','2026-06-17T12:00:05.000000Z');
INSERT INTO "prompts" VALUES('prompt_8f8dc203863d9b16d238','proj_c97383a6625789349fdc','Farewell','farewell',NULL,'["mail"]','active','key_313d6e6e45f490f88273','2026-06-17T12:00:11.000000Z','2026-06-17T12:00:12.000000Z');
INSERT INTO "prompts" VALUES('prompt_6a1edd4577956d7cd8f6','proj_c97383a6625789349fdc','Gone','gone',NULL,'["mail"]','archived','key_313d6e6e45f490f88273','2026-06-17T12:00:18.000000Z','2026-06-17T12:00:25.000000Z');
CREATE TABLE provider_activations (
    environment_id TEXT NOT NULL REFERENCES environments (id),
    provider_id TEXT NOT NULL,
    is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    PRIMARY KEY (environment_id, provider_id)
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
INSERT INTO "rule_releases" VALUES(1,'rr_e8a065e5673d18ddabd1','proj_c97383a6625789349fdc','r','env_6bfec9635ea472551375','key_313d6e6e45f490f88273','api_key','single','rv_2767cebc7645b6869c2a',NULL,'release_initial',NULL,NULL,'committed',NULL,NULL,NULL,NULL,NULL,NULL,'2026-06-17T12:00:28.000000Z','2026-06-17T12:00:29.000000Z','2026-06-17T12:00:28.000000Z');
INSERT INTO "rule_releases" VALUES(2,'rr_a2d7bc4336dcaf2c83b7','proj_c97383a6625789349fdc','r','env_6bfec9635ea472551375','key_313d6e6e45f490f88273','api_key','single','rv_dc9ae0e2248e87823296',NULL,'release_promoted','rr_e8a065e5673d18ddabd1',NULL,'committed',NULL,NULL,NULL,NULL,NULL,NULL,'2026-06-17T12:00:29.000000Z',NULL,'2026-06-17T12:00:29.000000Z');
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
INSERT INTO "rule_versions" VALUES('rv_2767cebc7645b6869c2a','proj_c97383a6625789349fdc','r',1,'{"endpoint":"chat","strategy":"single","target":{"providerId":"openai","modelId":"gpt-4o"}}',NULL,'key_313d6e6e45f490f88273','2026-06-17T12:00:26.000000Z');
INSERT INTO "rule_versions" VALUES('rv_dc9ae0e2248e87823296','proj_c97383a6625789349fdc','r',2,'{"endpoint":"chat","strategy":"single","target":{"providerId":"openai","modelId":"gpt-4o"}}',NULL,'key_313d6e6e45f490f88273','2026-06-17T12:00:27.000000Z');
CREATE TABLE rules (
    project_id TEXT NOT NULL REFERENCES projects (id),
    id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (project_id, id)
);
INSERT INTO "rules" VALUES('proj_c97383a6625789349fdc','r','2026-06-17T12:00:26.000000Z');
CREATE INDEX prompt_label_events_of_project ON prompt_label_events (project_id, sequence);
CREATE UNIQUE INDEX one_environment_per_slug ON environments (project_id, slug) WHERE archived_at IS NULL;
CREATE UNIQUE INDEX one_default ON environments (project_id) WHERE is_default;
CREATE UNIQUE INDEX one_gateway_fallback ON environments (project_id) WHERE is_gateway_fallback;
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
CREATE INDEX gateway_traces_of_project ON gateway_traces (project_id, sequence);
CREATE INDEX gateway_replies_by_age ON gateway_replies (kept_at);
CREATE TRIGGER prompt_versions_no_update BEFORE UPDATE ON prompt_versions BEGIN SELECT RAISE(ABORT, 'prompt_versions never change'); END;
CREATE TRIGGER prompt_versions_no_delete BEFORE DELETE ON prompt_versions BEGIN SELECT RAISE(ABORT, 'prompt_versions never change'); END;
CREATE TRIGGER prompt_label_events_no_update BEFORE UPDATE ON prompt_label_events BEGIN SELECT RAISE(ABORT, 'prompt_label_events never change'); END;
CREATE TRIGGER prompt_label_events_no_delete BEFORE DELETE ON prompt_label_events BEGIN SELECT RAISE(ABORT, 'prompt_label_events never change'); END;
CREATE TRIGGER rule_versions_no_update BEFORE UPDATE ON rule_versions BEGIN SELECT RAISE(ABORT, 'rule_versions never change'); END;
CREATE TRIGGER rule_versions_no_delete BEFORE DELETE ON rule_versions BEGIN SELECT RAISE(ABORT, 'rule_versions never change'); END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('prompt_label_events',12);
INSERT INTO "sqlite_sequence" VALUES('rule_releases',2);
INSERT INTO "sqlite_sequence" VALUES('gateway_traces',3);
INSERT INTO "sqlite_sequence" VALUES('gateway_files',1);
COMMIT;
