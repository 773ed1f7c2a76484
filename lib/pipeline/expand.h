/*
 * From what is written in a pipeline file to its plain stages: vars and ${...} filled in, foreach
 * and matrix multiplied, defaults added, included files taken in. The rules are DVC's where it has
 * them (its documentation of dvc.yaml).
 */
#pragma once

#include "base/vec.h"
#include "fmt/yaml.h"
#include "pipeline/template.h"

/* How files that a pipeline names are read; a test or an edit may give other text. */
struct spec_files {
	/* Appends the text of a file relative to the root; MLOPS_ENOTFOUND. */
	int (*read)(void *arg, const char *file, struct strbuf *text, struct mlops_error *err);
	void *arg;
};

struct plain_stage {
	struct yaml_node *name; /* "train@big" */
	struct yaml_node *body;
	const char *dir; /* of its file, relative to the root; "" */
};

/* The plots at the top of a file. */
struct plain_plots {
	struct yaml_node *node;
	const char *dir; /* as of a stage */
};

struct expansion {
	struct arena *arena;
	const struct spec_files *files; /* NULL: there are none */
	bool dvc; /* the files are dvc.yaml, which has other keys at the top */
	VEC(struct plain_stage) stages;
	VEC(struct plain_plots) plots;
	struct strlist var_files; /* whose values were filled in, relative to the root */
	struct strlist included;
};

/* `root` is the document of a pipeline file; `file` its path relative to the project's root. */
int expand_pipeline(struct expansion *x, const char *file, const struct yaml_node *root,
		    struct mlops_error *err);
void expand_clear(struct expansion *x);
