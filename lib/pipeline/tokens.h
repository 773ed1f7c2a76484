/*
 * Job tokens in make's style (GNU make manual, "Sharing Job Slots with GNU make"): a pipe holds a
 * byte for each job that may run beside the first. A make that a stage calls takes from it too, and
 * when a make called us we take from its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct tokens {
	int fds[2];      /* what children inherit: read, write; -1 without a pool */
	int read_fd;     /* the same pipe, opened by us so that it does not block */
	bool inherited;  /* the pool of the make that called us */
	char *makeflags; /* "MAKEFLAGS=..." for children, or NULL */
	char *held;      /* bytes taken, to be given back as they were */
	size_t n_held, limit;
};

#define TOKENS_INIT ((struct tokens){ .fds = { -1, -1 }, .read_fd = -1 })

/* A pool for `jobs` at a time; 0: as many as the make that called us allows, else one. */
int tokens_open(struct tokens *t, int64_t jobs, struct mlops_error *err);
void tokens_close(struct tokens *t);
/* Whether one more job may run beside `running` others; takes a token where one is needed. */
bool tokens_take(struct tokens *t, size_t running);
/* A job ended and `running` are left. */
void tokens_give(struct tokens *t, size_t running);
/* Readable when a token may be had; -1 when none is waited for. */
int tokens_fd(const struct tokens *t);
