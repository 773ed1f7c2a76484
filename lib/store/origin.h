/*
 * Where imported data came from: the map `origin` at the end of its pointer (mlops-pointer(5)). What
 * writes a pointer anew for changed data leaves it out: that is no longer the origin's.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/vec.h"

struct project;
struct yaml_node;

struct origin {
	char *url;    /* of a git repository, a folder that holds one, or a hub's hf:// */
	char *path;   /* in it; of a hub "": all that is chosen */
	char *rev;    /* what is followed: a branch, tag or commit; NULL: HEAD */
	char *commit; /* that the data is of: 40 hex digits */
	struct strlist include; /* of a hub: patterns that choose files; none: all */
};

bool origin_is_hub(const struct origin *o);
void origin_clear(struct origin *o);
#define autoorigin __attribute__((cleanup(origin_clear))) struct origin

/* Refuses a URL that holds a secret, which git would share, and one that git takes for an option. */
int origin_check_url(const char *url, struct mlops_error *err);
int origin_parse(const struct yaml_node *map, struct origin *out, struct mlops_error *err);
/* That of the pointer of `path`; *found tells whether it has one. */
int origin_read(struct project *project, const char *path, struct origin *out, bool *found,
		struct mlops_error *err);
/* Puts it into a pointer that is there, in place of the one that it has, and stages that. */
int origin_write(struct project *project, const char *path, const struct origin *o,
		 struct mlops_error *err);
