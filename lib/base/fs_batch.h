/*
 * Many small files written atomically and durably, each as by fs_write_atomic_via(), with one wait
 * for the disk in place of two a file.
 */
#pragma once

#include "base/err.h"
#include "base/vec.h"

struct fs_batch_file {
	char *tmp, *path;
};

struct fs_batch {
	const char *tmp_dir; /* set by the caller; where files are made */
	VEC(struct fs_batch_file) files;
};

/* Makes a file that is to replace `path`, which happens at the commit. */
int fs_batch_add(struct fs_batch *b, const char *path, const void *buf, size_t n, mode_t mode,
		 struct mlops_error *err);
/* Makes all durable under their names; after a failure some may have theirs. */
int fs_batch_commit(struct fs_batch *b, struct mlops_error *err);
void fs_batch_clear(struct fs_batch *b); /* drops what was not committed */
#define autobatch __attribute__((cleanup(fs_batch_clear))) struct fs_batch
