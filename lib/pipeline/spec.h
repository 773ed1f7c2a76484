/*
 * mlops.yaml parsed: see mlops.yaml(5). All paths are relative to the project's root, normalized
 * and safe as text. Texts live in the pipeline's arena, as do the nodes that tell positions.
 */
#pragma once

#include "base/vec.h"
#include "fmt/cron.h"
#include "fmt/yaml.h"
#include "mlops/pipeline.h"
#include "mlops/plots.h"
#include "mlops/store.h"
#include "pipeline/expand.h"
#include "project/project.h"

#define PARAMS_FILE "params.yaml"

#define SPEC_BYTES_MAX ((size_t)16 << 20) /* of a file */

struct spec_dep {
	const char *path;
	const char *stage; /* in place of a path: all outs of that stage; until the graph is built */
	bool is_pattern;   /* the path is one of base/glob.h */
	bool made; /* by a stage, at least in part */
	const struct yaml_node *at;
};

/* A dependency outside of the project: a URL, or what another git repository has. */
struct spec_url {
	const char *url; /* as it is recorded */
	const char *repo, *rev, *path; /* repo NULL: it is a URL */
	bool is_far;                   /* the repository is asked through git's transports */
	const struct yaml_node *at;
};

struct spec_param {
	const char *file;
	const char *key; /* "train.lr"; NULL: all keys of the file */
	bool made;       /* the file is, by a stage */
	const struct yaml_node *at;
};

struct spec_out {
	const char *path;
	const struct yaml_node *at;
	bool cache; /* goes into the store and is ignored by git */
	bool is_model;
	bool is_metrics;
	bool persist; /* it is not removed before the stage runs */
	struct object_place place;
};

struct spec_cmd {
	const char *text;        /* what is recorded, and for sh -c */
	const char *const *argv; /* NULL-terminated; NULL: text goes to the shell */
};

/* What a stage needs for itself while it runs; 0: it does not say. */
struct spec_resources {
	int64_t cpus, gpus;
	uint64_t memory; /* bytes */
};

struct spec_stage {
	const char *name, *desc;
	const char *dir;            /* of the file that it is in; "" */
	const char *wdir;           /* "" for the root */
	const char *recorded;       /* what the lock has as its command; NULL: what cmds are */
	const struct yaml_node *cmd; /* as it is written, filled in */
	const struct yaml_node *at; /* the stage's key */
	const char *condition; /* or NULL */
	const char *engine;    /* that it runs on, or NULL */
	VEC(struct spec_cmd) cmds;
	VEC(const char *) secrets; /* variables that only this stage and those that name them get */
	VEC(const char *) env; /* "NAME=value" */
	VEC(struct spec_dep) deps;
	VEC(struct spec_url) urls;
	VEC(struct spec_param) params;
	VEC(struct spec_out) outs; /* metrics too */
	bool always, frozen;
	bool sandbox;               /* it sees its deps and parameters only, */
	VEC(const char *) sandbox_shows; /* and these paths */
	int64_t timeout_ms; /* of all its commands; 0: none */
	int64_t retries, retry_delay_ms; /* the delay doubles each time */
	struct spec_resources resources;
	VEC(size_t) needs; /* indexes of the stages whose outs are deps here; ascending */
};

/* One line, set of dots, or the like of a plot. */
struct spec_series {
	const char *file, *y;   /* y NULL: the last column */
	const char *x_file, *x; /* x NULL: the number of the row */
	const struct yaml_node *at;
};

struct spec_plot {
	const char *id, *title, *x_label, *y_label; /* all but the id may be NULL */
	const char *template_file;                  /* of Vega; NULL: it is one of the kinds */
	enum plot_kind kind;
	VEC(struct spec_series) series;
};

struct keep;

/* When to run the pipeline without being asked. */
struct spec_triggers {
	VEC(struct cron) schedules;
	VEC(const char *) branches; /* patterns of those whose pushes do */
	bool any_push;
	VEC(const char *) deployments; /* whose drift does */
	VEC(const char *) data;        /* paths and patterns whose changes do */
};

struct pipeline {
	struct arena arena;
	const struct keep *keep; /* of its files and results */
	VEC(struct spec_stage) stages; /* in the order of the file */
	VEC(struct spec_plot) plots; /* of stages' outputs, then of the files' tops */
	struct spec_triggers triggers;
	size_t *order; /* of running: indexes of stages, each behind what it needs */
	struct strlist var_files; /* whose values were filled in, relative to the root */
	struct strlist included;  /* the files that it consists of beside mlops.yaml */
};

/*
 * Parses and checks the text of a pipeline, its graph included; `files` may be NULL. *out is freed
 * as loaded ones are.
 */
int spec_parse(const struct spec_files *files, const char *text, size_t n, struct pipeline **out,
	       struct mlops_error *err);
/* Ends the reading of p from x, which went as rc tells: *out is p, or p is freed; -1 or 0. */
int spec_finish(struct pipeline *p, struct expansion *x, int rc, struct pipeline **out);
struct overrides;
/*
 * Adds the stages of an expansion to a pipeline, whose graph is still to be built. Stages that
 * others named (DVC) may have names that ours cannot.
 */
int spec_read_stages(struct pipeline *p, const struct expansion *x, struct mlops_error *err);
/*
 * Reads the project's, or DVC's where it has none; parameter files that `overrides` (may be NULL)
 * edits are as edited.
 */
int spec_load(struct project *project, const struct overrides *overrides, struct pipeline **out,
	      struct mlops_error *err);

/* A path of the spec, seen from `dir`, as one relative to the root; `what` names it in messages. */
int spec_read_path(struct arena *arena, const char *dir, const struct yaml_node *node,
		   const char *what, const char **out, struct mlops_error *err);
/* Whether `name` is that of the stage, or what stands before the '@' in it. */
bool spec_is_named(const char *stage, const char *name);
/* What the lock records as the command: `cd DIR` and NAME=VALUE lines, then a command a line; new. */
char *spec_command_text(const struct spec_stage *stage);
