/*
 * The files of a pipeline as they are in the work tree, or were at a revision of git: there from
 * the commit, or for what is tracked from the store by the commit's pointers and mlops.lock; or as
 * a run wrote them.
 */
#pragma once

#include "mlops/revision.h"
#include "pipeline/spec.h"

struct snapshot {
	struct project *project;
	const char *rev;    /* or run; NULL: the work tree; lent */
	struct run *run;    /* what rev names when it is no revision */
	struct git_id tree; /* of the root, with a revision */
	bool has_root;      /* false: the commit does not have the project's folder */
	struct lockfile lock;
	struct pipeline *pipeline; /* NULL: there is no mlops.yaml, or it is a run */
};

int snapshot_open(struct snapshot *s, struct project *project, const char *rev,
		  struct mlops_error *err);
/* The same where `where` may also be a run; MLOPS_ENOTFOUND when it is neither. */
int snapshot_open_at(struct snapshot *s, struct project *project, const char *where,
		     struct mlops_error *err);
/* Appends a file's text; MLOPS_ENOTFOUND when it is not there, or its object not in the store. */
int snapshot_read(struct snapshot *s, const char *path, size_t max, struct strbuf *out,
		  struct mlops_error *err);
/* The file, to be read from its start; with the same errors. Close *fd. */
int snapshot_open_file(struct snapshot *s, const char *path, int *fd, struct mlops_error *err);
void snapshot_close(struct snapshot *s);
#define autosnapshot __attribute__((cleanup(snapshot_close))) struct snapshot
