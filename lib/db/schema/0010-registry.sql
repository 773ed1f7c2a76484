-- What MLflow's registry keeps of models and versions beyond what `mlops model` does.
ALTER TABLE models ADD COLUMN updated_ms INTEGER;
CREATE TABLE model_tags (
	model_id INTEGER NOT NULL REFERENCES models ON DELETE CASCADE,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (model_id, key)
) WITHOUT ROWID;

ALTER TABLE model_versions ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE model_versions ADD COLUMN updated_ms INTEGER;
ALTER TABLE model_versions ADD COLUMN source TEXT;        -- the URI that its client gave, or NULL
ALTER TABLE model_versions ADD COLUMN run_uuid TEXT;      -- as its client gave it: it may be elsewhere
ALTER TABLE model_versions ADD COLUMN run_link TEXT;
ALTER TABLE model_versions ADD COLUMN logged_model TEXT;  -- "m-...", or NULL
CREATE TABLE model_version_tags (
	version_id INTEGER NOT NULL REFERENCES model_versions ON DELETE CASCADE,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (version_id, key)
) WITHOUT ROWID;
CREATE INDEX model_tags_by_value ON model_tags (key, value);
CREATE INDEX model_version_tags_by_value ON model_version_tags (key, value);
CREATE INDEX model_versions_by_run_uuid ON model_versions (run_uuid) WHERE run_uuid IS NOT NULL;
