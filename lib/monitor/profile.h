/* The inside of a profile. */
#pragma once

#include "mlops/monitor.h"
#include "monitor/hitters.h"
#include "monitor/hll.h"
#include "monitor/kll.h"
#include "monitor/moments.h"

enum profile_kind { PROFILE_INTEGER, PROFILE_REAL, PROFILE_BOOLEAN, PROFILE_TEXT, PROFILE_KINDS };

struct profile_column {
	char *name;
	uint64_t missing, infinite;
	uint64_t kinds[PROFILE_KINDS]; /* values of each, infinite ones among the reals */
	struct moments numbers;        /* of integers and reals that are finite */
	struct moments lengths;        /* of texts and booleans, in bytes */
	struct kll quantiles;          /* of the numbers */
	struct hll distinct;
	struct hitters values;         /* as they are written */
};

struct profile {
	uint64_t rows;
	struct profile_column **columns; /* each is large, so it stays where it is */
	size_t n_columns, cap;
	struct map index; /* name -> column */
};

/* The column, a new one (missing from all rows so far) when there is none of this name. */
struct profile_column *profile_get(struct profile *p, const char *name);
const char *profile_type(const struct profile_column *c);
