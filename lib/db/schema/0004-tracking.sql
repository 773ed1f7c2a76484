-- Tracking at the scale of a server: metric history in blocks, what MLflow's clients record beyond
-- what `mlops run` does, and an index for each common search.

-- Experiment 0 is where runs go that name none, as in MLflow. Its row is made when it is needed.
PRAGMA defer_foreign_keys = ON;
UPDATE experiments SET id = 0 WHERE name = 'Default';
UPDATE OR IGNORE experiments SET id = 0, name = 'Default' WHERE name = 'default';
UPDATE runs SET experiment_id = 0 WHERE experiment_id NOT IN (SELECT id FROM experiments);

ALTER TABLE experiments ADD COLUMN artifact_location TEXT; -- NULL: mlflow-artifacts:/<id>
ALTER TABLE experiments ADD COLUMN updated_ms INTEGER;
ALTER TABLE experiments ADD COLUMN deleted_ms INTEGER;
CREATE TABLE experiment_tags (
	experiment_id INTEGER NOT NULL REFERENCES experiments ON DELETE CASCADE,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (experiment_id, key)
) WITHOUT ROWID;

ALTER TABLE runs ADD COLUMN deleted_ms INTEGER;
DROP INDEX runs_by_experiment;
CREATE INDEX runs_by_experiment ON runs (experiment_id, start_ms DESC, uuid);
CREATE INDEX params_by_value ON params (key, value);
CREATE INDEX tags_by_value ON tags (key, value);
CREATE INDEX latest_metrics_by_value ON latest_metrics (key, value);

-- The history of a metric lies in two places. New points are rows of metric_points; when a metric
-- has some hundred of them, all become one row of metric_blocks (lib/tracking/block.c). A point is
-- in one of both, once. NaN is is_nan = 1 with the value 0.
CREATE TABLE metric_points (
	run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	key TEXT NOT NULL,
	step INTEGER NOT NULL,
	timestamp_ms INTEGER NOT NULL,
	value REAL NOT NULL,
	is_nan INTEGER NOT NULL,
	PRIMARY KEY (run_id, key, step, timestamp_ms, value, is_nan)
) WITHOUT ROWID;
INSERT OR IGNORE INTO metric_points
	SELECT run_id, key, step, timestamp_ms, ifnull(value, 0), value IS NULL FROM metrics;
DROP TABLE metrics;

CREATE TABLE metric_blocks (
	run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	key TEXT NOT NULL,
	number INTEGER NOT NULL,            -- from 0
	first_step INTEGER NOT NULL,        -- the least and the greatest of its points
	last_step INTEGER NOT NULL,
	first_ms INTEGER NOT NULL,
	last_ms INTEGER NOT NULL,
	points INTEGER NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (run_id, key, number)
) WITHOUT ROWID;

ALTER TABLE latest_metrics ADD COLUMN loose INTEGER NOT NULL DEFAULT 0;  -- rows of metric_points
ALTER TABLE latest_metrics ADD COLUMN blocks INTEGER NOT NULL DEFAULT 0; -- rows of metric_blocks
UPDATE latest_metrics SET loose = (SELECT count(*) FROM metric_points p
	WHERE p.run_id = latest_metrics.run_id AND p.key = latest_metrics.key);

-- Datasets that runs read, by what their owners say of them.
CREATE TABLE datasets (
	id INTEGER PRIMARY KEY,
	experiment_id INTEGER NOT NULL REFERENCES experiments ON DELETE CASCADE,
	name TEXT NOT NULL,
	digest TEXT NOT NULL,
	source_type TEXT NOT NULL,
	source TEXT NOT NULL,
	schema TEXT,
	profile TEXT,
	UNIQUE (experiment_id, name, digest)
);
CREATE TABLE run_datasets (
	run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	dataset_id INTEGER NOT NULL REFERENCES datasets,
	PRIMARY KEY (run_id, dataset_id)
) WITHOUT ROWID;
CREATE INDEX run_datasets_by_dataset ON run_datasets (dataset_id);
CREATE TABLE run_dataset_tags (
	run_id INTEGER NOT NULL,
	dataset_id INTEGER NOT NULL,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (run_id, dataset_id, key),
	FOREIGN KEY (run_id, dataset_id) REFERENCES run_datasets ON DELETE CASCADE
) WITHOUT ROWID;

-- MLflow's logged models: a model as one run left it, before anybody registers it.
CREATE TABLE logged_models (
	id INTEGER PRIMARY KEY,
	uuid TEXT NOT NULL UNIQUE,          -- "m-" and 32 hex digits
	experiment_id INTEGER NOT NULL REFERENCES experiments ON DELETE CASCADE,
	name TEXT NOT NULL,
	type TEXT,
	run_uuid TEXT,                      -- of the run that made it
	status INTEGER NOT NULL,            -- 1 pending, 2 ready, 3 failed
	created_ms INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL,
	deleted_ms INTEGER
);
CREATE INDEX logged_models_by_experiment ON logged_models (experiment_id, created_ms DESC);
CREATE TABLE logged_model_params (
	model_id INTEGER NOT NULL REFERENCES logged_models ON DELETE CASCADE,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (model_id, key)
) WITHOUT ROWID;
CREATE TABLE logged_model_tags (
	model_id INTEGER NOT NULL REFERENCES logged_models ON DELETE CASCADE,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (model_id, key)
) WITHOUT ROWID;
CREATE TABLE logged_model_metrics (
	model_id INTEGER NOT NULL REFERENCES logged_models ON DELETE CASCADE,
	key TEXT NOT NULL,
	step INTEGER NOT NULL,
	timestamp_ms INTEGER NOT NULL,
	value REAL,                         -- NULL: NaN
	run_uuid TEXT NOT NULL,
	dataset_name TEXT NOT NULL DEFAULT '',
	dataset_digest TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (model_id, key, dataset_name, dataset_digest, step, timestamp_ms)
) WITHOUT ROWID;
-- Those that a run used (is_output 0) and made (1).
CREATE TABLE run_models (
	run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
	is_output INTEGER NOT NULL,
	model_uuid TEXT NOT NULL,
	step INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (run_id, is_output, model_uuid)
) WITHOUT ROWID;

-- Files that clients sent to the artifact proxy; the path is that of the URI without its scheme:
-- "3/<run>/artifacts/model/MLmodel" for mlflow-artifacts:/3/<run>/artifacts/model/MLmodel.
CREATE TABLE artifacts (
	path TEXT PRIMARY KEY,
	kind INTEGER NOT NULL,
	executable INTEGER NOT NULL,
	oid BLOB NOT NULL,
	size INTEGER NOT NULL,
	files INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL
) WITHOUT ROWID;
