/*
 * XGBoost's JSON and UBJSON models (doc/model.schema of its repository). The trees come before the
 * sizes that they are checked against, so the file is walked twice.
 */
#include <math.h>

#include "base/num.h"
#include "fmt/real.h"
#include "registry/formats/doc.h"
#include "registry/scoring/scorer.h"

#define MAX_NAME  ((size_t)64 << 10)
#define MAX_NODES ((size_t)1 << 22) /* of one tree; also trees */
#define MAX_WEIGHTS ((size_t)1 << 24)

/* The arrays of a tree, each with a number a node but the last four, which are about categories. */
enum tree_part {
	LEFT, RIGHT, CONDITION, FEATURE, MISSING_GOES_LEFT, TYPE,
	CATEGORIES, CATEGORY_NODES, CATEGORY_SEGMENTS, CATEGORY_SIZES, PARTS,
};
static const char *const part_names[PARTS] = {
	"left_children", "right_children", "split_conditions", "split_indices", "default_left",
	"split_type", "categories", "categories_nodes", "categories_segments", "categories_sizes",
};

struct reading {
	struct scorer *s;
	struct source *src;
	struct doc *doc;
	bool trees_now; /* the second walk */
	bool by_scikit; /* saved by its scikit-learn class, which predicts with the best iteration */
	double n_features, n_classes, n_targets, best_iteration, leaf_size, parallel_trees;
	bool is_linear, is_dart;
	struct strbuf text, base_score;
	struct doc_numbers groups, drops, weights;
	struct doc_numbers parts[PARTS];
	size_t tree, trees;
	VEC(struct forest_split) splits;
};

typedef int (*key_handler)(struct reading *r, const char *key, struct mlops_error *err);

static int each_key(struct reading *r, key_handler handle, struct mlops_error *err)
{
	autobuf key = { 0 };
	int more;

	if (doc_object(r->doc, err))
		return -1;
	while ((more = doc_key(r->doc, &key, err)) > 0)
		if (handle(r, key.buf ? key.buf : "", err))
			return -1;
	return more;
}

static int read_text(struct reading *r, struct mlops_error *err)
{
	return doc_text(r->doc, MAX_NAME, &r->text, err);
}

static int read_number(struct reading *r, double *out, struct mlops_error *err)
{
	bool whole;

	if (read_text(r, err))
		return -1;
	if (!real_parse(r->text.buf, r->text.len, out, &whole))
		return scorer_refuse(r->src, err, "'%s' is no number", r->text.len ? r->text.buf : "");
	return 0;
}

static int on_tree_param(struct reading *r, const char *key, struct mlops_error *err)
{
	return !strcmp(key, "size_leaf_vector") ? read_number(r, &r->leaf_size, err) :
						  doc_skip(r->doc, err);
}

static int on_tree(struct reading *r, const char *key, struct mlops_error *err)
{
	if (!strcmp(key, "tree_param"))
		return each_key(r, on_tree_param, err);
	for (size_t i = 0; i < PARTS; i++)
		if (!strcmp(key, part_names[i]))
			return doc_numbers(r->doc, MAX_NODES, &r->parts[i], err);
	return doc_skip(r->doc, err);
}

/* The number of a part at a node as a whole number; absent is 0. */
static int64_t part_at(const struct reading *r, enum tree_part part, size_t i)
{
	double v = i < r->parts[part].n ? r->parts[part].v[i] : 0;

	return v >= -1 && v < (double)INT64_MAX ? (int64_t)v : INT64_MAX;
}

/* The members of the set that goes right at categories_nodes[i]. */
static int add_set(struct reading *r, size_t i, uint32_t *out, struct mlops_error *err)
{
	const struct doc_numbers *all = &r->parts[CATEGORIES];
	uint64_t first = (uint64_t)part_at(r, CATEGORY_SEGMENTS, i), n = (uint64_t)part_at(r, CATEGORY_SIZES, i);
	size_t words = 1;

	if (first > all->n || n > all->n - first)
		return scorer_refuse(r->src, err, "a split has categories that are not there");
	for (size_t k = first; k < first + n; k++) {
		if (!(all->v[k] >= 0 && all->v[k] < (double)MAX_NODES))
			return scorer_refuse(r->src, err, "category %g is out of range", all->v[k]);
		if ((size_t)all->v[k] / 32 >= words)
			words = (size_t)all->v[k] / 32 + 1;
	}
	autofree uint32_t *bits = xcalloc(words, sizeof(*bits));
	for (size_t k = first; k < first + n; k++)
		bits[(size_t)all->v[k] / 32] |= 1u << (size_t)all->v[k] % 32;
	*out = forest_add_set(&r->s->forest, bits, words);
	return 0;
}

/* Splits by categories send members right; ours send them left, so the branches change places. */
static int set_categories(struct reading *r, struct mlops_error *err)
{
	for (size_t i = 0; i < r->parts[CATEGORY_NODES].n; i++) {
		uint64_t node = (uint64_t)part_at(r, CATEGORY_NODES, i);

		if (node >= r->splits.n || r->splits.v[node].kind != SPLIT_BELOW)
			return scorer_refuse(r->src, err, "a node with categories does not split");
		struct forest_split *split = &r->splits.v[node];
		int64_t left = split->left;

		split->kind = SPLIT_IN_SET;
		split->left = split->right;
		split->right = left;
		split->missing_left = !split->missing_left;
		if (add_set(r, i, &split->index, err))
			return -1;
	}
	return 0;
}

static int fill_splits(struct reading *r, struct mlops_error *err)
{
	double drop = r->tree < r->drops.n ? r->drops.v[r->tree] : 1;
	double group = r->tree < r->groups.n ? r->groups.v[r->tree] : 0;
	size_t n = r->parts[LEFT].n;

	if (!(group >= 0 && group < (double)r->s->n_sums))
		return scorer_refuse(r->src, err, "tree %zu is of group %g", r->tree, group);
	if (!n || r->parts[RIGHT].n != n || r->parts[CONDITION].n != n || r->parts[FEATURE].n != n)
		return scorer_refuse(r->src, err, "tree %zu has arrays of different lengths", r->tree);
	r->splits.n = 0;
	for (size_t i = 0; i < n; i++) {
		int64_t left = part_at(r, LEFT, i), feature = part_at(r, FEATURE, i);
		double value = (double)(float)r->parts[CONDITION].v[i]; /* as text it is a few digits */

		if (feature < 0 || feature > UINT32_MAX)
			feature = UINT32_MAX; /* refused with the tree, if it splits by it */
		if (left < 0)
			vec_push(&r->splits, { .kind = SPLIT_LEAF, .index = (uint32_t)group,
					       .threshold = (double)(float)(value * drop) });
		else
			vec_push(&r->splits, { .kind = SPLIT_BELOW, .threshold = value,
					       .feature = (uint32_t)feature, .missing = MISSING_NAN,
					       .missing_left = part_at(r, MISSING_GOES_LEFT, i) != 0,
					       .left = left, .right = part_at(r, RIGHT, i) });
	}
	return set_categories(r, err);
}

static int read_tree(struct reading *r, struct mlops_error *err)
{
	for (size_t i = 0; i < PARTS; i++)
		r->parts[i].n = 0;
	if (each_key(r, on_tree, err))
		return -1;
	if (r->leaf_size > 1)
		return scorer_refuse(r->src, err, "its trees have leaves of several targets (multi_output_tree)");
	if (r->tree < r->trees && fill_splits(r, err))
		return -1;
	if (r->tree < r->trees && forest_add(&r->s->forest, r->splits.v, r->splits.n, err))
		return err_wrap(err, "'%s', tree %zu", r->src->name, r->tree);
	r->tree++;
	return 0;
}

static int read_trees(struct reading *r, struct mlops_error *err)
{
	int more;

	if (!r->trees_now)
		return doc_skip(r->doc, err);
	if (doc_array(r->doc, err))
		return -1;
	while ((more = doc_item(r->doc, err)) > 0)
		if (read_tree(r, err))
			return -1;
	return more;
}

static int on_forest_param(struct reading *r, const char *key, struct mlops_error *err)
{
	return !strcmp(key, "num_parallel_tree") ? read_number(r, &r->parallel_trees, err) :
						   doc_skip(r->doc, err);
}

static int on_model(struct reading *r, const char *key, struct mlops_error *err)
{
	if (!strcmp(key, "trees"))
		return read_trees(r, err);
	if (!strcmp(key, "tree_info"))
		return doc_numbers(r->doc, MAX_NODES, &r->groups, err);
	if (!strcmp(key, "gbtree_model_param"))
		return each_key(r, on_forest_param, err);
	if (!strcmp(key, "weights"))
		return doc_numbers(r->doc, MAX_WEIGHTS, &r->weights, err);
	return doc_skip(r->doc, err);
}

static int on_inner(struct reading *r, const char *key, struct mlops_error *err)
{
	return !strcmp(key, "model") ? each_key(r, on_model, err) : doc_skip(r->doc, err);
}

static int read_booster_name(struct reading *r, struct mlops_error *err)
{
	if (read_text(r, err))
		return -1;
	struct str name = { r->text.buf, r->text.len };
	r->is_linear = str_eq(name, "gblinear");
	r->is_dart = str_eq(name, "dart");
	if (!r->is_linear && !r->is_dart && !str_eq(name, "gbtree"))
		return scorer_refuse(r->src, err, "its booster is '" STR_FMT "'", STR_ARG(name));
	return 0;
}

static int on_booster(struct reading *r, const char *key, struct mlops_error *err)
{
	if (!strcmp(key, "name"))
		return read_booster_name(r, err);
	if (!strcmp(key, "gbtree")) /* what dart is made of */
		return each_key(r, on_inner, err);
	if (!strcmp(key, "weight_drop"))
		return doc_numbers(r->doc, MAX_NODES, &r->drops, err);
	return on_inner(r, key, err);
}

static int on_param(struct reading *r, const char *key, struct mlops_error *err)
{
	if (!strcmp(key, "num_feature"))
		return read_number(r, &r->n_features, err);
	if (!strcmp(key, "num_class"))
		return read_number(r, &r->n_classes, err);
	if (!strcmp(key, "num_target"))
		return read_number(r, &r->n_targets, err);
	return !strcmp(key, "base_score") ? doc_text(r->doc, MAX_NAME, &r->base_score, err) :
					    doc_skip(r->doc, err);
}

static int on_attribute(struct reading *r, const char *key, struct mlops_error *err)
{
	if (!strcmp(key, "scikit_learn"))
		r->by_scikit = true;
	return !strcmp(key, "best_iteration") ? read_number(r, &r->best_iteration, err) :
						doc_skip(r->doc, err);
}

static int on_objective(struct reading *r, const char *key, struct mlops_error *err)
{
	if (strcmp(key, "name"))
		return doc_skip(r->doc, err);
	if (read_text(r, err))
		return -1;
	free(r->s->objective);
	r->s->objective = xstrndup(r->text.buf ? r->text.buf : "", r->text.len);
	return 0;
}

static int read_names(struct reading *r, struct mlops_error *err)
{
	int more;

	strlist_clear(&r->s->names);
	if (doc_array(r->doc, err))
		return -1;
	while ((more = doc_item(r->doc, err)) > 0) {
		if (read_text(r, err))
			return -1;
		strlist_take(&r->s->names, xstrndup(r->text.buf ? r->text.buf : "", r->text.len));
	}
	return more;
}

static int on_learner(struct reading *r, const char *key, struct mlops_error *err)
{
	if (!strcmp(key, "gradient_booster"))
		return each_key(r, on_booster, err);
	if (r->trees_now)
		return doc_skip(r->doc, err);
	if (!strcmp(key, "learner_model_param"))
		return each_key(r, on_param, err);
	if (!strcmp(key, "attributes"))
		return each_key(r, on_attribute, err);
	if (!strcmp(key, "objective"))
		return each_key(r, on_objective, err);
	return !strcmp(key, "feature_names") ? read_names(r, err) : doc_skip(r->doc, err);
}

static int on_top(struct reading *r, const char *key, struct mlops_error *err)
{
	return !strcmp(key, "learner") ? each_key(r, on_learner, err) : doc_skip(r->doc, err);
}

static int walk(struct reading *r, bool binary, struct mlops_error *err)
{
	autodoc d = { 0 };

	r->doc = &d;
	return doc_open(&d, r->src, binary, err) || each_key(r, on_top, err) ? -1 : 0;
}

/* What each objective makes of a sum, and of base_score, which is saved as a prediction. */
static int set_link(struct reading *r, struct mlops_error *err)
{
	static const struct { const char *prefix; enum link_kind link, base; } rows[] = {
		{ "binary:logistic", LINK_LOGISTIC, LINK_LOGISTIC },
		{ "reg:logistic", LINK_LOGISTIC, LINK_LOGISTIC },
		{ "binary:logitraw", LINK_IDENTITY, LINK_IDENTITY },
		{ "binary:hinge", LINK_STEP, LINK_IDENTITY },
		{ "multi:softmax", LINK_ARGMAX, LINK_IDENTITY },
		{ "multi:softprob", LINK_SOFTMAX, LINK_IDENTITY },
		{ "count:poisson", LINK_EXP, LINK_EXP },
		{ "reg:gamma", LINK_EXP, LINK_EXP },
		{ "reg:tweedie", LINK_EXP, LINK_EXP },
		{ "survival:", LINK_EXP, LINK_EXP },
		{ "reg:", LINK_IDENTITY, LINK_IDENTITY },
		{ "rank:", LINK_IDENTITY, LINK_IDENTITY },
	};
	const char *objective = r->s->objective ? r->s->objective : "";

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!str_starts(objective, rows[i].prefix))
			continue;
		r->s->links[0] = rows[i].link;
		for (size_t k = 0; k < r->s->n_sums; k++) {
			double *base = &r->s->base[k];

			if (rows[i].base == LINK_LOGISTIC)
				*base = -log(1 / *base - 1);
			else if (rows[i].base == LINK_EXP)
				*base = log(*base);
			*base = (double)(float)*base;
		}
		return 0;
	}
	return scorer_refuse(r->src, err, "its objective is '%s'", objective);
}

/* "5E-1", or since version 3.1 "[5E-1]", with a number a target. */
static int set_base(struct reading *r, struct mlops_error *err)
{
	struct str rest = str_trim((struct str){ r->base_score.buf, r->base_score.len });
	size_t n = 0;

	if (rest.n > 1 && rest.p[0] == '[')
		rest = (struct str){ rest.p + 1, rest.n - 2 };
	while (rest.n && n < r->s->n_sums) {
		struct str word = str_split(rest, ',', &rest);
		bool whole;

		if (!real_parse(word.p, word.n, &r->s->base[n], &whole))
			return scorer_refuse(r->src, err, "base_score is '%s'", r->base_score.buf);
		n++;
	}
	if (rest.n || (n > 1 && n < r->s->n_sums))
		return scorer_refuse(r->src, err, "base_score is '%s'", r->base_score.buf);
	for (size_t k = n; n && k < r->s->n_sums; k++)
		r->s->base[k] = r->s->base[0];
	return set_link(r, err);
}

/* Rows of features, a number for each group; the last row is the intercepts. */
static int set_linear(struct reading *r, struct mlops_error *err)
{
	struct scorer *s = r->s;
	size_t n;

	if (!size_mul(s->n_features + 1, s->n_sums, &n) || r->weights.n != n)
		return scorer_refuse(r->src, err, "it has %zu weights", r->weights.n);
	s->factors = xcalloc(n, sizeof(*s->factors));
	for (size_t i = 0; i < s->n_features; i++)
		for (size_t k = 0; k < s->n_sums; k++)
			s->factors[k * s->n_features + i] = r->weights.v[i * s->n_sums + k];
	for (size_t k = 0; k < s->n_sums; k++)
		s->base[k] += r->weights.v[s->n_features * s->n_sums + k];
	return 0;
}

/* Up to the best iteration where scikit-learn's class would stop there too. */
static size_t trees_used(const struct reading *r)
{
	double trees = (r->best_iteration + 1) * fmax(1, r->parallel_trees) * (double)r->s->n_sums;

	return r->by_scikit && trees > 0 && trees < (double)MAX_NODES ? (size_t)trees : SIZE_MAX;
}

static int set_sizes(struct reading *r, struct mlops_error *err)
{
	double sums = fmax(1, fmax(r->n_classes, r->n_targets));

	if (!(r->n_features >= 1 && r->n_features < (double)FOREST_MAX_FEATURES && sums < (double)MAX_NODES))
		return scorer_refuse(r->src, err, "it has %g features and %g outputs", r->n_features, sums);
	if (scorer_size(r->s, r->src, (uint64_t)r->n_features, (uint64_t)sums, err))
		return -1;
	if (r->s->names.n != r->s->n_features)
		strlist_clear(&r->s->names);
	return set_base(r, err);
}

static int read_model(struct reading *r, bool binary, struct mlops_error *err)
{
	r->s->single = true;
	if (walk(r, binary, err) || set_sizes(r, err))
		return -1;
	if (r->is_linear)
		return set_linear(r, err);
	r->trees = trees_used(r);
	r->trees_now = true;
	return walk(r, binary, err);
}

static int read_either(struct source *src, struct scorer *s, bool binary, struct mlops_error *err)
{
	struct reading r = { .s = s, .src = src, .best_iteration = -1 };
	int rc = read_model(&r, binary, err);

	strbuf_clear(&r.text);
	strbuf_clear(&r.base_score);
	vec_free(&r.groups);
	vec_free(&r.drops);
	vec_free(&r.weights);
	for (size_t i = 0; i < PARTS; i++)
		vec_free(&r.parts[i]);
	vec_free(&r.splits);
	return rc;
}

static int read_json(struct source *src, struct scorer *s, struct mlops_error *err)
{
	return read_either(src, s, false, err);
}

static int read_ubj(struct source *src, struct scorer *s, struct mlops_error *err)
{
	return read_either(src, s, true, err);
}

const struct scorer_format scorer_xgboost_json = { .name = "xgboost-json", .read = read_json };
const struct scorer_format scorer_xgboost_ubj = { .name = "xgboost-ubj", .read = read_ubj };
