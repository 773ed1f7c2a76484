/* Files of the work tree that are hard links to objects (core.link=hardlink). */
#pragma once

#include "store/scan.h"

struct edit_how {
	int stage_fd; /* an open folder to make files in first */
	void (*done)(const char *path, bool copied, void *arg); /* or NULL */
	void *arg;
};
/*
 * Gives each such file at or below `path` a copy of its own, that can be written to, in place of
 * the link. MLOPS_ENOTFOUND when nothing is there.
 */
int edit_path(struct scan *s, const char *path, const struct edit_how *how,
	      struct mlops_error *err);
/*
 * The reverse, for what is stored: files that are copies of loose objects become links to them,
 * where core.link says so.
 */
int link_path(struct scan *s, const char *path, const struct edit_how *how,
	      struct mlops_error *err);
