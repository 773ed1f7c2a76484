/*
 * Reaching folders below a root without ever following a symlink, so that nothing is read or
 * written outside of it whatever is done to the folders meanwhile.
 */
#pragma once

#include "base/err.h"
#include "base/mem.h"

struct beneath {
	int root_fd;
	int last_fd; /* the folder that was reached last; -1: none */
	char *last;
};

#define BENEATH_INIT ((struct beneath){ -1, -1, NULL })

int beneath_open(struct beneath *b, const char *root, struct mlops_error *err);
void beneath_close(struct beneath *b);
/*
 * The folder that holds `path` (relative to the root, safe), with `make` made when absent. *fd is
 * lent until the next call. MLOPS_ENOTFOUND; MLOPS_EINVALID when a part of it is no folder.
 */
int beneath_parent(struct beneath *b, const char *path, bool make, int *fd,
		   struct mlops_error *err);
/* Opens one folder of an open one; -1. */
int beneath_step(int parent, const char *name, const char *shown, struct mlops_error *err);
/* Forgets the folder reached last, which is about to be removed. */
void beneath_forget(struct beneath *b);
