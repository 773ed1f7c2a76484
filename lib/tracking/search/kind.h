/*
 * What can be searched (runs, experiments, models, ...): which keys there are and where they lie in
 * the database. A kind is a table of data; query.c turns it, with a filter and an order, into SQL in
 * which every value is bound.
 */
#pragma once

#include "db/db.h"
#include "tracking/search/filter.h"

/* SQL that is being written, and the values of its question marks. */
struct search_query {
	struct arena *arena;
	struct strbuf sql;
	struct db_value *values;
	size_t n, cap;
};

struct search_column {
	const char *names; /* "created|start_time" */
	const char *sql;
	char type;     /* 's' text, 'i' whole number */
	bool is_id;    /* also takes IN and NOT IN */
	bool may_null; /* so that rows without come last in either order; a text takes IS NULL then */
};

/* Params, tags and metrics: a table of (owner, key, value). */
struct search_pairs {
	enum filter_entity entity;
	const char *table, *owner;
};

struct search_kind {
	const char *from; /* "runs r" */
	const char *row;  /* what is selected, and what pairs refer to: "r.id" */
	const struct search_column *columns; /* ends with NULL names */
	const struct search_pairs *pairs;    /* ends with a NULL table */
	const char *const *order; /* the default order, and what decides where others are equal */
	/* Terms that need SQL of their own: 1 when it was written, 0 when it is none, -1 with err. */
	int (*special)(const struct filter_term *term, struct search_query *q, struct mlops_error *err);
	/* Terms of which one row of another table must meet all, and how SQL for them begins; or 0. */
	enum filter_entity group;
	const char *group_sql;
};

void query_clear(struct search_query *q);
#define autoquery __attribute__((cleanup(query_clear))) struct search_query
void query_add(struct search_query *q, const char *sql);
/* A '?' and its value, which is lent until the query is done. */
void query_text(struct search_query *q, const char *s);
void query_int(struct search_query *q, int64_t v);
/* "<sql> = ?" and the like, of a term with a text. */
void query_compare_text(struct search_query *q, const char *sql, const struct filter_term *term);
/* ... of a term with a number, and one of the operators up to FILTER_GE. */
void query_compare_number(struct search_query *q, const char *sql, const struct filter_term *term);

/*
 * Writes the query: `where` (may be NULL) holds conditions that are written already, of which values
 * are bound first. At most limit rows, from offset on.
 */
struct search_how {
	const char *filter;            /* or NULL */
	const char *const *order;      /* n_order of them */
	size_t n_order;
	int64_t limit, offset;
};
int search_compile(const struct search_kind *kind, const struct search_how *how,
		   const struct search_query *where, struct search_query *q,
		   struct mlops_error *err);
int search_run(struct db *db, const struct search_query *q, struct db_stmt **out,
	       struct mlops_error *err);

extern const struct search_kind search_runs, search_experiments;
