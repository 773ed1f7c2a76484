/* The few things asked of git, through libgit2 (loaded on first use). */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct git_repo;

/* The version of libgit2 that is loaded, into buf. */
int git_version(char *buf, size_t n, struct mlops_error *err);

/* The work tree that `dir` lies in: *root is absolute, the caller's; MLOPS_ENOTFOUND: no repository. */
int git_discover(const char *dir, char **root, struct mlops_error *err);
int git_init(const char *dir, struct mlops_error *err);
int git_open(const char *root, struct git_repo **out, struct mlops_error *err);
void git_free(struct git_repo *repo);
/* Stages files (relative to the root). Nothing else of git's index changes. */
int git_stage(struct git_repo *repo, const char *const *paths, size_t n, struct mlops_error *err);
/* True when git would ignore the path. */
int git_is_ignored(struct git_repo *repo, const char *path, bool *ignored, struct mlops_error *err);
/* True when git's index holds the path (data that is committed must not be tracked as well). */
int git_is_staged(struct git_repo *repo, const char *path, bool *staged, struct mlops_error *err);
/* HEAD as 40 hex digits, "-dirty" behind it when tracked files differ; *out NULL before the first commit. */
int git_head(struct git_repo *repo, char **out, struct mlops_error *err);

/* git-config files, read and written by libgit2. */
int git_config_each(const char *file,
		    int (*fn)(const char *key, const char *value, void *arg,
			      struct mlops_error *err),
		    void *arg, struct mlops_error *err);
int git_config_write(const char *file, const char *key, const char *value, struct mlops_error *err);
int git_config_delete_section(const char *file, const char *section, struct mlops_error *err);
