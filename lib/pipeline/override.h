/*
 * Parameters changed for one run (-P): the files are edited in the work tree, since that is where
 * stages read them, and put back afterwards. What is to be put back lies in
 * .mlops/run/params.backup while they are edited, so that the next run can do it after a crash.
 */
#pragma once

#include "pipeline/spec.h"

struct override {
	char *file; /* relative to the root */
	struct strbuf before, after;
};

struct overrides {
	VEC(struct override) files;
};

/*
 * Works out the edited files from "key=value" and "file:key=value"; writes nothing. A file or key
 * that no stage of the pipeline takes parameters from is an error.
 */
int overrides_make(struct project *project, const struct pipeline *p, const char *const *params,
		   size_t n, struct overrides *out, struct mlops_error *err);
/* The edited text of a file, or NULL when it is as it was. */
const struct strbuf *overrides_text(const struct overrides *o, const char *file);
/* Saves the backup, then writes the edited files. */
int overrides_apply(struct project *project, const struct overrides *o, struct mlops_error *err);
/* Puts back what the backup holds, if there is one; a file changed since then stays, with a warning. */
int overrides_undo(struct project *project, struct mlops_error *err);
void overrides_clear(struct overrides *o);
