PRAGMA application_id = 1953444145;
PRAGMA user_version = 1;
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
INSERT INTO "environment_aliases" VALUES('proj_caedc531aaca4e6ea787','qa','env_08b48e02d713c3763c4e','2026-06-24T12:00:31.000000Z');
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
INSERT INTO "environments" VALUES('env_a50681f1d20cb755a11a','proj_caedc531aaca4e6ea787','prod','Production',NULL,NULL,0,0,1,1,1,1,0,'key_67a2e060edcefdcfd88c','key_67a2e060edcefdcfd88c','2026-06-17T12:00:03.000000Z','2026-06-17T12:00:03.000000Z',NULL);
INSERT INTO "environments" VALUES('env_777db22ce91e36712c79','proj_caedc531aaca4e6ea787','staging','Staging',NULL,NULL,0,0,0,0,1,0,1,'key_67a2e060edcefdcfd88c','key_67a2e060edcefdcfd88c','2026-06-17T12:00:03.000000Z','2026-06-17T12:00:03.000000Z',NULL);
INSERT INTO "environments" VALUES('env_08b48e02d713c3763c4e','proj_caedc531aaca4e6ea787','test','QA',NULL,NULL,0,0,0,0,0,0,2,'key_67a2e060edcefdcfd88c','key_67a2e060edcefdcfd88c','2026-06-17T12:00:30.000000Z','2026-06-17T12:00:31.000000Z',NULL);
CREATE TABLE keys (
    id TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    permissions TEXT CHECK (permissions IS NULL OR json_valid(permissions)),
    created_at TEXT NOT NULL
);
INSERT INTO "keys" VALUES('key_67a2e060edcefdcfd88c','proj_caedc531aaca4e6ea787','local developer','8716a16b892f063aab83b254be8798a7dc619fd687266fe53f626b03333084bd',NULL,'2026-06-17T12:00:02.000000Z');
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
INSERT INTO "project_labels" VALUES('proj_caedc531aaca4e6ea787','production',1,1,NULL,'accent','key_67a2e060edcefdcfd88c','2026-06-17T12:00:03.000000Z','2026-06-17T12:00:03.000000Z',NULL);
CREATE TABLE projects (
    id TEXT PRIMARY KEY,
    main_key TEXT,
    enforce_label_registry INTEGER NOT NULL DEFAULT 0 CHECK (enforce_label_registry IN (0, 1)),
    created_at TEXT NOT NULL
);
INSERT INTO "projects" VALUES('proj_caedc531aaca4e6ea787','to11_local_35c442d35eda003eec2c62c7d6f1d103b7d55a13',0,'2026-06-17T12:00:01.000000Z');
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
INSERT INTO "prompt_label_events" VALUES(1,'event_f01762877337c98d0e20','proj_caedc531aaca4e6ea787','prompt_872659ceae0c5bcdfe43','live',NULL,'version_ffeeb17069f5438e9a5d','key_67a2e060edcefdcfd88c','2026-06-17T12:00:07.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(2,'event_8035c36572feab656065','proj_caedc531aaca4e6ea787','prompt_872659ceae0c5bcdfe43','live','version_ffeeb17069f5438e9a5d','version_6829c253d4f3cbdc97a8','key_67a2e060edcefdcfd88c','2026-06-17T12:00:08.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(3,'event_910791b4389879995f1c','proj_caedc531aaca4e6ea787','prompt_872659ceae0c5bcdfe43','live','version_6829c253d4f3cbdc97a8','version_ffeeb17069f5438e9a5d','key_67a2e060edcefdcfd88c','2026-06-17T12:00:09.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(4,'event_2d4403d277bd74ba5d87','proj_caedc531aaca4e6ea787','prompt_872659ceae0c5bcdfe43','beta',NULL,'version_ffeeb17069f5438e9a5d','key_67a2e060edcefdcfd88c','2026-06-17T12:00:10.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(5,'event_18b970dd812693af65f1','proj_caedc531aaca4e6ea787','prompt_77645aa38ac856fa1065','live',NULL,'version_1813515e3167daef47b0','key_67a2e060edcefdcfd88c','2026-06-17T12:00:14.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(6,'event_6a95209e0e6948149171','proj_caedc531aaca4e6ea787','prompt_77645aa38ac856fa1065','live','version_1813515e3167daef47b0','version_f467187f09f77aa59695','key_67a2e060edcefdcfd88c','2026-06-17T12:00:15.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(7,'event_702832bb75d334a28667','proj_caedc531aaca4e6ea787','prompt_77645aa38ac856fa1065','live','version_f467187f09f77aa59695','version_1813515e3167daef47b0','key_67a2e060edcefdcfd88c','2026-06-17T12:00:16.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(8,'event_bead13448528c9e68f7e','proj_caedc531aaca4e6ea787','prompt_77645aa38ac856fa1065','beta',NULL,'version_1813515e3167daef47b0','key_67a2e060edcefdcfd88c','2026-06-17T12:00:17.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(9,'event_68f4355c74e8fa5ccae9','proj_caedc531aaca4e6ea787','prompt_f8bdd347e96ac2beb7b7','live',NULL,'version_cd728cadb08864ce8dfc','key_67a2e060edcefdcfd88c','2026-06-17T12:00:21.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(10,'event_ed81b5011645d733f8c7','proj_caedc531aaca4e6ea787','prompt_f8bdd347e96ac2beb7b7','live','version_cd728cadb08864ce8dfc','version_7f8010633881590e7c4c','key_67a2e060edcefdcfd88c','2026-06-17T12:00:22.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(11,'event_0f03fb4d483190b8a0e7','proj_caedc531aaca4e6ea787','prompt_f8bdd347e96ac2beb7b7','live','version_7f8010633881590e7c4c','version_cd728cadb08864ce8dfc','key_67a2e060edcefdcfd88c','2026-06-17T12:00:23.000000Z',NULL);
INSERT INTO "prompt_label_events" VALUES(12,'event_31368bf9b8f43b81cd1e','proj_caedc531aaca4e6ea787','prompt_f8bdd347e96ac2beb7b7','beta',NULL,'version_cd728cadb08864ce8dfc','key_67a2e060edcefdcfd88c','2026-06-17T12:00:24.000000Z',NULL);
CREATE TABLE prompt_labels (
    prompt_id TEXT NOT NULL,
    label TEXT NOT NULL,
    event INTEGER NOT NULL UNIQUE,
    PRIMARY KEY (prompt_id, label),
    FOREIGN KEY (prompt_id, label, event) REFERENCES prompt_label_events (prompt_id, label, sequence)
);
INSERT INTO "prompt_labels" VALUES('prompt_872659ceae0c5bcdfe43','live',3);
INSERT INTO "prompt_labels" VALUES('prompt_872659ceae0c5bcdfe43','beta',4);
INSERT INTO "prompt_labels" VALUES('prompt_77645aa38ac856fa1065','live',7);
INSERT INTO "prompt_labels" VALUES('prompt_77645aa38ac856fa1065','beta',8);
INSERT INTO "prompt_labels" VALUES('prompt_f8bdd347e96ac2beb7b7','live',11);
INSERT INTO "prompt_labels" VALUES('prompt_f8bdd347e96ac2beb7b7','beta',12);
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
INSERT INTO "prompt_versions" VALUES('version_ffeeb17069f5438e9a5d','prompt_872659ceae0c5bcdfe43',1,'text','{"text":"Hello {{ name }}"}','{"type":"object","properties":{"name":{"type":"string"}}}',NULL,NULL,'key_67a2e060edcefdcfd88c','2026-06-17T12:00:05.000000Z');
INSERT INTO "prompt_versions" VALUES('version_6829c253d4f3cbdc97a8','prompt_872659ceae0c5bcdfe43',2,'text','{"text":"Hello {{ name }}"}','{"type":"object","properties":{"name":{"type":"string"}}}',NULL,NULL,'key_67a2e060edcefdcfd88c','2026-06-17T12:00:06.000000Z');
INSERT INTO "prompt_versions" VALUES('version_1813515e3167daef47b0','prompt_77645aa38ac856fa1065',1,'text','{"text":"Hello {{ name }}"}','{"type":"object","properties":{"name":{"type":"string"}}}',NULL,NULL,'key_67a2e060edcefdcfd88c','2026-06-17T12:00:12.000000Z');
INSERT INTO "prompt_versions" VALUES('version_f467187f09f77aa59695','prompt_77645aa38ac856fa1065',2,'text','{"text":"Hello {{ name }}"}','{"type":"object","properties":{"name":{"type":"string"}}}',NULL,NULL,'key_67a2e060edcefdcfd88c','2026-06-17T12:00:13.000000Z');
INSERT INTO "prompt_versions" VALUES('version_cd728cadb08864ce8dfc','prompt_f8bdd347e96ac2beb7b7',1,'text','{"text":"Hello {{ name }}"}','{"type":"object","properties":{"name":{"type":"string"}}}',NULL,NULL,'key_67a2e060edcefdcfd88c','2026-06-17T12:00:19.000000Z');
INSERT INTO "prompt_versions" VALUES('version_7f8010633881590e7c4c','prompt_f8bdd347e96ac2beb7b7',2,'text','{"text":"Hello {{ name }}"}','{"type":"object","properties":{"name":{"type":"string"}}}',NULL,NULL,'key_67a2e060edcefdcfd88c','2026-06-17T12:00:20.000000Z');
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
INSERT INTO "prompts" VALUES('prompt_872659ceae0c5bcdfe43','proj_caedc531aaca4e6ea787','Welcome','welcome',NULL,'["mail","first"]','active','key_67a2e060edcefdcfd88c','2026-06-17T12:00:04.000000Z','2026-06-17T12:00:05.000000Z');
INSERT INTO "prompts" VALUES('prompt_77645aa38ac856fa1065','proj_caedc531aaca4e6ea787','Farewell','farewell',NULL,'["mail"]','active','key_67a2e060edcefdcfd88c','2026-06-17T12:00:11.000000Z','2026-06-17T12:00:12.000000Z');
INSERT INTO "prompts" VALUES('prompt_f8bdd347e96ac2beb7b7','proj_caedc531aaca4e6ea787','Gone','gone',NULL,'["mail"]','archived','key_67a2e060edcefdcfd88c','2026-06-17T12:00:18.000000Z','2026-06-17T12:00:25.000000Z');
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
INSERT INTO "rule_releases" VALUES(1,'rr_27f522fc85e0820eac8c','proj_caedc531aaca4e6ea787','r','env_a50681f1d20cb755a11a','key_67a2e060edcefdcfd88c','api_key','single','rv_12827f10b7dce5adb829',NULL,'release_initial',NULL,NULL,'committed',NULL,NULL,NULL,NULL,NULL,NULL,'2026-06-17T12:00:28.000000Z','2026-06-17T12:00:29.000000Z','2026-06-17T12:00:28.000000Z');
INSERT INTO "rule_releases" VALUES(2,'rr_191d2f81900856950155','proj_caedc531aaca4e6ea787','r','env_a50681f1d20cb755a11a','key_67a2e060edcefdcfd88c','api_key','single','rv_d6fb10897d440a462cee',NULL,'release_promoted','rr_27f522fc85e0820eac8c',NULL,'committed',NULL,NULL,NULL,NULL,NULL,NULL,'2026-06-17T12:00:29.000000Z',NULL,'2026-06-17T12:00:29.000000Z');
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
INSERT INTO "rule_versions" VALUES('rv_12827f10b7dce5adb829','proj_caedc531aaca4e6ea787','r',1,'{"endpoint":"chat","strategy":"single","target":{"providerId":"openai","modelId":"gpt-4o"}}',NULL,'key_67a2e060edcefdcfd88c','2026-06-17T12:00:26.000000Z');
INSERT INTO "rule_versions" VALUES('rv_d6fb10897d440a462cee','proj_caedc531aaca4e6ea787','r',2,'{"endpoint":"chat","strategy":"single","target":{"providerId":"openai","modelId":"gpt-4o"}}',NULL,'key_67a2e060edcefdcfd88c','2026-06-17T12:00:27.000000Z');
CREATE TABLE rules (
    project_id TEXT NOT NULL REFERENCES projects (id),
    id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (project_id, id)
);
INSERT INTO "rules" VALUES('proj_caedc531aaca4e6ea787','r','2026-06-17T12:00:26.000000Z');
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
CREATE TRIGGER prompt_versions_no_update BEFORE UPDATE ON prompt_versions BEGIN SELECT RAISE(ABORT, 'prompt_versions never change'); END;
CREATE TRIGGER prompt_versions_no_delete BEFORE DELETE ON prompt_versions BEGIN SELECT RAISE(ABORT, 'prompt_versions never change'); END;
CREATE TRIGGER prompt_label_events_no_update BEFORE UPDATE ON prompt_label_events BEGIN SELECT RAISE(ABORT, 'prompt_label_events never change'); END;
CREATE TRIGGER prompt_label_events_no_delete BEFORE DELETE ON prompt_label_events BEGIN SELECT RAISE(ABORT, 'prompt_label_events never change'); END;
CREATE TRIGGER rule_versions_no_update BEFORE UPDATE ON rule_versions BEGIN SELECT RAISE(ABORT, 'rule_versions never change'); END;
CREATE TRIGGER rule_versions_no_delete BEFORE DELETE ON rule_versions BEGIN SELECT RAISE(ABORT, 'rule_versions never change'); END;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('prompt_label_events',12);
INSERT INTO "sqlite_sequence" VALUES('rule_releases',2);
COMMIT;
