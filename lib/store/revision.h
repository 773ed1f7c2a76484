/* One file of a revision, for who goes through many. */
#pragma once

#include "git/git.h"
#include "mlops/revision.h"

/* Reads the pointer or lock at `path` and hands it to the visitor, as mlops_revision_visit() does. */
int revision_file(struct git_repo *git, const char *path, const struct git_id *id,
		  const struct revision_visitor *to, struct mlops_error *err);
