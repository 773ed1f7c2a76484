/* What killed processes leave in packs/, for who has the store alone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "mlops/error.h"

struct store;

/* Removes it, unless `count_only`, and adds its size to *bytes. */
int leftovers_remove(struct store *store, bool count_only, uint64_t *bytes,
		     struct mlops_error *err);
