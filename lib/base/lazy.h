/*
 * Libraries that are loaded when first needed, so that `mlops version` does not pay for TLS. A
 * wrapper folder lists the functions it uses in NAME.lazy; the build makes NAME_lazy.h of it,
 * which the wrapper includes in place of the library's own header, and NAME_lazy_load(), which
 * the wrapper calls before anything else.
 */
#pragma once

#include "base/err.h"

struct lazy_lib {
	const char *soname;         /* "libcurl.so.4" */
	const char *package;        /* Debian package that brings it, for the hint */
	const char *const *symbols; /* NULL-terminated */
	void **slots;               /* one pointer a symbol, in the same order */
	int state;                  /* 0 not tried yet, 1 loaded; guarded by the lock in lazy.c */
};

/* Loads once; later calls cost one atomic read. Any thread. */
int lazy_load(struct lazy_lib *lib, struct mlops_error *err);
