/*
 * MLflow's traces and their spans, as rows: each function is called within a transaction of the caller's.
 * A trace is what its client says of it (trace_put), or as long as it said nothing, what its spans say.
 */
#pragma once

#include "fmt/json.h"
#include "tracking/record.h"
#include "tracking/search/kind.h"

enum trace_state { TRACE_UNSPECIFIED, TRACE_OK, TRACE_ERROR, TRACE_IN_PROGRESS };
#define TRACE_STATES 4

#define TRACE_ID_SIZE	  36 /* of OpenTelemetry's: "tr-", 32 hex digits and a NUL */
#define TRACE_NO_DURATION INT64_MIN

struct trace {
	const char *id;
	int64_t experiment, request_ms, duration_ms; /* or TRACE_NO_DURATION */
	enum trace_state state;
	const char *client_request_id, *request_preview, *response_preview; /* or NULL */
};

/* Makes it, or replaces what its spans said; that of a client for another experiment is MLOPS_EEXISTS. */
int trace_put(struct db *db, const struct trace *trace, int64_t *row, struct mlops_error *err);
/* MLOPS_ENOTFOUND. */
int trace_find(struct db *db, const char *id, int64_t *row, struct mlops_error *err);
/* Its fields, in the arena. */
int trace_load(struct db *db, int64_t row, struct arena *arena, struct trace *out,
	       struct mlops_error *err);
/* Whether a tag is the server's own: where it keeps the trace. No client may set it. */
bool trace_owns_tag(const char *key);
int trace_set_tag(struct db *db, int64_t row, const char *key, const char *value,
		  struct mlops_error *err);
int trace_delete_tag(struct db *db, int64_t row, const char *key, struct mlops_error *err);
int trace_set_metadata(struct db *db, int64_t row, const char *key, const char *value,
		       struct mlops_error *err);
/* The tag that tells its client where its files go. */
int trace_put_location(struct db *db, int64_t row, struct mlops_error *err);
/* To a "run", by its id, or a "prompt", by "NAME/VERSION"; again is fine. */
int trace_link(struct db *db, int64_t row, const char *kind, const char *target, struct mlops_error *err);
/* With its spans and files. */
int trace_delete(struct db *db, int64_t row, struct mlops_error *err);

/*
 * Keeps the spans of groups (otlp.h) in their traces. Those that are not there are made in this
 * experiment; all are linked to the run (may be NULL) with their root.
 */
int spans_put(struct db *db, int64_t experiment, const char *run, const struct json *groups,
	      struct mlops_error *err);
/* Those of a trace, the root first, then by their start: a new array. */
int spans_load(struct db *db, int64_t row, struct json **out, struct mlops_error *err);

extern const struct search_kind search_traces;
