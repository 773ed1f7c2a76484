/* Reading the chunks of a large object in their order, a few requests ahead of who takes them. */
#pragma once

#include "remote/native/receive.h"

struct ahead;
/*
 * Gives the pieces of an object of `size` bytes to the sink, but for the first `skip` of its bytes;
 * begin and end are the caller's.
 */
int ahead_new(struct inventory *inv, uint64_t size, uint64_t skip, const struct frame_sink *sink,
	      struct ahead **out, struct mlops_error *err);
/* Whether the next `size` bytes are of those that are left out; then they need not be read. */
bool ahead_skip(struct ahead *a, uint64_t size);
/* Reads all that the list names; what is on its way when it returns is given later. */
int ahead_read(struct ahead *a, const struct list *l, struct mlops_error *err);
/* Gives the rest. */
int ahead_end(struct ahead *a, struct mlops_error *err);
void ahead_free(struct ahead *a);
