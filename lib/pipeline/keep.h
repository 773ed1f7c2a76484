/*
 * How a pipeline's files are named and kept, and where its results are pinned: as mlops does it
 * (mlops.yaml, mlops.lock, the store), or as DVC does (dvc.yaml, dvc.lock, DVC's cache). Refs of one
 * keep mean nothing to the other.
 */
#pragma once

#include "mlops/lockfile.h"
#include "pipeline/spec.h"

struct keep_look; /* the work tree, while nothing in it changes; the project is locked */

struct keep {
	int (*open)(struct project *project, struct keep_look **out, struct mlops_error *err);
	/* What a path holds, with `save` kept too; MLOPS_ENOTFOUND. */
	int (*look)(struct keep_look *look, const char *path, bool save, struct object_ref *out,
		    struct mlops_error *err);
	/* Makes durable what was saved, and remembers what was looked at. */
	int (*commit)(struct keep_look *look, struct mlops_error *err);
	void (*close)(struct keep_look *look); /* NULL is fine */

	/* Whether an out that is not `cache` is kept all the same, for a former result to be whole. */
	bool (*saves_uncached)(struct project *project, const struct spec_stage *spec,
			       const struct spec_out *out);
	/* Whether an out of a former run may be brought back. */
	bool (*has)(struct project *project, const struct lock_item *out);
	/* Makes an out in the work tree what it was then; MLOPS_ENOTFOUND. */
	int (*restore)(struct project *project, const struct lock_item *out,
		       struct mlops_error *err);

	/* As results_find() and results_put(). */
	int (*find_result)(struct project *project, const struct spec_stage *spec,
			   const struct lock_stage *now, struct lockfile *out, bool *found,
			   struct mlops_error *err);
	int (*put_result)(struct project *project, const struct spec_stage *spec,
			  const struct lock_stage *result, struct mlops_error *err);

	int (*read_lock)(struct project *project, const struct pipeline *pipeline,
			 struct lockfile *out, struct mlops_error *err);
	/* Pins the stages of `lock` that changed, given by name in the order that they ended. */
	int (*write_lock)(struct project *project, const struct pipeline *pipeline,
			  struct lockfile *lock, const struct strlist *changed,
			  struct mlops_error *err);

	const char *spec_file; /* the name, for messages */
	bool flat_params; /* a parameter that is a map counts as all that is below it */
	bool has_objects; /* refs name objects of the store, so runs may record them */
};

extern const struct keep keep_own, keep_dvc;
