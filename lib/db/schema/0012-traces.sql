-- MLflow's traces: what happened in one request of an application, as a tree of spans.
CREATE TABLE traces (
	id INTEGER PRIMARY KEY,
	uuid TEXT NOT NULL UNIQUE,          -- "tr-" and 32 hex digits, or as its client named it
	experiment_id INTEGER NOT NULL REFERENCES experiments ON DELETE CASCADE,
	request_ms INTEGER NOT NULL,
	duration_ms INTEGER,                -- NULL: it has not ended
	state INTEGER NOT NULL,             -- enum trace_state
	client_request_id TEXT,
	request_preview TEXT,
	response_preview TEXT,
	finalized INTEGER NOT NULL DEFAULT 0 -- its client said what is above; else it is what spans say
);
CREATE INDEX traces_by_experiment ON traces (experiment_id, request_ms DESC, uuid);
CREATE TABLE trace_tags (
	trace_id INTEGER NOT NULL REFERENCES traces ON DELETE CASCADE,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (trace_id, key)
) WITHOUT ROWID;
CREATE TABLE trace_metadata (
	trace_id INTEGER NOT NULL REFERENCES traces ON DELETE CASCADE,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (trace_id, key)
) WITHOUT ROWID;
-- What a trace was linked to later; the run that it was made in is in its metadata.
CREATE TABLE trace_links (
	trace_id INTEGER NOT NULL REFERENCES traces ON DELETE CASCADE,
	kind TEXT NOT NULL,                 -- "run", whose id the target is, or "prompt": "NAME/VERSION"
	target TEXT NOT NULL,
	PRIMARY KEY (kind, target, trace_id)
) WITHOUT ROWID;
CREATE INDEX trace_links_by_trace ON trace_links (trace_id);
CREATE TABLE spans (
	trace_id INTEGER NOT NULL REFERENCES traces ON DELETE CASCADE,
	span_id TEXT NOT NULL,              -- 16 hex digits
	parent_id TEXT,                     -- NULL: the root
	name TEXT NOT NULL,
	type TEXT NOT NULL,                 -- "LLM", "TOOL", ...
	status TEXT NOT NULL,               -- "OK", "ERROR" or "UNSET"
	start_ns INTEGER NOT NULL,
	end_ns INTEGER,                     -- NULL: it has not ended
	content TEXT NOT NULL,              -- JSON, as in MLflow's traces.json
	PRIMARY KEY (trace_id, span_id)
);
-- What people, models and programs thought of a trace.
CREATE TABLE assessments (
	id INTEGER PRIMARY KEY,
	uuid TEXT NOT NULL UNIQUE,          -- "a-" and 32 hex digits
	trace_id INTEGER NOT NULL REFERENCES traces ON DELETE CASCADE,
	name TEXT NOT NULL,
	kind TEXT NOT NULL,                 -- "feedback", "expectation" or "issue"
	value TEXT,                         -- a text as it is, another value as JSON
	number REAL,                        -- the value, when it is one
	overrides TEXT,                     -- the uuid of another, which is not valid while this is there
	valid INTEGER NOT NULL,
	created_ms INTEGER NOT NULL,
	updated_ms INTEGER NOT NULL,
	body TEXT NOT NULL                  -- JSON: what a client gave besides, as MLflow's Assessment
);
CREATE INDEX assessments_by_trace ON assessments (trace_id, name);
