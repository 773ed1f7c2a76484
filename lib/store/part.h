/*
 * The first bytes of large objects whose transfer broke off: tmp/parts/<name>, for another try that
 * goes on behind them. A process that writes one holds a lock on it. Nothing is trusted: the whole
 * is hashed in the end, and what has been there for a week is swept.
 */
#pragma once

#include "store/private.h"

struct part {
	int fd; /* locked; -1: there is none to be had, another process is at it */
	char *path;
	uint64_t have; /* a multiple of OUTPUT_ALIGN, below the object's size */
};

/* Opens that of an object of `size` bytes, made when absent. Both members are the caller's. */
int part_open(struct store *store, const struct oid *oid, uint64_t size, struct part *out,
	      struct mlops_error *err);
