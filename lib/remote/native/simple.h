/* One key an object: see simple.c. The functions are those of struct object_service. */
#pragma once

#include "remote/layout.h"

int simple_has(struct remote *r, const struct remote_item *items, size_t n, bool *present,
	       struct mlops_error *err);
int simple_get(struct remote *r, const struct remote_item *items, size_t n,
	       const struct frame_sink *sink, struct mlops_error *err);
int simple_put(struct remote *r, const struct remote_item *items, size_t n, bool ordered,
	       const struct remote_provider *from, struct mlops_error *err);
