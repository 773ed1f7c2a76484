/* Matching request paths with route patterns, and percent-decoding. Pure text. */
#pragma once

#include "base/arena.h"

#define ROUTE_MAX_PARAMS 4

struct route_params {
	struct {
		struct str name; /* lent from the pattern */
		const char *value;
	} v[ROUTE_MAX_PARAMS];
	size_t n;
};

/*
 * Matches `path` (still percent-encoded) with a pattern such as "/v1/models/{model}:predict".
 * {name} takes one character or more, no '/', and as few as the text behind it in the pattern
 * allows; {name*} takes '/' too, and as many as that allows. Values are decoded into `arena`.
 */
bool route_match(const char *pattern, const char *path, struct arena *arena,
		 struct route_params *out);
/* Decodes %XX; NULL for a broken escape or one that stands for NUL. In `arena`. */
char *route_decode(struct arena *arena, const char *s, size_t n);
