/* What the work tree refers to: pointers, and the outputs that mlops.lock pins. */
#pragma once

#include "base/vec.h"
#include "cmd.h"
#include "mlops/store.h"

struct work_ref {
	char *path; /* relative to the root; owned */
	struct object_ref ref;
	bool is_out; /* of a pipeline stage; else of a pointer */
	struct object_place place;
};

struct work_refs {
	struct work_ref *v;
	size_t n, cap;
};

/*
 * Those at or below the paths, all when there are none. A path with nothing at or below it is
 * MLOPS_ENOTFOUND.
 */
int cmd_work_refs(struct project *project, const struct strlist *wanted, struct work_refs *out,
		  struct mlops_error *err);
/* The same, where paths that lie in a tracked folder are added to `inside`. */
int cmd_work_refs_inside(struct project *project, const struct strlist *wanted,
			 struct work_refs *out, struct strlist *inside, struct mlops_error *err);
void cmd_work_refs_clear(struct work_refs *refs);
#define autoworkrefs __attribute__((cleanup(cmd_work_refs_clear))) struct work_refs

/* Only the refs and places, in the same order; new. */
struct placed_ref *cmd_placed_refs(const struct work_refs *refs);
