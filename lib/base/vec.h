/*
 * Growing arrays by one macro:  VEC(struct entry) list = { 0 };  vec_push(&list, e);
 * Elements are list.v[0 .. list.n); vec_free() frees the array, not what its elements own.
 */
#pragma once

#include "base/mem.h"

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *v;                                                                           \
		size_t n, cap;                                                                     \
	}

#define vec_reserve(vec, want)                                                                     \
	do {                                                                                       \
		size_t need_ = (want);                                                             \
		if (need_ > (vec)->cap) {                                                          \
			size_t cap_ = (vec)->cap ? (vec)->cap * 2 : 8;                             \
			while (cap_ < need_)                                                       \
				cap_ *= 2;                                                         \
			(vec)->v = xrealloc((vec)->v, cap_ * sizeof(*(vec)->v));                   \
			(vec)->cap = cap_;                                                         \
		}                                                                                  \
	} while (0)

#define vec_push(vec, ...)                                                                         \
	do {                                                                                       \
		vec_reserve(vec, (vec)->n + 1);                                                    \
		(vec)->v[(vec)->n++] = (__typeof__(*(vec)->v))__VA_ARGS__;                         \
	} while (0)

#define vec_free(vec)                                                                              \
	do {                                                                                       \
		free((vec)->v);                                                                    \
		(vec)->v = NULL;                                                                   \
		(vec)->n = (vec)->cap = 0;                                                         \
	} while (0)

#define vec_sort(vec, cmp)                                                                         \
	do {                                                                                       \
		if ((vec)->n > 1)                                                                  \
			qsort((vec)->v, (vec)->n, sizeof(*(vec)->v), cmp);                         \
	} while (0)

/* A list of owned strings, the commonest vec. */
struct strlist {
	char **v;
	size_t n, cap;
};
void strlist_add(struct strlist *list, const char *s);
void strlist_take(struct strlist *list, char *s);
void strlist_sort(struct strlist *list);
bool strlist_has(const struct strlist *list, const char *s);
/* Of the list, what a typist of `word` most likely meant (str_suggest()), or NULL; lent. */
const char *strlist_suggest(const char *word, const struct strlist *list);
void strlist_clear(struct strlist *list);
#define autostrlist __attribute__((cleanup(strlist_clear))) struct strlist
