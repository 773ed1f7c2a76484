/*
 * The `if` of a stage: comparisons of parameters, variables of the environment and metrics of
 * earlier stages, joined by and, or, not and parentheses:  metrics.acc >= 0.9 and env.CI == 'true'
 */
#pragma once

#include "base/err.h"
#include "fmt/json.h"

struct condition_names {
	/* The value of a name such as "params.train.lr", new; NULL when there is none. */
	int (*find)(void *arg, const char *name, struct json **out, struct mlops_error *err);
	void *arg;
};

/* Checks the text and, with `names`, evaluates it; without, *out is untouched. MLOPS_EINVALID. */
int condition_holds(const char *text, const struct condition_names *names, bool *out,
		    struct mlops_error *err);
