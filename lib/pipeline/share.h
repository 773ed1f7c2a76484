/*
 * Results shared through a remote (run.sharedCache): what one machine made, others need not make
 * again. A remote that fails, or holds what is no result, only costs the hit.
 */
#pragma once

#include "pipeline/results.h"

struct remote;

struct share {
	struct project *project;
	const char *name;      /* of the remote; NULL: nothing is shared */
	struct remote *remote; /* NULL until it is first asked */
	bool failed;           /* told once; from then on it is left alone */
};

void share_init(struct share *share, struct project *project);
void share_close(struct share *share);
/* As results_find(); what it finds is in the local store and among the local results then. */
void share_find(struct share *share, const struct spec_stage *spec, const struct lock_stage *now,
		struct lockfile *out, bool *found);
/* Gets what the remotes have of a result's objects; false: nobody was asked, or that failed. */
bool share_fetch(struct share *share, const struct lock_stage *result);
/* Sends a result that was kept here, its objects first. */
void share_put(struct share *share, const struct oid *key, const struct lock_stage *result);
