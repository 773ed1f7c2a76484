/*
 * YAML documents with positions, over libyaml (whose header only yaml.c and yaml_emit.c include).
 * A document is a tree of nodes in an arena; every node knows its line and column, so that a
 * wrong value is reported as "mlops.yaml:4:11: ...".
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

const char *yaml_version(void); /* of libyaml; static */

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	const char *file;        /* for messages */
	int line, column;        /* from 1 */
	const char *text;        /* YAML_SCALAR; no NUL inside */
	bool plain;              /* a scalar without quotes: may be a number, a bool or null */
	size_t n;                /* items of a list, pairs of a map */
	struct yaml_node **keys; /* YAML_MAP: scalars */
	struct yaml_node **values;
};

/*
 * Parses one document of at most 16 MiB, nesting of at most 64, aliases resolved (a cycle or more
 * than 2,000,000 nodes is refused), duplicate keys refused. An empty document gives a null scalar.
 * Everything, also copies of the text, is in `arena`. Errors are MLOPS_EINVALID with position.
 */
int yaml_parse(struct arena *arena, const char *file, const char *text, size_t n,
	       struct yaml_node **out, struct mlops_error *err);
/* The same from a file; MLOPS_ENOTFOUND when there is none. `shown` is the name for messages. */
int yaml_load(struct arena *arena, const char *path, const char *shown, struct yaml_node **out,
	      struct mlops_error *err);

/* "file:line:column: " and the message, kind MLOPS_EINVALID; returns -1. */
__attribute__((format(printf, 3, 4))) int yaml_error(const struct yaml_node *at,
						     struct mlops_error *err, const char *fmt, ...);

/* The value of a key, or NULL when absent (or node is NULL or no map). */
struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* The node of the key itself, for its position. */
struct yaml_node *yaml_key(const struct yaml_node *map, const char *key);
bool yaml_is_null(const struct yaml_node *node); /* also NULL, ~, null, empty plain */

/* Checks that node is a map (list, scalar); `what` names it in the message. */
int yaml_want(const struct yaml_node *node, enum yaml_kind kind, const char *what,
	      struct mlops_error *err);
/* Refuses keys not in `known` (NULL-terminated), with a suggestion. */
int yaml_check_keys(const struct yaml_node *map, const char *const *known, const char *what,
		    struct mlops_error *err);

/*
 * Typed reading of map[key]; when the key is absent *out is untouched and 0 returned. Texts are
 * borrowed from the arena.
 */
int yaml_get_text(const struct yaml_node *map, const char *key, const char **out,
		  struct mlops_error *err);
int yaml_get_bool(const struct yaml_node *map, const char *key, bool *out, struct mlops_error *err);
int yaml_get_int(const struct yaml_node *map, const char *key, int64_t *out,
		 struct mlops_error *err);
int yaml_get_uint(const struct yaml_node *map, const char *key, uint64_t *out,
		  struct mlops_error *err);
int yaml_get_num(const struct yaml_node *map, const char *key, double *out,
		 struct mlops_error *err);

/* What a scalar is by YAML 1.2's core schema. */
enum yaml_scalar { YAML_S_NULL, YAML_S_BOOL, YAML_S_INT, YAML_S_FLOAT, YAML_S_TEXT };
enum yaml_scalar yaml_scalar_type(const struct yaml_node *node);

/*
 * Writing: a stream of calls, block style, keys in the order given. Scalars are quoted only where
 * a reader would take them for something else.
 */
struct yaml_out;
struct yaml_out *yaml_out_new(struct strbuf *out);
void yaml_map(struct yaml_out *y); /* begin; also as a value or list item */
void yaml_list(struct yaml_out *y);
void yaml_end(struct yaml_out *y);                  /* ends the innermost map or list */
void yaml_text(struct yaml_out *y, const char *s);  /* stays text when read: '1' is quoted */
void yaml_plain(struct yaml_out *y, const char *s); /* written bare: numbers, booleans */
void yaml_int(struct yaml_out *y, int64_t v);
void yaml_node(struct yaml_out *y, const struct yaml_node *node); /* a copy of a parsed node */
struct json;
void yaml_json(struct yaml_out *y, struct json *value); /* the same data in block style */
/* Shorthand for a key and its value. */
void yaml_put_text(struct yaml_out *y, const char *key, const char *s);
void yaml_put_int(struct yaml_out *y, const char *key, int64_t v);
void yaml_put_plain(struct yaml_out *y, const char *key, const char *s);
void yaml_out_free(struct yaml_out *y); /* finishes the document */
