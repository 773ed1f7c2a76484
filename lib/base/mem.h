/*
 * Memory that aborts when there is none, and cleanup at the declaration. Sizes that come from
 * outside are checked with size_add()/size_mul() and a stated maximum before they get here.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "base/banned.h"

void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
void *xmemdup(const void *p, size_t n);
__attribute__((format(printf, 1, 2))) char *xasprintf(const char *fmt, ...);
__attribute__((format(printf, 1, 0))) char *xvasprintf(const char *fmt, va_list ap);

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Frees or closes when the scope ends. */
static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}
static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
static inline void cleanup_fclose(FILE **f)
{
	if (*f)
		fclose(*f);
}
#define autofree __attribute__((cleanup(cleanup_free)))
#define autoclose __attribute__((cleanup(cleanup_close), unused)) /* may only be held */
#define autofclose __attribute__((cleanup(cleanup_fclose)))

/* Gives the value out of a cleanup variable and leaves NULL (or -1) in it. */
#define steal_ptr(p)                                                                               \
	({                                                                                         \
		__typeof__(*(p)) stolen_ = *(p);                                                   \
		*(p) = NULL;                                                                       \
		stolen_;                                                                           \
	})
static inline int steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

/* Defines a cleanup function for `struct type *` named cleanup_<type>, which calls free_fn. */
#define DEFINE_CLEANUP(type, free_fn)                                                              \
	static inline void cleanup_##type(struct type **p)                                         \
	{                                                                                          \
		if (*p)                                                                            \
			free_fn(*p);                                                               \
	}

/* Arithmetic on sizes from outside: true, and *out set, when it does not overflow. */
static inline bool size_add(size_t a, size_t b, size_t *out)
{
	return !__builtin_add_overflow(a, b, out);
}
static inline bool size_mul(size_t a, size_t b, size_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}
