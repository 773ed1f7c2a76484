/*
 * Pipelines of DVC (version 3), run as they are: stages of dvc.yaml, results in dvc.lock and DVC's run
 * cache. The rules are those of its documentation, and what dvc 3.67 was seen to do.
 */
#pragma once

#include "fmt/json.h"
#include "pipeline/keep.h"

#define DVC_SPEC_NAME "dvc.yaml"
#define DVC_LOCK_NAME "dvc.lock"

/* Whether the project is a DVC repository with a pipeline. */
bool dvc_spec_is_here(struct project *project);
/* The dvc.yaml files of the work tree, or of a commit's tree; sorted. */
int dvc_spec_names(struct project *project, struct strlist *out, struct mlops_error *err);
struct git_id;
int dvc_spec_names_at(struct project *project, const struct git_id *tree, struct strlist *out,
		      struct mlops_error *err);
/* Reads them; stages below the root are named "folder/dvc.yaml:stage". */
int dvc_spec_load(struct project *project, const struct spec_files *files,
		  const struct strlist *names, struct pipeline **out, struct mlops_error *err);
/* What follows the ':' in such a name. */
const char *dvc_stage_name(const struct spec_stage *stage);
/* A command as one text: a list has an item a line, each behind "- "; new. */
char *dvc_command_text(const struct json *cmd);

/* Adds the plots of a stage as it is written; then those at the tops of files, and of folders. */
void dvc_plots_of_stage(struct pipeline *p, const struct spec_stage *stage,
			const struct yaml_node *body);
void dvc_plots_finish(struct project *project, struct pipeline *p, const struct expansion *x);

/* A stage as dvc.lock has it: cmd, deps, params, outs, in its order; new. */
struct json *dvc_lock_value(struct project *project, const struct spec_stage *spec,
			    const struct lock_stage *stage);
/* The reverse; what cannot be a path of the project is left out. */
void dvc_lock_stage(const struct spec_stage *spec, const struct json *value,
		    struct lock_stage *out);

/* Whether DVC 2 gave the name: see mlops/dvc.h. */
static inline bool dvc_ref_is_legacy(const struct object_ref *ref)
{
	return ref->oid.sha256[16];
}
int dvc_lock_read(struct project *project, const struct pipeline *pipeline, struct lockfile *out,
		  struct mlops_error *err);
int dvc_lock_write(struct project *project, const struct pipeline *pipeline, struct lockfile *lock,
		   const struct strlist *changed, struct mlops_error *err);

/* DVC's run cache, <cache>/runs. */
bool dvc_runs_can_have(const struct spec_stage *spec);
int dvc_runs_find(struct project *project, const struct spec_stage *spec,
		  const struct lock_stage *now, struct lockfile *out, bool *found,
		  struct mlops_error *err);
int dvc_runs_put(struct project *project, const struct spec_stage *spec,
		 const struct lock_stage *result, struct mlops_error *err);
