/*
 * Pickles, walked opcode by opcode as Python's C unpickler would go, with stack and memo, but
 * nothing is imported or called: a call gives an object that remembers what was called with what.
 * Strings are followed through stack and memo, so that a global whose name is put together from
 * them is known by its name. Values live as long as the struct pickle.
 */
#pragma once

#include "base/map.h"
#include "fmt/source.h"

enum pickle_kind {
	PICKLE_OPAQUE, /* no string, and nothing that can be followed */
	PICKLE_LOST,   /* may be a string that is not known: too long, or out of memory to keep it */
	PICKLE_NONE,
	PICKLE_BOOL,
	PICKLE_INT,
	PICKLE_STR,
	PICKLE_IMPORT, /* a global */
	PICKLE_TUPLE,
	PICKLE_DICT,
	PICKLE_OBJECT, /* what a call gave */
	PICKLE_PERSISTENT,
};

struct pickle_value {
	enum pickle_kind kind;
	union {
		int64_t num; /* BOOL, INT */
		const char *str;
		const struct pickle_import *import;
		struct pickle_list *list;     /* TUPLE; PERSISTENT: of one value */
		struct pickle_object *object; /* DICT, OBJECT */
	};
};

struct pickle_list {
	size_t n;
	struct pickle_value v[];
};

struct pickle_object {
	struct pickle_value callable, args, state; /* not of a DICT */
	VEC(struct pickle_value) pairs; /* key, value, key, ...; the array is in the arena */
	bool by_reduce; /* the call may give anything, a string too */
};

enum pickle_trust { PICKLE_UNKNOWN, PICKLE_SAFE, PICKLE_DANGEROUS };

struct pickle_import {
	const char *module, *name;
	enum pickle_trust trust;
};

enum pickle_event_kind {
	PICKLE_E_IMPORT,     /* a global is fetched */
	PICKLE_E_HIDDEN,     /* a global, by a name that cannot be told */
	PICKLE_E_CALL,       /* a call of something that is no global */
	PICKLE_E_PATCH,      /* a change of what was imported */
	PICKLE_E_EXTENSION,  /* a global by its number in copyreg's registry */
	PICKLE_E_PERSISTENT, /* left to the loading program */
	PICKLE_E_ARRAY,      /* an array of joblib: raw bytes inside of the stream */
};

struct pickle_event {
	enum pickle_event_kind kind;
	const char *opcode;
	uint64_t offset;
	const struct pickle_import *import; /* IMPORT, PATCH */
	uint64_t number;                    /* EXTENSION */
	const struct pickle_array *array;   /* ARRAY */
};

struct pickle_array {
	const char *dtype; /* "f8" */
	const struct pickle_list *shape;
	uint64_t bytes;
};

struct pickle {
	/* Set by the caller; `event` may be NULL. */
	void (*event)(void *arg, const struct pickle_event *e);
	void *arg;
	bool joblib; /* raw arrays stand behind joblib's wrappers, as its own loader expects */

	/* Results of the last pickle_walk(). */
	int protocol;
	uint64_t opcodes;
	bool called;         /* something was called or built */
	bool saw_array;      /* skipped raw bytes of joblib */
	bool too_large;      /* a limit ended the walk, not damage */
	struct pickle_value top;

	/* Private. */
	struct cursor *c;
	uint64_t op_at;
	const char *op_name;
	VEC(struct pickle_value) stack;
	VEC(size_t) marks;
	VEC(struct pickle_value) memo;
	struct map far_memo; /* indexes far above what is usual */
	size_t n_memo;       /* entries set: where MEMOIZE goes on */
	struct map imports;
	struct arena arena;
	unsigned depth;
};

/*
 * One pickle, from the cursor to behind its STOP. Events come as they are met, also those in front
 * of the damage that ends the walk with -1: Python would have done them by then.
 */
int pickle_walk(struct pickle *pk, struct cursor *c, struct mlops_error *err);
void pickle_clear(struct pickle *pk);
#define autopickle __attribute__((cleanup(pickle_clear))) struct pickle

/* Value of a key that is a string, or NULL. */
const struct pickle_value *pickle_get(const struct pickle_value *dict, const char *key);
bool pickle_is_import(const struct pickle_value *v, const char *module, const char *name);
/* How far a global is trusted: only what is on the list of known-safe names is PICKLE_SAFE. */
enum pickle_trust pickle_trust(const char *module, const char *name);
/* True for bytes that a pickle of protocol 2 and later starts with. */
bool pickle_sniff(const uint8_t *p, size_t n);
