/*
 * Decision trees of any origin in one form. A tree's nodes lie in the order in which they are met
 * when the left branch is always followed, so the left child is the next node; only the right one
 * is named.
 */
#pragma once

#include "base/err.h"
#include "base/vec.h"

#define FOREST_MAX_FEATURES (1u << 26)
#define FOREST_MAX_NODES    (1u << 28)

/* What a node does with a value that is missing. */
enum missing_kind {
	MISSING_NONE, /* there is none: NaN is taken for 0 */
	MISSING_ZERO, /* NaN and 0 are missing */
	MISSING_NAN,
};

/* A node as a reader of a format hands it over. Children are indices of the same tree. */
struct forest_split {
	enum { SPLIT_LEAF, SPLIT_BELOW, SPLIT_IN_SET, SPLIT_LINEAR_LEAF, SPLIT_SHARES } kind;
	uint32_t feature;
	double threshold; /* SPLIT_BELOW: x < threshold goes left; SPLIT_LEAF: its value */
	uint32_t index;   /* SPLIT_LEAF: target; SPLIT_IN_SET: set, whose members go left; else what is added */
	enum missing_kind missing;
	bool missing_left;
	int64_t left, right;
};

struct forest_node {
	union {
		double threshold, value;
		uint64_t index;
	};
	uint32_t feature; /* and what kind of node this is */
	uint32_t right;   /* of a leaf: its target */
};

struct forest_set {
	uint32_t first, n; /* of words */
};

/* A leaf that is a linear function; `fallback` where one of its features is missing. */
struct forest_linear {
	double constant, fallback;
	uint32_t first, n, target; /* terms */
};

struct forest_term {
	uint32_t feature;
	double factor;
};

/* One target's part of a leaf that has several. */
struct forest_share {
	uint32_t target;
	double value;
};

struct forest_shares {
	uint32_t first, n;
};

struct forest {
	VEC(struct forest_node) nodes;
	VEC(uint32_t) roots;
	VEC(uint32_t) words;
	VEC(struct forest_set) sets;
	VEC(struct forest_linear) linears;
	VEC(struct forest_term) terms;
	VEC(struct forest_share) shares;
	VEC(struct forest_shares) leaves;
	size_t n_features, n_targets;
	bool single; /* sums are rounded to float after each tree, as the library does */
	bool plain;  /* no sets, no zeros that are missing: the short way through */
};

void forest_init(struct forest *f, size_t n_features, size_t n_targets, bool single);
void forest_clear(struct forest *f);
/* What forest_split.index names. Words are lent: bit i of them is category i. */
uint32_t forest_add_set(struct forest *f, const uint32_t *words, size_t n);
uint32_t forest_add_linear(struct forest *f, double constant, double fallback, uint32_t target);
/* A factor of the linear leaf that was added last. */
int forest_add_term(struct forest *f, uint32_t feature, double factor, struct mlops_error *err);
uint32_t forest_add_shares(struct forest *f); /* empty */
void forest_add_share(struct forest *f, uint32_t target, double value); /* to the shares added last */
/* The tree whose root is splits[0]. Whatever is out of range, shared or circular is MLOPS_EINVALID. */
int forest_add(struct forest *f, const struct forest_split *splits, size_t n, struct mlops_error *err);
/* Adds each tree's leaf for the row to `sums`, which has n_targets. */
void forest_sum(const struct forest *f, const double *row, double *sums);
