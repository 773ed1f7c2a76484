/* Making errors: see mlops/error.h for their shape. `err` is never NULL inside the library. */
#pragma once

#include "mlops/error.h"

#define ERR_INIT ((struct mlops_error){ 0 })
#define autoerr  __attribute__((cleanup(mlops_error_clear))) struct mlops_error

/* Sets kind and message, drops what `err` held before; always returns -1. */
__attribute__((format(printf, 3, 4))) int err_set(struct mlops_error *err,
						  enum mlops_error_kind kind, const char *fmt, ...);

/* As err_set() with kind MLOPS_EIO and ": <text of errno>" behind the message. */
__attribute__((format(printf, 2, 3))) int err_sys(struct mlops_error *err, const char *fmt, ...);

/* Puts "<context>: " in front of the message and keeps the kind; always returns -1. */
__attribute__((format(printf, 2, 3))) int err_wrap(struct mlops_error *err, const char *fmt, ...);

/* Sets the second line, what to do next; always returns -1. */
__attribute__((format(printf, 2, 3))) int err_hint(struct mlops_error *err, const char *fmt, ...);

/* Hands the error in `from` to `to`, whose own is dropped; always returns -1. */
int err_move(struct mlops_error *to, struct mlops_error *from);

/* The -1 in a form that a compiler which sees one file can reckon with. */
#define err_set(...)                                                                               \
	({                                                                                         \
		err_set(__VA_ARGS__);                                                              \
		-1;                                                                                \
	})
#define err_sys(...)                                                                               \
	({                                                                                         \
		err_sys(__VA_ARGS__);                                                              \
		-1;                                                                                \
	})
#define err_wrap(...)                                                                              \
	({                                                                                         \
		err_wrap(__VA_ARGS__);                                                             \
		-1;                                                                                \
	})
#define err_hint(...)                                                                              \
	({                                                                                         \
		err_hint(__VA_ARGS__);                                                             \
		-1;                                                                                \
	})
#define err_move(...)                                                                              \
	({                                                                                         \
		err_move(__VA_ARGS__);                                                             \
		-1;                                                                                \
	})
