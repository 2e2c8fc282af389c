PRAGMA application_id = 1953444145;
PRAGMA user_version = 4;
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
INSERT INTO "environment_aliases" VALUES('proj_47c6adaac37beaa5b4ff','qa','env_0621371ee37b1d796b00','2026-06-24T12:00:31.000000Z');
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
INSERT INTO "environments" VALUES('env_8b97bf6933adddd0e8c9','proj_47c6adaac37beaa5b4ff','prod','Production',NULL,NULL,0,0,1,1,1,1,0,'key_d045b2082f136fa341ee','key_d045b2082f136fa341ee','2026-06-17T12:00:03.000000Z','2026-06-17T12:00:03.000000Z',NULL);
INSERT INTO "environments" VALUES('env_c77fad5b5d3e58307602','proj_47c6adaac37beaa5b4ff','staging','Staging',NULL,NULL,0,0,0,0,1,0,1,'key_d045b2082f136fa341ee','key_d045b2082f136fa341ee','2026-06-17T12:00:03.000000Z','2026-06-17T12:00:03.000000Z',NULL);
INSERT INTO "environments" VALUES('env_0621371ee37b1d796b00','proj_47c6adaac37beaa5b4ff','test','QA',NULL,NULL,0,0,0,0,0,0,2,'key_d045b2082f136fa341ee','key_d045b2082f136fa341ee','2026-06-17T12:00:30.000000Z','2026-06-17T12:00:31.000000Z',NULL);
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
INSERT INTO "gateway_files" VALUES(1,'file-191fa68ab3d9d7b26f576626','proj_47c6adaac37beaa5b4ff','openai','a.txt','batch',5,1781697642,NULL,X'68656C6C6F');
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
INSERT INTO "gateway_traces" VALUES(1,'proj_47c6adaac37beaa5b4ff','ef20baf54c6875877cabadbb0853490c','49d8dd91e8237137',NULL,'gwreq_000001','2026-06-17T12:00:32.000000Z',1.854,'chat_completions','prod','gpt-4o','openai','gpt-4o',0,200,NULL,8,3,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]',NULL,NULL,NULL);
INSERT INTO "gateway_traces" VALUES(2,'proj_47c6adaac37beaa5b4ff','4266ad773db998b4e2723e4e315042e9','af38cc4e2256fd46',NULL,'gwreq_000002','2026-06-17T12:00:36.000000Z',0.978,'chat_completions','prod','gpt-4o','openai','gpt-4o',0,200,NULL,8,3,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]',NULL,NULL,NULL);
INSERT INTO "gateway_traces" VALUES(3,'proj_47c6adaac37beaa5b4ff','24567340f5fe3e7dd4e001f6b3af0e4e','ef212b1094f37a2d',NULL,'gwreq_000003','2026-06-17T12:00:40.000000Z',22.698,'files','prod',NULL,'openai',NULL,0,200,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'[]',NULL,NULL,NULL);
CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    permissions TEXT CHECK (permissions IS NULL OR json_valid(permissions)),
    created_at TEXT NOT NULL
);
INSERT INTO "keys" VALUES('key_d045b2082f136fa341ee','proj_47c6adaac37beaa5b4ff','local developer','f4c1bc0b667eec4ce4eec15615b2266976d33c85fedc94bcb035da63ed80177c',NULL,'2026-06-17T12:00:02.000000Z');
CREATE TABLE platform_changes (value INTEGER NOT NULL);
INSERT INTO "platform_changes" VALUES(0);
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
INSERT INTO "project_labels" VALUES('proj_47c6adaac37beaa5b4ff','production',1,1,NULL,'accent','key_d045b2082f136fa341ee','2026-06-17T12:00:03.000000Z','2026-06-17T12:00:03.000000Z',NULL);
CREATE TABLE projects (
    id TEXT PRIMARY KEY,
    main_key TEXT,
    enforce_label_registry INTEGER NOT NULL DEFAULT 0 CHECK (enforce_label_registry IN (0, 1)),
    strict_variables INTEGER NOT NULL DEFAULT 1 CHECK (strict_variables IN (0, 1)),
    created_at TEXT NOT NULL
);
INSERT INTO "projects" VALUES('proj_47c6adaac37beaa5b4ff','to11_local_17c3ea61520ec9ecd21ee674e2bbb92c32a5927c',0,1,'2026-06-17T12:00:01.000000Z');
CREATE TABLE prompt_label_event_disorder (project_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE prompt_label_event_marks (
    owner_id TEXT NOT NULL,
    label TEXT NOT NULL,
    place INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (owner_id, label, place),
    UNIQUE (owner_id, label, sequence)
) WITHOUT ROWID;
CREATE TABLE prompt_label_event_totals (
    owner_id TEXT NOT NULL,
    label TEXT NOT NULL,
    total INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (owner_id, label)
) WITHOUT ROWID;
INSERT INTO "prompt_label_event_totals" VALUES('proj_47c6adaac37beaa5b4ff','',12,12);
INSERT INTO "prompt_label_event_totals" VALUES('proj_47c6adaac37beaa5b4ff','beta',3,12);
INSERT INTO "prompt_label_event_totals" VALUES('proj_47c6adaac37beaa5b4ff','live',9,11);
INSERT INTO "prompt_label_event_totals" VALUES('prompt_497d54126cc80ccaef5f','',4,4);
INSERT INTO "prompt_label_event_totals" VALUES('prompt_497d54126cc80ccaef5f','beta',1,4);
INSERT INTO "prompt_label_event_totals" VALUES('prompt_497d54126cc80ccaef5f','live',3,3);
INSERT INTO "prompt_label_event_totals" VALUES('prompt_89b1932f8e25a81a0eb6','',4,12);
INSERT INTO "prompt_label_event_totals" VALUES('prompt_89b1932f8e25a81a0eb6','beta',1,12);
INSERT INTO "prompt_label_event_totals" VALUES('prompt_89b1932f8e25a81a0eb6','live',3,11);
INSERT INTO "prompt_label_event_totals" VALUES('prompt_be66db5474a213623c81','',4,8);
INSERT INTO "prompt_label_event_totals" VALUES('prompt_be66db5474a213623c81','beta',1,8);
INSERT INTO "prompt_label_event_totals" VALUES('prompt_be66db5474a213623c81','live',3,7);
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
INSERT INTO "prompt_label_events" VALUES(1,'event_303487506403c2c2e82a','proj_47c6adaac37beaa5b4ff','prompt_497d54126cc80ccaef5f','live',NULL,'version_f790e56f16a61527e412','key_d045b2082f136fa341ee','2026-06-17T12:00:07.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(2,'event_5ef88c5d7b8c54bfc9ef','proj_47c6adaac37beaa5b4ff','prompt_497d54126cc80ccaef5f','live','version_f790e56f16a61527e412','version_9b48da10e66bb8282fb7','key_d045b2082f136fa341ee','2026-06-17T12:00:08.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(3,'event_c9ad715460a59a47d9a7','proj_47c6adaac37beaa5b4ff','prompt_497d54126cc80ccaef5f','live','version_9b48da10e66bb8282fb7','version_f790e56f16a61527e412','key_d045b2082f136fa341ee','2026-06-17T12:00:09.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(4,'event_34f7a721d156b866581a','proj_47c6adaac37beaa5b4ff','prompt_497d54126cc80ccaef5f','beta',NULL,'version_f790e56f16a61527e412','key_d045b2082f136fa341ee','2026-06-17T12:00:10.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(5,'event_88f95a12301a6bab26a7','proj_47c6adaac37beaa5b4ff','prompt_be66db5474a213623c81','live',NULL,'version_ed3c2a4b4d71f409e16e','key_d045b2082f136fa341ee','2026-06-17T12:00:14.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(6,'event_b34a9368131d1329683d','proj_47c6adaac37beaa5b4ff','prompt_be66db5474a213623c81','live','version_ed3c2a4b4d71f409e16e','version_c4688b848cbe7a6e0316','key_d045b2082f136fa341ee','2026-06-17T12:00:15.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(7,'event_7531647109a437beb382','proj_47c6adaac37beaa5b4ff','prompt_be66db5474a213623c81','live','version_c4688b848cbe7a6e0316','version_ed3c2a4b4d71f409e16e','key_d045b2082f136fa341ee','2026-06-17T12:00:16.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(8,'event_800fccea5aceca7b3aa7','proj_47c6adaac37beaa5b4ff','prompt_be66db5474a213623c81','beta',NULL,'version_ed3c2a4b4d71f409e16e','key_d045b2082f136fa341ee','2026-06-17T12:00:17.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(9,'event_1eabbd8a5ce87c39bbc3','proj_47c6adaac37beaa5b4ff','prompt_89b1932f8e25a81a0eb6','live',NULL,'version_4a76af7e59b20c2e068b','key_d045b2082f136fa341ee','2026-06-17T12:00:21.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(10,'event_6cb78b349a317fb01aaf','proj_47c6adaac37beaa5b4ff','prompt_89b1932f8e25a81a0eb6','live','version_4a76af7e59b20c2e068b','version_bb30558b24cea73931bf','key_d045b2082f136fa341ee','2026-06-17T12:00:22.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(11,'event_fe680d42b74787272207','proj_47c6adaac37beaa5b4ff','prompt_89b1932f8e25a81a0eb6','live','version_bb30558b24cea73931bf','version_4a76af7e59b20c2e068b','key_d045b2082f136fa341ee','2026-06-17T12:00:23.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(12,'event_3c9ec7df660fed882a5f','proj_47c6adaac37beaa5b4ff','prompt_89b1932f8e25a81a0eb6','beta',NULL,'version_4a76af7e59b20c2e068b','key_d045b2082f136fa341ee','2026-06-17T12:00:24.000000Z',NULL);
CREATE TABLE prompt_labels (
    prompt_id TEXT NOT NULL,
    label TEXT NOT NULL,
    event INTEGER NOT NULL UNIQUE,
    PRIMARY KEY (prompt_id, label),
    FOREIGN KEY (prompt_id, label, event) REFERENCES prompt_label_events (prompt_id, label, sequence)
);
INSERT INTO "prompt_labels" VALUES('prompt_497d54126cc80ccaef5f','live',3);
INSERT INTO "prompt_labels" VALUES('prompt_497d54126cc80ccaef5f','beta',4);
INSERT INTO "prompt_labels" VALUES('prompt_be66db5474a213623c81','live',7);
INSERT INTO "prompt_labels" VALUES('prompt_be66db5474a213623c81','beta',8);
INSERT INTO "prompt_labels" VALUES('prompt_89b1932f8e25a81a0eb6','live',11);
INSERT INTO "prompt_labels" VALUES('prompt_89b1932f8e25a81a0eb6','beta',12);
CREATE TABLE prompt_tags (
    project_id TEXT NOT NULL,
    tag TEXT NOT NULL,
    prompt_id TEXT NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (project_id, tag, prompt_id)
) WITHOUT ROWID;
INSERT INTO "prompt_tags" VALUES('proj_47c6adaac37beaa5b4ff','first','prompt_497d54126cc80ccaef5f','active');
INSERT INTO "prompt_tags" VALUES('proj_47c6adaac37beaa5b4ff','mail','prompt_497d54126cc80ccaef5f','active');
INSERT INTO "prompt_tags" VALUES('proj_47c6adaac37beaa5b4ff','mail','prompt_89b1932f8e25a81a0eb6','archived');
INSERT INTO "prompt_tags" VALUES('proj_47c6adaac37beaa5b4ff','mail','prompt_be66db5474a213623c81','active');
CREATE TABLE prompt_totals (
    project_id TEXT NOT NULL,
    tag TEXT NOT NULL,
    status TEXT NOT NULL,
    total INTEGER NOT NULL,
    PRIMARY KEY (project_id, tag, status)
) WITHOUT ROWID;
INSERT INTO "prompt_totals" VALUES('proj_47c6adaac37beaa5b4ff','','active',2);
INSERT INTO "prompt_totals" VALUES('proj_47c6adaac37beaa5b4ff','','archived',1);
INSERT INTO "prompt_totals" VALUES('proj_47c6adaac37beaa5b4ff','first','active',1);
INSERT INTO "prompt_totals" VALUES('proj_47c6adaac37beaa5b4ff','mail','active',2);
INSERT INTO "prompt_totals" VALUES('proj_47c6adaac37beaa5b4ff','mail','archived',1);
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
INSERT INTO "prompt_versions" VALUES('version_f790e56f16a61527e412','prompt_497d54126cc80ccaef5f',1,'text','{"text":"Hello {{ name }}"}','{"type":"object","properties":{"name":{"type":"string"}}}',NULL,NULL,'key_d045b2082f136fa341ee','2026-06-17T12:00:05.000000Z');
INSERT INTO "prompt_versions" VALUES('version_9b48da10e66bb8282fb7','prompt_497d54126cc80ccaef5f',2,'text','{"text":"Hello {{ name }}"}','{"type":"object","properties":{"name":{"type":"string"}}}',NULL,NULL,'key_d045b2082f136fa341ee','2026-06-17T12:00:06.000000Z');
INSERT INTO "prompt_versions" VALUES('version_ed3c2a4b4d71f409e16e','prompt_be66db5474a213623c81',1,'text','{"text":"Hello {{ name }}"}','{"type":"object","properties":{"name":{"type":"string"}}}',NULL,NULL,'key_d045b2082f136fa341ee','2026-06-17T12:00:12.000000Z');
INSERT INTO "prompt_versions" VALUES('version_c4688b848cbe7a6e0316','prompt_be66db5474a213623c81',2,'text','{"text":"Hello {{ name }}"}','{"type":"object","properties":{"name":{"type":"string"}}}',NULL,NULL,'key_d045b2082f136fa341ee','2026-06-17T12:00:13.000000Z');
INSERT INTO "prompt_versions" VALUES('version_4a76af7e59b20c2e068b','prompt_89b1932f8e25a81a0eb6',1,'text','{"text":"Hello {{ name }}"}','{"type":"object","properties":{"name":{"type":"string"}}}',NULL,NULL,'key_d045b2082f136fa341ee','2026-06-17T12:00:19.000000Z');
INSERT INTO "prompt_versions" VALUES('version_bb30558b24cea73931bf','prompt_89b1932f8e25a81a0eb6',2,'text','{"text":"Hello {{ name }}"}','{"type":"object","properties":{"name":{"type":"string"}}}',NULL,NULL,'key_d045b2082f136fa341ee','2026-06-17T12:00:20.000000Z');
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
INSERT INTO "prompts" VALUES('prompt_497d54126cc80ccaef5f','proj_47c6adaac37beaa5b4ff','Welcome','welcome',NULL,'["mail","first"]','active','key_d045b2082f136fa341ee','2026-06-17T12:00:04.000000Z','2026-06-17T12:00:05.000000Z');
INSERT INTO "prompts" VALUES('prompt_be66db5474a213623c81','proj_47c6adaac37beaa5b4ff','Farewell','farewell',NULL,'["mail"]','active','key_d045b2082f136fa341ee','2026-06-17T12:00:11.000000Z','2026-06-17T12:00:12.000000Z');
INSERT INTO "prompts" VALUES('prompt_89b1932f8e25a81a0eb6','proj_47c6adaac37beaa5b4ff','Gone','gone',NULL,'["mail"]','archived','key_d045b2082f136fa341ee','2026-06-17T12:00:18.000000Z','2026-06-17T12:00:25.000000Z');
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
INSERT INTO "rule_releases" VALUES(1,'rr_e792247fe63286f7bd1a','proj_47c6adaac37beaa5b4ff','r','env_8b97bf6933adddd0e8c9','key_d045b2082f136fa341ee','api_key','single','rv_f47f21865c49abda9cee',NULL,'release_initial',NULL,NULL,'committed',NULL,NULL,NULL,NULL,NULL,NULL,'2026-06-17T12:00:28.000000Z','2026-06-17T12:00:29.000000Z','2026-06-17T12:00:28.000000Z');
INSERT INTO "rule_releases" VALUES(2,'rr_756f48ba542349b4cfea','proj_47c6adaac37beaa5b4ff','r','env_8b97bf6933adddd0e8c9','key_d045b2082f136fa341ee','api_key','single','rv_6e8d2f0905fd15b57fa0',NULL,'release_promoted','rr_e792247fe63286f7bd1a',NULL,'committed',NULL,NULL,NULL,NULL,NULL,NULL,'2026-06-17T12:00:29.000000Z',NULL,'2026-06-17T12:00:29.000000Z');
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
INSERT INTO "rule_versions" VALUES('rv_f47f21865c49abda9cee','proj_47c6adaac37beaa5b4ff','r',1,'{"endpoint":"chat","strategy":"single","target":{"providerId":"openai","modelId":"gpt-4o"}}',NULL,'key_d045b2082f136fa341ee','2026-06-17T12:00:26.000000Z');
INSERT INTO "rule_versions" VALUES('rv_6e8d2f0905fd15b57fa0','proj_47c6adaac37beaa5b4ff','r',2,'{"endpoint":"chat","strategy":"single","target":{"providerId":"openai","modelId":"gpt-4o"}}',NULL,'key_d045b2082f136fa341ee','2026-06-17T12:00:27.000000Z');
CREATE TABLE rules (
    project_id TEXT NOT NULL REFERENCES projects (id),
    id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (project_id, id)
);
INSERT INTO "rules" VALUES('proj_47c6adaac37beaa5b4ff','r','2026-06-17T12:00:26.000000Z');
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
CREATE INDEX prompt_label_events_of_prompt ON prompt_label_events (prompt_id, sequence);
CREATE INDEX prompt_label_events_of_label ON prompt_label_events (project_id, label, sequence);
CREATE INDEX prompt_label_events_by_time ON prompt_label_events (project_id, moved_at, sequence, label);
CREATE INDEX prompt_label_events_of_prompt_by_time
    ON prompt_label_events (prompt_id, moved_at, sequence, label);
CREATE INDEX prompt_labels_of_label ON prompt_labels (label, prompt_id);
CREATE TRIGGER prompt_label_events_counted AFTER INSERT ON prompt_label_events BEGIN
    INSERT INTO prompt_label_event_totals VALUES
        (NEW.prompt_id, NEW.label, 1, NEW.sequence), (NEW.prompt_id, '', 1, NEW.sequence),
        (NEW.project_id, NEW.label, 1, NEW.sequence), (NEW.project_id, '', 1, NEW.sequence)
    ON CONFLICT (owner_id, label) DO UPDATE SET total = total + 1, last = excluded.last;
END;
CREATE TRIGGER prompt_label_events_marked AFTER UPDATE ON prompt_label_event_totals
WHEN NEW.total % 1000 = 0 BEGIN
    INSERT INTO prompt_label_event_marks VALUES (NEW.owner_id, NEW.label, NEW.total, NEW.last);
END;
CREATE TRIGGER prompt_label_events_compared AFTER INSERT ON prompt_label_events
WHEN NEW.moved_at < (
    SELECT moved_at FROM prompt_label_events
    WHERE project_id = NEW.project_id AND sequence < NEW.sequence ORDER BY sequence DESC LIMIT 1
) BEGIN
    INSERT OR IGNORE INTO prompt_label_event_disorder VALUES (NEW.project_id);
END;
CREATE TRIGGER prompt_tags_added AFTER INSERT ON prompt_tags BEGIN
    INSERT INTO prompt_totals VALUES (NEW.project_id, NEW.tag, NEW.status, 1)
    ON CONFLICT (project_id, tag, status) DO UPDATE SET total = total + 1;
END;
CREATE TRIGGER prompt_tags_removed AFTER DELETE ON prompt_tags BEGIN
    UPDATE prompt_totals SET total = total - 1
    WHERE project_id = OLD.project_id AND tag = OLD.tag AND status = OLD.status;
END;
CREATE TRIGGER prompts_tagged AFTER INSERT ON prompts BEGIN
    INSERT INTO prompt_totals VALUES (NEW.project_id, '', NEW.status, 1)
    ON CONFLICT (project_id, tag, status) DO UPDATE SET total = total + 1;
    INSERT INTO prompt_tags SELECT DISTINCT NEW.project_id, value, NEW.id, NEW.status FROM json_each(NEW.tags);
END;
CREATE TRIGGER prompts_tagged_again AFTER UPDATE OF tags, status ON prompts BEGIN
    UPDATE prompt_totals SET total = total - 1
    WHERE project_id = OLD.project_id AND tag = '' AND status = OLD.status;
    INSERT INTO prompt_totals VALUES (NEW.project_id, '', NEW.status, 1)
    ON CONFLICT (project_id, tag, status) DO UPDATE SET total = total + 1;
    DELETE FROM prompt_tags WHERE project_id = OLD.project_id AND prompt_id = OLD.id
        AND tag IN (SELECT value FROM json_each(OLD.tags));
    INSERT INTO prompt_tags SELECT DISTINCT NEW.project_id, value, NEW.id, NEW.status FROM json_each(NEW.tags);
END;
CREATE INDEX prompts_live_by_name ON prompts (project_id, name) WHERE status <> 'archived';
CREATE INDEX prompts_by_status_and_name ON prompts (project_id, status, name);
CREATE INDEX prompts_live_by_slug ON prompts (project_id, slug) WHERE status <> 'archived';
CREATE INDEX prompts_by_status_and_slug ON prompts (project_id, status, slug);
CREATE INDEX prompts_live_by_created_at ON prompts (project_id, created_at) WHERE status <> 'archived';
CREATE INDEX prompts_by_status_and_created_at ON prompts (project_id, status, created_at);
CREATE INDEX prompts_live_by_updated_at ON prompts (project_id, updated_at) WHERE status <> 'archived';
CREATE INDEX prompts_by_status_and_updated_at ON prompts (project_id, status, updated_at);
CREATE INDEX keys_of_project ON keys (project_id);
CREATE INDEX project_labels_live ON project_labels (project_id, label) WHERE archived_at IS NULL;
CREATE INDEX environments_in_order ON environments (project_id, sort_order, slug, created_at);
CREATE INDEX environments_live ON environments (project_id, sort_order, slug, created_at)
    WHERE archived_at IS NULL;
CREATE INDEX environments_archived ON environments (project_id, slug, archived_at)
    WHERE archived_at IS NOT NULL;
CREATE INDEX rule_releases_of_environment
    ON rule_releases (project_id, rule_id, environment_id, sequence);
CREATE INDEX rule_releases_by_status
    ON rule_releases (project_id, rule_id, environment_id, approval_status, sequence);
CREATE INDEX rule_releases_that_serve ON rule_releases (project_id, environment_id, rule_id)
    WHERE approval_status = 'committed' AND active_to IS NULL;
CREATE INDEX rule_releases_that_wait ON rule_releases (environment_id) WHERE approval_status = 'pending';
CREATE INDEX gateway_files_of_provider ON gateway_files (project_id, provider_id, sequence);
CREATE INDEX gateway_files_of_project ON gateway_files (project_id, size);
CREATE INDEX gateway_files_by_end ON gateway_files (expires_at) WHERE expires_at IS NOT NULL;
CREATE TRIGGER environment_aliases_counts_insert AFTER INSERT ON environment_aliases BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER environment_aliases_counts_update AFTER UPDATE ON environment_aliases BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER environment_aliases_counts_delete AFTER DELETE ON environment_aliases BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER environments_counts_insert AFTER INSERT ON environments BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER environments_counts_update AFTER UPDATE ON environments BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER environments_counts_delete AFTER DELETE ON environments BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER keys_counts_insert AFTER INSERT ON keys BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER keys_counts_update AFTER UPDATE ON keys BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER keys_counts_delete AFTER DELETE ON keys BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER project_labels_counts_insert AFTER INSERT ON project_labels BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER project_labels_counts_update AFTER UPDATE ON project_labels BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER project_labels_counts_delete AFTER DELETE ON project_labels BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER projects_counts_insert AFTER INSERT ON projects BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER projects_counts_update AFTER UPDATE ON projects BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER projects_counts_delete AFTER DELETE ON projects BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER prompt_label_events_counts_insert AFTER INSERT ON prompt_label_events BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER prompt_label_events_counts_update AFTER UPDATE ON prompt_label_events BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER prompt_label_events_counts_delete AFTER DELETE ON prompt_label_events BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER prompt_labels_counts_insert AFTER INSERT ON prompt_labels BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER prompt_labels_counts_update AFTER UPDATE ON prompt_labels BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER prompt_labels_counts_delete AFTER DELETE ON prompt_labels BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER prompt_versions_counts_insert AFTER INSERT ON prompt_versions BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER prompt_versions_counts_update AFTER UPDATE ON prompt_versions BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER prompt_versions_counts_delete AFTER DELETE ON prompt_versions BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER prompts_counts_insert AFTER INSERT ON prompts BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER prompts_counts_update AFTER UPDATE ON prompts BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER prompts_counts_delete AFTER DELETE ON prompts BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER provider_activations_counts_insert AFTER INSERT ON provider_activations BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER provider_activations_counts_update AFTER UPDATE ON provider_activations BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER provider_activations_counts_delete AFTER DELETE ON provider_activations BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER rule_releases_counts_insert AFTER INSERT ON rule_releases BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER rule_releases_counts_update AFTER UPDATE ON rule_releases BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER rule_releases_counts_delete AFTER DELETE ON rule_releases BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER rule_versions_counts_insert AFTER INSERT ON rule_versions BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER rule_versions_counts_update AFTER UPDATE ON rule_versions BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER rule_versions_counts_delete AFTER DELETE ON rule_versions BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER rules_counts_insert AFTER INSERT ON rules BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER rules_counts_update AFTER UPDATE ON rules BEGIN UPDATE platform_changes SET value = value + 1; END;
CREATE TRIGGER rules_counts_delete AFTER DELETE ON rules BEGIN UPDATE platform_changes SET value = value + 1; END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('prompt_label_events',12);
INSERT INTO "sqlite_sequence" VALUES('rule_releases',2);
INSERT INTO "sqlite_sequence" VALUES('gateway_traces',3);
INSERT INTO "sqlite_sequence" VALUES('gateway_files',1);
COMMIT;
