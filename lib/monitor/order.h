/*
 * The values of a spilled column in ascending order, in bounded memory: runs of at most ORDER_RUN
 * values are sorted by radix; where there are more runs than one, they are merged from the file.
 */
#pragma once

#include "monitor/spill.h"

#define ORDER_RUN ((size_t)1 << 20) /* 8 MiB of values, and as much to sort them */

struct order;

/* Both spill structs must outlive the order. Drops the column's own block. */
int order_open(struct spill *s, struct spill_column *c, struct order **out, struct mlops_error *err);
/* The next values, none at the end; lent until the next call. */
int order_next(struct order *o, const double **v, size_t *n, struct mlops_error *err);
/* Back to the smallest value. */
int order_rewind(struct order *o, struct mlops_error *err);
void order_free(struct order *o); /* NULL is fine */
DEFINE_CLEANUP(order, order_free)
#define autoorder __attribute__((cleanup(cleanup_order))) struct order
