/* The parameters that stages run with, read from the work tree or from what -P made of it. */
#pragma once

#include "base/map.h"
#include "mlops/lockfile.h"
#include "pipeline/override.h"

struct params {
	struct project *project;
	const struct overrides *overrides;
	bool whole_values; /* a key that is a map gives that map, and a file its topmost keys */
	struct map urls;  /* -> text, what was seen there in this run */
	struct map files; /* path -> struct json, of files that no stage writes */
};

/*
 * The parameters of a stage, one a scalar or list (a key that is a map gives all below it, but
 * for whole_values), sorted
 * by file and key. *out is the caller's: free with params_free(). A missing file or key is an error.
 */
int params_read(struct params *p, const struct spec_stage *stage, struct lock_param **out,
		size_t *n, struct mlops_error *err);
/* The value of a key of the stage's params.yaml, new; NULL when there is none. */
int params_value(struct params *p, const struct spec_stage *stage, const char *key,
		 struct json **out, struct mlops_error *err);
void params_free(struct lock_param *params, size_t n);
void params_clear(struct params *p);
