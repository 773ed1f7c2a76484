/* The table of engines: places where stages run, one file each in engines/. */
#pragma once

#include "mlops/engine.h"
#include "mlops/tracking.h"
#include "pipeline/spec.h"
#include "project/project.h"

/* A stage that an engine is to run. */
struct engine_call {
	struct project *project;
	const struct offload *stage;
	struct strlist files; /* to be sent, relative to the root; folders whole */
};

/* How it ended: an exit status or 128 + signal; what it used, 0 for what is not known. */
struct engine_end {
	int status;
	struct run_usage usage;
};

struct engine_export {
	struct project *project;
	const char *engine; /* as it was named */
	const struct pipeline *pipeline;
};

enum engine_caps {
	ENGINE_HERE = 1 << 0,    /* stages are children of the run itself */
	ENGINE_SECRETS = 1 << 1, /* it has the secrets; they need not be in our environment */
};

struct engine {
	const char *name;
	unsigned caps;
	/*
	 * Runs the stage to its end, prints what it prints, brings its outs home when it succeeded,
	 * and leaves nothing behind. It looks at stop.h, whose signals it passes on. NULL: the run
	 * does it, or with no ENGINE_HERE nobody: it is exported to.
	 */
	int (*run)(const struct engine_call *call, struct engine_end *end,
		   struct mlops_error *err);
	/* A run of which it had stages ends: what they shared goes. NULL: they share nothing. */
	void (*leave)(const char *run_id);
	/* Appends the pipeline in the engine's own form. NULL: there is none. */
	int (*export)(const struct engine_export *what, struct strbuf *out,
		      struct mlops_error *err);
};

/* By the type of a name in the settings, or by its own name; MLOPS_EUSAGE with what there is. */
int engine_find(struct project *project, const char *name, const struct engine **out,
		struct mlops_error *err);
/* The setting engine.<name>.<key>, or NULL; lent. */
const char *engine_setting(struct project *project, const char *name, const char *key);
/* The same where it must be the user's own (project_config_personal()). */
int engine_own_setting(struct project *project, const char *name, const char *key, const char **out,
		       struct mlops_error *err);

/*
 * Moves the outs below `dir`, which holds what came from elsewhere, to their places in the work
 * tree; one that is not there is left to who saves them.
 */
int engine_bring_home(const struct engine_call *call, const char *dir, struct mlops_error *err);
/* A new folder for that, below .mlops; its path is new. */
int engine_scratch(const struct engine_call *call, char **out, struct mlops_error *err);

/*
 * A stage as lines of sh, from the root of the project: outs are removed, folders made, variables
 * set, commands run until one fails.
 */
void stage_shell_script(const struct spec_stage *stage, struct strbuf *out);
/* Calls fn for each stage behind those that it needs, but not for frozen ones. */
int export_each(const struct engine_export *what,
		int (*fn)(const struct spec_stage *stage, void *arg, struct mlops_error *err),
		void *arg, struct mlops_error *err);

/* All commands of a stage as one for a shell; new. */
char *stage_shell_command(const struct spec_stage *stage);

/* engines/ */
extern const struct engine engine_local, engine_ssh, engine_kubernetes, engine_make;
