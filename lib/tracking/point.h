/* The points of one metric of one run, and how many of them lie in one row of metric_blocks. */
#pragma once

#include "base/str.h"
#include "db/db.h"

struct point {
	int64_t step, timestamp_ms;
	double value;
};

struct point_list {
	struct point *v;
	size_t n, cap;
};

/* By step, time and value; NaN counts as 0, and behind it. */
int point_compare(const void *a, const void *b);
/* By time, step and value: how MLflow gives a history. */
int point_compare_time(const void *a, const void *b);

/* Appends n points, sorted by point_compare(). */
void block_encode(const struct point *points, size_t n, struct strbuf *out);
/* Appends the points to *out; MLOPS_ECORRUPT unless there are `points` of them. */
int block_decode(const void *data, size_t n, int64_t points, struct point_list *out,
		 struct mlops_error *err);

enum history_order { HISTORY_BY_STEP, HISTORY_BY_TIME };

struct history_query {
	enum history_order order;
	const struct point *after; /* only what comes behind this one; NULL: from the first on */
	int64_t first_step, last_step; /* both included */
	size_t limit;                  /* SIZE_MAX: all */
};
#define HISTORY_ALL                                                                                \
	{                                                                                          \
		.first_step = INT64_MIN, .last_step = INT64_MAX, .limit = SIZE_MAX                 \
	}

/* Appends what the query asks for to *out, sorted; the memory is bounded by the limit. */
int history_read(struct db *db, int64_t run, const char *key, const struct history_query *q,
		 struct point_list *out, struct mlops_error *err);
