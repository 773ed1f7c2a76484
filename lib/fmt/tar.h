/*
 * Writing tar archives (POSIX pax) that are the same to the bit whenever what goes in is: no owner,
 * no times.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct tar;

/* The archive's bytes go to `write` in order. */
int tar_new(int (*write)(const void *buf, size_t n, void *arg, struct mlops_error *err), void *arg,
	    struct tar **out, struct mlops_error *err);
/* Begins a file, of which tar_add() then gives all `size` bytes. */
int tar_file(struct tar *t, const char *path, bool executable, uint64_t size,
	     struct mlops_error *err);
int tar_add(struct tar *t, const void *buf, size_t n, struct mlops_error *err);
int tar_finish(struct tar *t, struct mlops_error *err);
void tar_free(struct tar *t); /* NULL is fine */
