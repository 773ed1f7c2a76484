/*
 * What gc took out of a store that several projects use: for some time it lies in quarantine/, a
 * folder for each gc, and comes back when anyone looks for it.
 */
#pragma once

#include <stdint.h>

#include "mlops/error.h"

struct file_copy;
struct store;

/* A new folder in it; new. */
int quarantine_open(struct store *store, char **dir, struct mlops_error *err);
int quarantine_file(struct store *store, const struct file_copy *copy, const char *dir,
		    struct mlops_error *err);
/* All that one gc put there is gone for good when it did so before `before_ms`. */
int quarantine_expire(struct store *store, int64_t before_ms, struct mlops_error *err);
