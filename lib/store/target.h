/*
 * The tracked paths that a command is about to change, each of which is given by itself or by paths
 * inside of it.
 */
#pragma once

#include "base/map.h"
#include "store/pointer.h"

struct target {
	char *path;                  /* of the data; owned */
	const struct pointer *known; /* its pointer as it was; NULL: not tracked yet */
	struct strlist inside;       /* below `path`, which is not repeated; none: all of it */
	struct pointer now; /* its pointer as it is to be; now.path is lent, NULL: not set */
	bool unchanged;     /* which is as it was */
	bool gone;          /* the data is not in the work tree */
};

struct targets {
	struct pointer *known; /* all of the work tree, by path */
	size_t n_known;
	struct map by_path; /* those -> struct pointer */
	VEC(struct target) all;
	struct map chosen; /* path -> index in `all` + 1 */
};

/* From the pointers of the work tree, or of a revision. */
int targets_load(struct targets *t, struct project *project, struct mlops_error *err);
int targets_load_at(struct targets *t, struct project *project, const char *rev,
		    struct mlops_error *err);
/*
 * Chooses what the paths name, each once. One that lies in another is MLOPS_EINVALID, since they
 * would say two things about the same file.
 */
int targets_choose(struct targets *t, const char *const *paths, size_t n, struct mlops_error *err);
void targets_clear(struct targets *t);
#define autotargets __attribute__((cleanup(targets_clear))) struct targets

/* The data that a pointer file stands for, when the path names one that is known; new. */
char *targets_data(const struct targets *t, const char *path);
/* The pointer that the path is or lies below; the first that lies below it; or NULL. */
const struct pointer *targets_above(const struct targets *t, const char *path);
const struct pointer *targets_below(const struct targets *t, const char *path);

/* What the target's pointer is to say now. */
void target_set(struct target *target, const struct object_ref *ref);
/* Writes the pointers that were set and changed; the files of those set are added to *files. */
int targets_write(struct targets *t, struct project *project, struct strlist *files,
		  struct mlops_error *err);
