/*
 * Filling ${...} in a pipeline's text with values, as DVC does (its documentation, "Templating"):
 * ${train.lr}, ${layers[0]}; \${...} is left for the shell.
 */
#pragma once

#include "fmt/json.h"
#include "fmt/yaml.h"

/* Where names are looked up: here first, then further out. */
struct scope {
	struct scope *outer;
	struct json *values; /* NULL until loaded */
	const char *file;    /* read when a name is first looked up, or NULL */
	bool optional;       /* the file need not be there */
};

struct template {
	struct arena *arena; /* of the nodes made */
	/* Parses the file of a scope; MLOPS_ENOTFOUND. */
	int (*load)(void *arg, const char *file, struct json **out, struct mlops_error *err);
	void *arg;
	size_t left; /* nodes that may still be made */
};

/* A copy of the node with everything filled in. A scalar that is one ${...} alone may become a list or map. */
int template_fill(struct template *t, struct scope *scope, const struct yaml_node *node,
		  struct yaml_node **out, struct mlops_error *err);
/* The same for commands, where a map becomes options for a program and a list its arguments. */
int template_fill_command(struct template *t, struct scope *scope, const struct yaml_node *node,
			  struct yaml_node **out, struct mlops_error *err);
/* The node of a value, at the position of another. */
struct yaml_node *template_node(struct template *t, const struct json *value,
				const struct yaml_node *at);
