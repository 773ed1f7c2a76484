/* The values in a parameter or metrics file, whose name tells the format, and walking them. */
#pragma once

#include "fmt/text.h"

#define VALUES_MAX ((size_t)16 << 20) /* bytes of a file */

/* Parses text; `file` is the name for messages and tells the format. */
int values_parse(const char *file, const char *text, size_t n, struct json **out,
		 struct mlops_error *err);

/* The parser that tells the places of scalars (toml.h) of the file's format; NULL: it is YAML or JSON. */
typedef int values_parser(const char *file, const char *text, size_t n, struct text_places *places,
			  struct json **out, struct mlops_error *err);
values_parser *values_parser_of(const char *file);

struct yaml_node;
/* The value that a node is, new; NULL when it is more than a file may hold. */
struct json *values_of_node(const struct yaml_node *node);

/* The value at a dotted key; numbers count list items from 0. Lent; NULL when there is none. */
struct json *values_find(struct json *root, const char *key);

/*
 * Calls fn for each scalar, list and empty map below `value` with its dotted key, `key` in front
 * ("" for none); with `into_lists` for each item of a list in place of the list.
 */
int values_each(struct json *value, const char *key, bool into_lists,
		int (*fn)(const char *key, const struct json *value, void *arg,
			  struct mlops_error *err),
		void *arg, struct mlops_error *err);

/* Says that `file` has no such key, with a near miss that it has; returns -1. */
int values_missing(struct json *root, const char *file, const char *key, struct mlops_error *err);
