/*
 * What a row goes through: scaled inputs, a forest or a linear function, and the link that turns
 * their sums into predictions. A format is one file that fills in a scorer, and one line in
 * scorer.c.
 */
#pragma once

#include "base/arena.h"
#include "fmt/source.h"
#include "mlops/scoring.h"
#include "registry/scoring/forest.h"

/* From sums to predictions. */
enum link_kind {
	LINK_IDENTITY,
	LINK_LOGISTIC, /* 1 / (1 + exp(-scale * x)), each by itself */
	LINK_BOTH,     /* of one sum that is a probability p: 1 - p and p */
	LINK_BOTH_LOGISTIC, /* of one sum, 1 - p and p of its logistic */
	LINK_EXP,
	LINK_LOG1P_EXP,
	LINK_SOFTMAX,
	LINK_ARGMAX,
	LINK_STEP,     /* 1 above 0, else 0 */
	LINK_SQUARE,   /* x * |x| */
	LINK_SHARE,    /* each by the sum of all */
};

/* LINK_LOGISTIC then LINK_SHARE is how one-vs-rest classifiers end. */
#define SCORER_LINKS 2

struct scorer {
	const char *format;
	char *objective;       /* or NULL */
	struct strlist names;  /* of columns; empty or n_features */
	size_t n_features, n_sums;
	bool single;           /* the library works on floats: inputs are rounded to it */
	double *offset, *scale; /* (x - offset) * scale comes first; or NULL */
	double *base;           /* n_sums: where sums begin */
	double *factors;        /* of a linear function, n_sums rows of n_features; or NULL */
	struct forest forest;
	double divide;          /* sums by it */
	double logistic_scale;
	enum link_kind links[SCORER_LINKS];
};

struct scorer_format {
	const char *name; /* as mlops_inspect() has it */
	/* Fills in a scorer that is zero but for its format; cleared by the caller. */
	int (*read)(struct source *src, struct scorer *s, struct mlops_error *err);
};

extern const struct scorer_format scorer_xgboost_json, scorer_xgboost_ubj, scorer_lightgbm, scorer_onnx;

/* Sets the sizes, which are checked, and makes room for what has them. */
int scorer_size(struct scorer *s, const struct source *src, uint64_t n_features, uint64_t n_sums,
		struct mlops_error *err);
/* "'model.json' cannot be scored here: <text>", MLOPS_EINVALID. */
__attribute__((format(printf, 3, 4)))
int scorer_refuse(const struct source *src, struct mlops_error *err, const char *fmt, ...);
/* Predictions of one row from its sums, in place but for n_outputs, which may be more or fewer. */
size_t link_outputs(const struct scorer *s);
void link_apply(const struct scorer *s, const double *sums, double *out);
