/* What the native layout knows of a remote, for the commands that look after one. */
#pragma once

#include "remote/native/sender.h"

#define NATIVE_SIMPLE 1 /* versions of the format */
#define NATIVE_BLOCKS 2

struct native {
	pthread_mutex_t lock;  /* guards the rest, but not what is in the inventory */
	bool checked, written; /* its file was asked for, is there */
	unsigned version;      /* of what is there; 0: nothing yet */
	struct inventory inv;
	struct sender *sender;
};

/* The state, made on first use. */
struct native *native_of(struct remote *r);
/*
 * Reads the version, and for one with blocks the indexes; with `to_write` a new remote gets one, and
 * what a killed push had sent is found.
 */
int native_prepare(struct remote *r, bool to_write, struct native **out, struct mlops_error *err);
/* The same, and MLOPS_EINVALID for what is no remote with blocks. */
int native_open_blocks(struct remote *r, bool to_write, struct native **out,
		       struct mlops_error *err);
/* Whether objects lie one a key. */
bool native_is_simple(const struct remote *r, const struct native *n);
