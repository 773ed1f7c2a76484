/* Whether a stage must run, and why: what it has now beside what it had when it last ran. */
#pragma once

#include "pipeline/keep.h"
#include "pipeline/params.h"
#include "pipeline/share.h"

enum verdict {
	VERDICT_UNCHANGED,
	VERDICT_REDECLARED, /* only what mlops.yaml says of outs: they are saved, nothing runs */
	VERDICT_RESTORE,    /* a former run with the same inputs gave other outs than are there */
	VERDICT_RUN,
};

struct state {
	const struct spec_stage *spec;
	const char *engine;   /* that it runs on; NULL: it is a child of ours; lent */
	bool engine_secrets;  /* which has the secrets that it names */
	struct lock_stage now; /* cmd, deps, params; outs once they are known */
	struct lockfile former; /* a result with the same inputs that is not the lock's, or none */
	enum stage_outcome outcome;
	bool done;    /* the outcome is final */
	bool changed; /* `now` is to go into the lock */
	char *reason;  /* NULL: none */
	int64_t start_ms, duration_ms;
	struct run_usage usage;
	int exit_status;
};

/* What judging a stage looks at. */
struct judge {
	struct project *project;
	const struct keep *keep;
	struct keep_look *look; /* lent; the project is locked while it is open */
	struct params *params;
	struct lockfile *lock;
	struct map
		*outs; /* path -> struct object_ref of outs that are known, in place of hashing */
	struct share *share; /* asked for results that are not known here; or NULL */
	bool force;
	bool dry_run; /* a dep that a stage makes may be missing */
	bool explain; /* all reasons, at length */
};

/*
 * Fills in s->now and s->reason. MLOPS_ENOTFOUND when a dep is missing.
 * With VERDICT_UNCHANGED s->now has its outs; with VERDICT_RESTORE those of the former run.
 */
int state_judge(struct judge *j, struct state *s, enum verdict *out, struct mlops_error *err);
/* Adds an out of its spec to s->now, which has room for all of them; unsorted. */
void state_add_out(struct state *s, const struct spec_out *out, const struct object_ref *ref);
void state_clear(struct state *s);

/* Items of a lock, sorted by path. */
void lock_items_sort(struct lock_item *items, size_t n);
struct lock_item *lock_items_find(struct lock_item *items, size_t n,
				  const char *path); /* or NULL */
void lock_items_clear(struct lock_item **items, size_t *n);
