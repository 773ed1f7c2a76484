-- Experiments, runs, models and deployments. Times are milliseconds since 1970 UTC; oid columns
-- hold the 32 bytes of a SHA-256; kind is 0 for a file, 1 for a tree (enum object_kind).

CREATE TABLE experiments (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	created_ms INTEGER NOT NULL
);

CREATE TABLE runs (
	id INTEGER PRIMARY KEY,
	uuid TEXT NOT NULL UNIQUE,          -- 32 hex digits
	experiment_id INTEGER NOT NULL REFERENCES experiments,
	name TEXT NOT NULL,
	user TEXT NOT NULL,
	status INTEGER NOT NULL,            -- enum run_status
	start_ms INTEGER NOT NULL,
	end_ms INTEGER,
	exit_status INTEGER,
	git_commit TEXT,
	host TEXT NOT NULL,                 -- where it runs: a pid means nothing elsewhere
	pid INTEGER NOT NULL,               -- of the process that runs it, and when that started
	pid_start INTEGER NOT NULL          -- (/proc/PID/stat field 22), so that a reused pid is seen
);
CREATE INDEX runs_by_start ON runs (start_ms);
CREATE INDEX runs_by_experiment ON runs (experiment_id, start_ms);
CREATE INDEX runs_by_name ON runs (name);
CREATE INDEX runs_running ON runs (status) WHERE status = 0;

CREATE TABLE params (
	run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (run_id, key)
) WITHOUT ROWID;

CREATE TABLE tags (
	run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (run_id, key)
) WITHOUT ROWID;

-- NaN is NULL (SQLite has none); infinities are stored as they are.
CREATE TABLE metrics (
	run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	key TEXT NOT NULL,
	step INTEGER NOT NULL,
	timestamp_ms INTEGER NOT NULL,
	value REAL
);
CREATE UNIQUE INDEX metrics_by_step
	ON metrics (run_id, key, step, timestamp_ms, ifnull(value, 'nan'));

-- The latest point of each key: the greatest (step, timestamp_ms, value).
CREATE TABLE latest_metrics (
	run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	key TEXT NOT NULL,
	step INTEGER NOT NULL,
	timestamp_ms INTEGER NOT NULL,
	value REAL,
	PRIMARY KEY (run_id, key)
) WITHOUT ROWID;

CREATE TABLE run_objects (
	run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	is_output INTEGER NOT NULL,
	stage TEXT NOT NULL,
	path TEXT NOT NULL,
	kind INTEGER NOT NULL,
	executable INTEGER NOT NULL,
	oid BLOB NOT NULL,
	size INTEGER NOT NULL,
	files INTEGER NOT NULL,
	is_model INTEGER NOT NULL,
	not_cached INTEGER NOT NULL,        -- an output that is in git, not in the store
	PRIMARY KEY (run_id, is_output, stage, path)
) WITHOUT ROWID;

CREATE TABLE run_stages (
	run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	name TEXT NOT NULL,
	start_ms INTEGER NOT NULL,
	duration_ms INTEGER NOT NULL,
	exit_status INTEGER NOT NULL,
	cached INTEGER NOT NULL,
	PRIMARY KEY (run_id, name)
) WITHOUT ROWID;

CREATE TABLE models (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	description TEXT NOT NULL DEFAULT '',
	created_ms INTEGER NOT NULL
);

CREATE TABLE model_versions (
	id INTEGER PRIMARY KEY,
	model_id INTEGER NOT NULL REFERENCES models,
	version INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	executable INTEGER NOT NULL,
	oid BLOB NOT NULL,
	size INTEGER NOT NULL,
	files INTEGER NOT NULL,
	path TEXT NOT NULL,
	run_id INTEGER REFERENCES runs,
	git_commit TEXT,
	created_ms INTEGER NOT NULL,
	UNIQUE (model_id, version)
);

CREATE TABLE model_aliases (
	model_id INTEGER NOT NULL REFERENCES models,
	alias TEXT NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (model_id, alias),
	FOREIGN KEY (model_id, version) REFERENCES model_versions (model_id, version)
) WITHOUT ROWID;

CREATE TABLE deployments (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	target TEXT NOT NULL,
	port INTEGER NOT NULL,              -- kept over restarts; 0 until the first start
	created_ms INTEGER NOT NULL
);

CREATE TABLE revisions (
	id INTEGER PRIMARY KEY,
	deployment_id INTEGER NOT NULL REFERENCES deployments,
	number INTEGER NOT NULL,
	model TEXT NOT NULL,
	version INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	executable INTEGER NOT NULL,
	oid BLOB NOT NULL,
	size INTEGER NOT NULL,
	files INTEGER NOT NULL,
	workers INTEGER NOT NULL,
	status INTEGER NOT NULL,            -- enum revision_status
	rollback_of INTEGER NOT NULL DEFAULT 0,
	user TEXT NOT NULL,
	reason TEXT,
	created_ms INTEGER NOT NULL,
	ended_ms INTEGER,
	UNIQUE (deployment_id, number)
);

-- Who changed what; only ever added to.
CREATE TABLE audit (
	id INTEGER PRIMARY KEY,
	at_ms INTEGER NOT NULL,
	user TEXT NOT NULL,
	action TEXT NOT NULL,               -- "model.register", "deploy", ...
	subject TEXT NOT NULL,
	detail TEXT NOT NULL DEFAULT ''
);
