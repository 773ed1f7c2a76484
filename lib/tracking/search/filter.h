/*
 * MLflow's search language: "metrics.acc > 0.9 AND tags.`a b` LIKE '%x'". It is parsed here, once
 * for everything that is searched; what a key means, and which operators it takes, is said by the
 * kind of what is searched (kind.h).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum filter_entity {
	FILTER_ATTRIBUTE = 1,
	FILTER_METRIC = 2,
	FILTER_PARAM = 4,
	FILTER_TAG = 8,
	FILTER_DATASET = 16,
	FILTER_METADATA = 32, /* this and what follows: of traces */
	FILTER_SPAN = 64,
	FILTER_FEEDBACK = 128,
	FILTER_EXPECTATION = 256,
	FILTER_ISSUE = 512,
};

enum filter_op {
	FILTER_EQ,
	FILTER_NE,
	FILTER_LT,
	FILTER_LE,
	FILTER_GT,
	FILTER_GE,
	FILTER_LIKE,
	FILTER_ILIKE,
	FILTER_IN,
	FILTER_NOT_IN,
	FILTER_IS_NULL,
	FILTER_IS_NOT_NULL,
};

struct filter_term {
	enum filter_entity entity;
	const char *key;
	enum filter_op op;
	const char *text; /* the value as it stands there; of a string, what is between its quotes */
	bool is_string;
	double number; /* when it is no string */
	const char **list; /* of FILTER_IN and FILTER_NOT_IN */
	size_t n;
};

struct filter {
	struct filter_term *v;
	size_t n;
};

struct order_term {
	enum filter_entity entity;
	const char *key;
	bool descending;
};

/* Terms joined by AND; an empty text gives none. All of it in `arena`. */
int filter_parse(const char *text, struct arena *arena, struct filter *out, struct mlops_error *err);
/* "metrics.acc DESC". */
int order_parse(const char *text, struct arena *arena, struct order_term *out,
		struct mlops_error *err);
