/* Universal Binary JSON, as XGBoost writes it. */
#pragma once

#include "fmt/json.h"
#include "fmt/source.h"

/*
 * Reads the value under the cursor. Arrays of numbers are skipped, as is all behind a key of
 * `skip` (NULL-terminated): *out has null in their place.
 */
int ubjson_read(struct cursor *c, const char *const *skip, struct json **out, struct mlops_error *err);

/* Bytes of a number or letter behind its marker; -1 of what has another shape. */
int ubjson_size(uint64_t marker);
int ubjson_marker(struct cursor *c, uint64_t *marker, struct mlops_error *err);
int ubjson_length(struct cursor *c, uint64_t *n, struct mlops_error *err);
/* Walks over the value behind a marker. */
int ubjson_skip(struct cursor *c, uint64_t marker, struct mlops_error *err);

struct ubjson_container {
	uint64_t type, count; /* type 0: each item has a marker of its own */
	bool counted;
};

/* Reads what stands between the '[' or '{' of a container and its items. */
int ubjson_open(struct cursor *c, struct ubjson_container *k, struct mlops_error *err);
/*
 * 1: one more is there, of an array behind its marker, of an object before its key and with the
 * type in *marker if the container has one, else 0; 0: the end.
 */
int ubjson_next(struct cursor *c, struct ubjson_container *k, char end, uint64_t *marker,
		struct mlops_error *err);
