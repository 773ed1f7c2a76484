/* The `plots` of a pipeline: of a stage's outputs, and at the top of a file. */
#pragma once

#include "pipeline/spec.h"

/* Whose plots, and where the files that they name are. */
struct plots_reader {
	struct pipeline *p;
	const char *dir; /* relative to the root; "" */
	bool dvc; /* a template that is not known is in .dvc/plots */
};

/* A plots file of a stage (path relative to the root) and what is said of it, which may be null. */
int plots_read_out(struct plots_reader *r, const char *path, const struct yaml_node *name,
		   const struct yaml_node *attributes, struct mlops_error *err);
/* The list, or map, at the top of a file. */
int plots_read_top(struct plots_reader *r, const struct yaml_node *node, struct mlops_error *err);
