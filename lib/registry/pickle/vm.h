/* Private to lib/registry/pickle: the machine's parts. */
#pragma once

#include "registry/pickle/pickle.h"

#define PICKLE_KEEP 256            /* bytes of the longest string that is followed */
#define PICKLE_LINE 4096           /* bytes of a line that are looked at */
#define PICKLE_TEXT_BUDGET ((size_t)512 << 20)
#define PICKLE_TREE_BUDGET ((size_t)192 << 20) /* beyond it, tuples and objects become opaque */
#define PICKLE_MAX_STACK ((size_t)16 << 20)
#define PICKLE_MAX_MEMO ((size_t)32 << 20)
#define PICKLE_MAX_NAMES 1000000   /* different globals; entries of the memo out of order */
#define PICKLE_MAX_DEPTH 16        /* pickles inside of arrays of joblib */

/* What stands behind an opcode. */
enum pickle_arg {
	ARG_INVALID, ARG_NONE, ARG_U1, ARG_U2, ARG_U4, ARG_I4, ARG_U8, ARG_LINE, ARG_LINE2,
	ARG_LEN1, ARG_LEN4, ARG_LEN8, ARG_SLEN4,
};

struct pickle_op {
	const char *name;
	enum pickle_arg arg;
};
extern const struct pickle_op pickle_ops[256];

/* The argument of an opcode, as read. */
struct pickle_operand {
	uint64_t num;
	size_t n;         /* bytes of text; more than PICKLE_LINE: cut */
	bool cut;
	char text[PICKLE_LINE + 1], second[PICKLE_LINE + 1];
};

int pickle_read_operand(struct pickle *pk, enum pickle_arg arg, struct pickle_operand *out,
			struct mlops_error *err);
/* The same where a limit of ours is met: what follows is not known. */
int pickle_fail_limit(struct pickle *pk, struct mlops_error *err);
__attribute__((format(printf, 3, 4)))
int pickle_fail(struct pickle *pk, struct mlops_error *err, const char *fmt, ...);

void pickle_push(struct pickle *pk, struct pickle_value v);
int pickle_pop(struct pickle *pk, struct pickle_value *out, struct mlops_error *err);
/* The values above the topmost mark, which stay where they are until pickle_drop_mark(). */
int pickle_at_mark(struct pickle *pk, struct pickle_value **v, size_t *n, struct mlops_error *err);
void pickle_drop_mark(struct pickle *pk);
int pickle_memo_get(struct pickle *pk, uint64_t index, struct mlops_error *err);
int pickle_memo_put(struct pickle *pk, uint64_t index, struct mlops_error *err);

struct pickle_value pickle_str(struct pickle *pk, const char *s, size_t n, bool cut);
struct pickle_value pickle_tuple(struct pickle *pk, const struct pickle_value *v, size_t n);
struct pickle_value pickle_new_object(struct pickle *pk, enum pickle_kind kind);
void pickle_add_pair(struct pickle *pk, struct pickle_object *o, struct pickle_value k, struct pickle_value v);
const struct pickle_import *pickle_intern(struct pickle *pk, const char *module, const char *name);
void pickle_tell(struct pickle *pk, struct pickle_event e);

/* Does what the opcode says; STOP is the walker's. */
int pickle_exec(struct pickle *pk, uint8_t op, struct pickle_operand *arg, struct mlops_error *err);
/* Skips the raw bytes behind a wrapper of joblib that was just built. */
int pickle_joblib_array(struct pickle *pk, const struct pickle_object *wrapper, struct mlops_error *err);
