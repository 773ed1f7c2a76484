-- What stages gave for what they were given: lib/pipeline/results.c.
CREATE TABLE results (
	key BLOB PRIMARY KEY,               -- SHA-256 over the inputs and the names of the outputs
	result TEXT NOT NULL,               -- a lock file (mlops-lock(5)) of the one stage
	created_ms INTEGER NOT NULL
) WITHOUT ROWID;

ALTER TABLE run_stages ADD COLUMN cpu_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run_stages ADD COLUMN peak_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run_stages ADD COLUMN read_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run_stages ADD COLUMN written_bytes INTEGER NOT NULL DEFAULT 0;
