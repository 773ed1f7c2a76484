/* Shared by the files of this part, which alone see libgit2. */
#pragma once

#include "gen/git_lazy.h"
#include "git/git.h"

struct git_repo {
	git_repository *repo;
	char *prefix; /* of the project's root in the work tree: "" or "sub/" */
};

/* Loads and starts libgit2; call it first in every function that takes no struct git_repo. */
int git_start(struct mlops_error *err);
static inline void cleanup_tree(git_tree **tree)
{
	if (*tree)
		git_tree_free(*tree);
}
#define autotree __attribute__((cleanup(cleanup_tree))) git_tree

static inline struct git_id git_id_of(const git_oid *oid)
{
	struct git_id id;

	memcpy(id.sha1, oid->id, sizeof(id.sha1));
	return id;
}

static inline git_oid git_oid_of(const struct git_id *id)
{
	git_oid oid;

	memcpy(oid.id, id->sha1, sizeof(oid.id));
	return oid;
}

/* What a hook or alias that started us may have set would lead git to another repository. */
#define GIT_CLEAN_ENV                                                                              \
	"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY",        \
		"GIT_COMMON_DIR"

/* git's own index, as it is on disk now. */
int git_read_index(struct git_repo *repo, git_index **out, struct mlops_error *err);
static inline void cleanup_index(git_index **index)
{
	if (*index)
		git_index_free(*index);
}
#define autoindex __attribute__((cleanup(cleanup_index))) git_index

/* The message, libgit2's reason behind it, and the kind that its error code stands for; -1. */
__attribute__((format(printf, 3, 4))) int git_fail(struct mlops_error *err, int code,
						   const char *fmt, ...);
