/*
 * Assessments of traces, as rows: each function is called within a transaction of the caller's. One that
 * overrides another makes it not valid for as long as it is there itself.
 */
#pragma once

#include "fmt/json.h"
#include "tracking/trace.h"

#define ASSESSMENT_ID_SIZE 64 /* of any; those that are made here are "a-" and 32 hex digits */

struct assessment {
	const char *id; /* NULL: made */
	const char *name, *kind; /* "feedback", "expectation" or "issue" */
	const struct json *value; /* of the first two; or NULL */
	const char *overrides; /* or NULL */
	bool valid;
	int64_t created_ms, updated_ms;
	const struct json *body; /* what a client said besides */
};

/* Its id goes into `id`; one that the trace has by that id is replaced. */
int assessment_put(struct db *db, int64_t trace, const struct assessment *a, char *id,
		   struct mlops_error *err);
/* As a client reads it: its body, with what is said above but kind and value. MLOPS_ENOTFOUND. New. */
int assessment_load(struct db *db, int64_t trace, const char *id, struct json **out,
		    struct mlops_error *err);
/* Adds all of a trace to an array, the oldest first. */
int assessments_add(struct db *db, int64_t trace, struct json *list, struct mlops_error *err);
/* Replaces name, value, body and time; the rest stays. */
int assessment_change(struct db *db, int64_t trace, const struct assessment *a, struct mlops_error *err);
/* No error when it is not there. */
int assessment_delete(struct db *db, int64_t trace, const char *id, struct mlops_error *err);
