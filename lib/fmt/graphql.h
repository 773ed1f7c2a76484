/*
 * Queries in GraphQL: one operation, the fields that it selects, and the variables that they take. What asks
 * for more (fragments, values written in the query) is refused. Source: the GraphQL specification, October 2021.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct gql_field {
	const char *name, *alias; /* what is selected, and what the answer calls it */
	const char *variable;     /* without its $: of the only argument; or NULL */
	struct gql_field *fields; /* selected of it; NULL: it is a leaf */
	struct gql_field *next;   /* beside it, in order */
};

#define GQL_DEPTH_MAX 16
#define GQL_FIELDS_MAX 1000

/* Parses a query; all is in `arena`. MLOPS_EINVALID says where it is none. */
int gql_parse(struct arena *arena, const char *text, struct gql_field **out, struct mlops_error *err);
