/* Laying trees out, and going down them. */
#include "registry/scoring/forest.h"

#include <assert.h>
#include <math.h>

/* Kinds of nodes, above the feature. */
#define LEAF         (1u << 31)
#define ODD          (1u << 30) /* of a leaf: linear or shares; of a split: by a set */
#define MISSING_LEFT (1u << 29)
#define MISSING_AT   27 /* two bits */
#define SHARES       (1u << 29) /* of an odd leaf */
#define FEATURE_MASK ((1u << MISSING_AT) - 1)
#define ALMOST_ZERO  1e-35 /* LightGBM's kZeroThreshold, include/LightGBM/meta.h */

static_assert(sizeof(struct forest_node) == 16, "four nodes a cache line");

void forest_init(struct forest *f, size_t n_features, size_t n_targets, bool single)
{
	*f = (struct forest){
		.n_features = n_features, .n_targets = n_targets, .single = single, .plain = true,
	};
}

void forest_clear(struct forest *f)
{
	vec_free(&f->nodes);
	vec_free(&f->roots);
	vec_free(&f->words);
	vec_free(&f->sets);
	vec_free(&f->linears);
	vec_free(&f->terms);
	vec_free(&f->shares);
	vec_free(&f->leaves);
}

uint32_t forest_add_set(struct forest *f, const uint32_t *words, size_t n)
{
	vec_push(&f->sets, { (uint32_t)f->words.n, (uint32_t)n });
	for (size_t i = 0; i < n; i++)
		vec_push(&f->words, words[i]);
	return (uint32_t)f->sets.n - 1;
}

uint32_t forest_add_linear(struct forest *f, double constant, double fallback, uint32_t target)
{
	vec_push(&f->linears, { constant, fallback, (uint32_t)f->terms.n, 0, target });
	return (uint32_t)f->linears.n - 1;
}

int forest_add_term(struct forest *f, uint32_t feature, double factor, struct mlops_error *err)
{
	if (feature >= f->n_features)
		return err_set(err, MLOPS_EINVALID, "a leaf uses feature %u of %zu", feature,
			       f->n_features);
	vec_push(&f->terms, { feature, factor });
	f->linears.v[f->linears.n - 1].n++;
	return 0;
}

uint32_t forest_add_shares(struct forest *f)
{
	vec_push(&f->leaves, { (uint32_t)f->shares.n, 0 });
	return (uint32_t)f->leaves.n - 1;
}

void forest_add_share(struct forest *f, uint32_t target, double value)
{
	vec_push(&f->shares, { target, value });
	f->leaves.v[f->leaves.n - 1].n++;
}

static int check(const struct forest *f, const struct forest_split *s, struct mlops_error *err)
{
	size_t limit = s->kind == SPLIT_IN_SET      ? f->sets.n :
		       s->kind == SPLIT_LINEAR_LEAF ? f->linears.n :
		       s->kind == SPLIT_SHARES      ? f->leaves.n :
						      f->n_targets;

	if (s->kind != SPLIT_BELOW && s->index >= limit)
		return err_set(err, MLOPS_EINVALID, "a node has number %u of %zu", s->index, limit);
	if ((s->kind == SPLIT_BELOW || s->kind == SPLIT_IN_SET) && s->feature >= f->n_features)
		return err_set(err, MLOPS_EINVALID, "a node splits by feature %u of %zu", s->feature,
			       f->n_features);
	return 0;
}

static struct forest_node leaf_node(const struct forest_split *s)
{
	if (s->kind == SPLIT_LEAF)
		return (struct forest_node){ .value = s->threshold, .feature = LEAF, .right = s->index };
	return (struct forest_node){ .index = s->index,
				     .feature = LEAF | ODD | (s->kind == SPLIT_SHARES ? SHARES : 0) };
}

static struct forest_node split_node(const struct forest_split *s)
{
	struct forest_node node = { .threshold = s->threshold,
				    .feature = s->feature | (uint32_t)s->missing << MISSING_AT };

	if (s->missing_left)
		node.feature |= MISSING_LEFT;
	if (s->kind == SPLIT_IN_SET) {
		node.feature |= ODD;
		node.index = s->index;
	}
	return node;
}

/* A node that is still to be laid out, and the one whose right child it is, or NONE. */
struct waiting {
	size_t split;
	uint32_t parent;
};
#define NONE UINT32_MAX

struct layout {
	struct forest *f;
	const struct forest_split *splits;
	size_t n;
	VEC(struct waiting) waiting;
	bool *seen;
};

static int wait_for(struct layout *l, int64_t split, uint32_t parent, struct mlops_error *err)
{
	if (split < 0 || (uint64_t)split >= l->n || l->seen[split])
		return err_set(err, MLOPS_EINVALID, "a tree has a node that is nowhere or has two parents");
	l->seen[split] = true;
	vec_push(&l->waiting, { (size_t)split, parent });
	return 0;
}

static int lay_out(struct layout *l, struct mlops_error *err)
{
	struct forest *f = l->f;

	while (l->waiting.n) {
		struct waiting at = l->waiting.v[--l->waiting.n];
		const struct forest_split *s = &l->splits[at.split];
		bool is_leaf = s->kind != SPLIT_BELOW && s->kind != SPLIT_IN_SET;
		uint32_t here = (uint32_t)f->nodes.n;

		if (check(f, s, err))
			return -1;
		if (here >= FOREST_MAX_NODES)
			return err_set(err, MLOPS_EINVALID, "there are more than %u nodes", FOREST_MAX_NODES);
		if (at.parent != NONE)
			f->nodes.v[at.parent].right = here;
		struct forest_node node = is_leaf ? leaf_node(s) : split_node(s);
		vec_push(&f->nodes, node);
		if (is_leaf)
			continue;
		if (s->kind == SPLIT_IN_SET || s->missing == MISSING_ZERO)
			f->plain = false;
		if (wait_for(l, s->right, here, err) || wait_for(l, s->left, NONE, err))
			return -1;
	}
	return 0;
}

int forest_add(struct forest *f, const struct forest_split *splits, size_t n, struct mlops_error *err)
{
	autofree bool *seen = xcalloc(n + 1, sizeof(*seen));
	struct layout l = { .f = f, .splits = splits, .n = n, .seen = seen };

	vec_push(&f->roots, (uint32_t)f->nodes.n);
	int rc = wait_for(&l, 0, NONE, err) || lay_out(&l, err) ? -1 : 0;
	vec_free(&l.waiting);
	return rc;
}

static bool in_set(const struct forest *f, uint64_t index, double x)
{
	const struct forest_set *set = &f->sets.v[index];

	if (!(x > -1) || x >= (double)set->n * 32)
		return false;
	uint32_t category = (uint32_t)x;
	return f->words.v[set->first + category / 32] >> category % 32 & 1;
}

static bool goes_left(const struct forest *f, const struct forest_node *node, double x)
{
	enum missing_kind missing = node->feature >> MISSING_AT & 3;

	if (isnan(x) && missing != MISSING_NAN)
		x = 0;
	if (missing == MISSING_NAN ? isnan(x) : missing == MISSING_ZERO && fabs(x) <= ALMOST_ZERO)
		return node->feature & MISSING_LEFT;
	return node->feature & ODD ? in_set(f, node->index, x) : x < node->threshold;
}

static const struct forest_node *descend(const struct forest *f, const struct forest_node *node,
					 const double *row)
{
	while (!(node->feature & LEAF))
		node = goes_left(f, node, row[node->feature & FEATURE_MASK]) ?
			       node + 1 :
			       f->nodes.v + node->right;
	return node;
}

/* The same for a plain forest and a row in which nothing is missing. */
static const struct forest_node *descend_plain(const struct forest *f, const struct forest_node *node,
					       const double *row)
{
	while (!(node->feature & LEAF))
		node = row[node->feature & FEATURE_MASK] < node->threshold ? node + 1 :
									     f->nodes.v + node->right;
	return node;
}

static void add(const struct forest *f, double *sum, double value)
{
	*sum += value;
	if (f->single)
		*sum = (double)(float)*sum;
}

static double linear_value(const struct forest *f, const struct forest_linear *l, const double *row)
{
	double sum = l->constant;

	for (uint32_t i = l->first; i < l->first + l->n; i++) {
		double x = row[f->terms.v[i].feature];

		if (isnan(x))
			return l->fallback;
		sum += f->terms.v[i].factor * x;
	}
	return sum;
}

static void add_leaf(const struct forest *f, const struct forest_node *node, const double *row,
		     double *sums)
{
	if (!(node->feature & ODD)) {
		add(f, &sums[node->right], node->value);
		return;
	}
	if (!(node->feature & SHARES)) {
		const struct forest_linear *l = &f->linears.v[node->index];

		add(f, &sums[l->target], linear_value(f, l, row));
		return;
	}
	const struct forest_shares *s = &f->leaves.v[node->index];
	for (uint32_t i = s->first; i < s->first + s->n; i++)
		add(f, &sums[f->shares.v[i].target], f->shares.v[i].value);
}

void forest_sum(const struct forest *f, const double *row, double *sums)
{
	bool plain = f->plain;

	for (size_t i = 0; plain && i < f->n_features; i++)
		plain = !isnan(row[i]);
	for (size_t i = 0; i < f->roots.n; i++) {
		const struct forest_node *root = &f->nodes.v[f->roots.v[i]];

		add_leaf(f, plain ? descend_plain(f, root, row) : descend(f, root, row), row, sums);
	}
}
