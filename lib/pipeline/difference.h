/* The difference between what a stage ran with and what it would run with now, in words. */
#pragma once

#include "base/str.h"
#include "mlops/lockfile.h"

/* Whether both name the same content; sizes follow from it. */
bool object_ref_same(const struct object_ref *a, const struct object_ref *b);

/*
 * Appends reasons joined by "; " (a few, then how many more), or with `at_length` a line each with
 * what was and is; returns how many there are.
 */
size_t difference_of_inputs(const struct lock_stage *was, const struct lock_stage *now,
			    bool at_length, struct strbuf *out);
