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
/* The message, libgit2's reason behind it, and the kind that its error code stands for; -1. */
__attribute__((format(printf, 3, 4))) int git_fail(struct mlops_error *err, int code,
						   const char *fmt, ...);
