/* Pointer files (mlops-pointer(5)). */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "mlops/workspace.h"

#define POINTER_SUFFIX ".mlops"
#define POINTER_MAX    ((size_t)64 << 10) /* bytes of a pointer file at most */

/*
 * Reads the text of the pointer file `shown` (relative to the root, "data/x.mlops"), which names
 * the data beside it, "data/x", and nothing else. out->path is new.
 */
int pointer_parse(const char *shown, const char *text, size_t n, struct pointer *out,
		  struct mlops_error *err);
void pointer_format(const struct pointer *p, struct strbuf *out);
/* True for names such as "x.mlops" (".mlops" is the project's folder). */
bool pointer_is_name(const char *name);
/* Order by path, for qsort(3). */
int pointer_by_path(const void *a, const void *b);

/* The pointers that `paths` select: named themselves, by their file, or by a folder above or a
 * path below them; all when n is 0. MLOPS_ENOTFOUND for a path that selects none. */
int pointers_select(struct project *project, const char *const *paths, size_t n,
		    struct pointer **out, size_t *count, struct mlops_error *err);
