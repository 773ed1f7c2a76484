/* What a parameter is looked for in: "train.lr=loguniform(1e-4,1)", "n=range(1,10)", "opt=sgd,adam". */
#pragma once

#include "base/err.h"
#include "base/vec.h"
#include "pipeline/search/rng.h"

enum space_kind {
	SPACE_CHOICE,     /* one of a list of texts */
	SPACE_INT,        /* a whole number from a to b */
	SPACE_UNIFORM,    /* a number from a to b */
	SPACE_LOGUNIFORM, /* the same, of even logarithm */
	SPACE_NORMAL,     /* of mean a and deviation b */
};

struct space {
	char *key;  /* "[FILE:]KEY" */
	char *text; /* what it was parsed from, without the key */
	enum space_kind kind;
	struct strlist choices;
	double a, b;
};

struct spaces {
	struct space *v;
	size_t n, cap;
};

#define GRID_MAX 100000 /* trials of a search */

/* Adds what "KEY=SPACE" says; MLOPS_EUSAGE for what makes no sense, or a key that is there. */
int spaces_add(struct spaces *spaces, const char *typed, struct mlops_error *err);
void spaces_clear(struct spaces *spaces);
#define autospaces __attribute__((cleanup(spaces_clear))) struct spaces

/* How many points the grid of all has; MLOPS_EUSAGE when one cannot be counted, or more than GRID_MAX. */
int spaces_grid(const struct spaces *spaces, size_t *out, struct mlops_error *err);
/* The value of one parameter at point `i` of the grid, of which the last runs fastest; new. */
char *spaces_grid_value(const struct spaces *spaces, size_t space, size_t i);

/*
 * Where numbers are thought of: on an axis that is logarithmic for SPACE_LOGUNIFORM, and from half a
 * number below the first whole one to half above the last; for choices, their index.
 */
double space_low(const struct space *s);
double space_high(const struct space *s);
/* The value at a place on the axis; new. */
char *space_value(const struct space *s, double at);
/* The place of a value; false for a text that is none. */
bool space_place(const struct space *s, const char *value, double *out);
/* A place drawn at random. */
double space_draw(const struct space *s, struct rng *rng);
