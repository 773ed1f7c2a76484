-- The life of model versions: lib/registry/stage.c.
ALTER TABLE model_versions ADD COLUMN stage INTEGER NOT NULL DEFAULT 0; -- enum model_stage
ALTER TABLE model_versions ADD COLUMN user TEXT NOT NULL DEFAULT '';    -- who registered it
ALTER TABLE model_versions ADD COLUMN deprecated TEXT;                  -- why; NULL: it is not
UPDATE model_versions SET user = ifnull((SELECT user FROM audit
	WHERE action = 'model.register' AND subject = (SELECT name FROM models
		WHERE models.id = model_versions.model_id) || ':' || version), '');

CREATE TABLE model_approvals (
	model_id INTEGER NOT NULL,
	version INTEGER NOT NULL,
	user TEXT NOT NULL,
	at_ms INTEGER NOT NULL,
	comment TEXT NOT NULL,
	PRIMARY KEY (model_id, version, user),
	FOREIGN KEY (model_id, version) REFERENCES model_versions (model_id, version)
		ON DELETE CASCADE
) WITHOUT ROWID;
