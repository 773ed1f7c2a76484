-- What the last check of each monitor of mlops.yaml made of its alert.
CREATE TABLE alerts (
	monitor TEXT PRIMARY KEY,
	state INTEGER NOT NULL,             -- enum alert_state
	since_ms INTEGER NOT NULL,
	value REAL NOT NULL,
	checked_ms INTEGER NOT NULL
) WITHOUT ROWID;
