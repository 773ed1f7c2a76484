-- Searches over parameters, and their trials: lib/pipeline/search/. A search is a run too, the
-- parent of its trials' runs.
CREATE TABLE searches (
	run_id INTEGER PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
	method INTEGER NOT NULL,            -- enum search_method
	seed INTEGER NOT NULL,
	spaces TEXT NOT NULL,               -- JSON: {"train.lr": "uniform(0,1)", ...}
	targets TEXT NOT NULL,              -- JSON: the stages to bring up to date; []: all
	metric TEXT,                        -- what is to become good, or NULL
	maximize INTEGER NOT NULL,          -- whether good is great
	pruner INTEGER NOT NULL,            -- enum search_pruner
	snapshot TEXT NOT NULL              -- the git commit that trials start from
);

CREATE TABLE trials (
	search_id INTEGER NOT NULL REFERENCES searches ON DELETE CASCADE,
	number INTEGER NOT NULL,            -- from 1
	status INTEGER NOT NULL,            -- enum trial_status
	params TEXT,                        -- JSON: {"train.lr": "0.1", ...}; NULL: not chosen yet
	run_id INTEGER REFERENCES runs ON DELETE SET NULL,
	host TEXT,                          -- of the worker, as in runs
	pid INTEGER,
	pid_start INTEGER,
	start_ms INTEGER,
	end_ms INTEGER,
	error TEXT,                         -- why it failed
	snapshot TEXT,                      -- the git commit that it ended as
	PRIMARY KEY (search_id, number)
) WITHOUT ROWID;
CREATE INDEX trials_open ON trials (status) WHERE status <= 1;
CREATE INDEX trials_by_run ON trials (run_id) WHERE run_id IS NOT NULL;
