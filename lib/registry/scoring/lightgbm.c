/*
 * LightGBM's text models: a header, then a block of key=value lines for each tree (src/boosting/
 * gbdt_model_text.cpp and src/io/tree.cpp of its repository say what they mean).
 */
#include <math.h>

#include "base/num.h"
#include "fmt/real.h"
#include "registry/formats/doc.h"
#include "registry/scoring/scorer.h"

#define MAX_FILE   ((size_t)1 << 30)
#define MAX_LEAVES ((size_t)1 << 22)

/* Bits of decision_type. */
#define BY_CATEGORY  1
#define DEFAULT_LEFT 2

enum column {
	SPLIT_FEATURE, THRESHOLD, DECISION, LEFT_CHILD, RIGHT_CHILD, LEAF_VALUE,
	CAT_BOUNDARIES, CAT_THRESHOLD, LEAF_CONST, NUM_FEATURES, LEAF_FEATURES, LEAF_COEFF, COLUMNS,
};
static const char *const column_names[COLUMNS] = {
	"split_feature", "threshold", "decision_type", "left_child", "right_child", "leaf_value",
	"cat_boundaries", "cat_threshold", "leaf_const", "num_features", "leaf_features", "leaf_coeff",
};

struct reading {
	struct scorer *s;
	struct source *src;
	bool is_linear; /* of the tree: its leaves are */
	int64_t leaves;
	struct doc_numbers columns[COLUMNS];
	size_t tree, per_iteration;
	VEC(struct forest_split) splits;
};

static int read_numbers(struct reading *r, struct str text, struct doc_numbers *out, struct mlops_error *err)
{
	out->n = 0;
	while (text.n) {
		struct str word = str_split(text, ' ', &text);
		bool whole;
		double v;

		if (!word.n)
			continue;
		if (str_eq(word, "nan") || str_eq(word, "-nan"))
			v = NAN;
		else if (!real_parse(word.p, word.n, &v, &whole))
			return scorer_refuse(r->src, err, "'" STR_FMT "' is no number", STR_ARG(word));
		vec_push(out, v);
	}
	return 0;
}

static bool whole_number(struct str text, int64_t *out)
{
	autofree char *copy = xstrndup(text.p, text.n);

	return num_parse_i64(copy, out);
}

/* The whole number of a column, or INT64_MIN where there is none. */
static int64_t at(const struct reading *r, enum column column, size_t i)
{
	double v = i < r->columns[column].n ? r->columns[column].v[i] : NAN;

	return v >= -1e15 && v <= 1e15 ? (int64_t)v : INT64_MIN;
}

/* A child that is negative is a leaf; leaves stand behind the splits. */
static int64_t child(const struct reading *r, enum column column, size_t i)
{
	int64_t v = at(r, column, i);

	return v >= 0 ? v : v == INT64_MIN ? -1 : r->leaves - 1 + ~v;
}

static int add_set(struct reading *r, int64_t set, uint32_t *out, struct mlops_error *err)
{
	int64_t first = set < 0 ? -1 : at(r, CAT_BOUNDARIES, (size_t)set);
	int64_t end = set < 0 ? -1 : at(r, CAT_BOUNDARIES, (size_t)set + 1);

	if (first < 0 || end < first || (uint64_t)end > r->columns[CAT_THRESHOLD].n)
		return scorer_refuse(r->src, err, "tree %zu has categories that are not there", r->tree);
	autofree uint32_t *words = xcalloc((size_t)(end - first) + 1, sizeof(*words));
	for (int64_t i = first; i < end; i++)
		words[i - first] = (uint32_t)at(r, CAT_THRESHOLD, (size_t)i);
	*out = forest_add_set(&r->s->forest, words, (size_t)(end - first));
	return 0;
}

static int add_split(struct reading *r, size_t i, struct mlops_error *err)
{
	int64_t feature = at(r, SPLIT_FEATURE, i), decision = at(r, DECISION, i);
	struct forest_split split = {
		.kind = SPLIT_BELOW, .feature = feature < 0 || feature > UINT32_MAX ? UINT32_MAX : (uint32_t)feature,
		.left = child(r, LEFT_CHILD, i), .right = child(r, RIGHT_CHILD, i),
	};

	if (decision < 0 || (decision >> 2 & 3) > MISSING_NAN)
		return scorer_refuse(r->src, err, "tree %zu has a decision_type that is not known", r->tree);
	if (decision & BY_CATEGORY) {
		split.kind = SPLIT_IN_SET;
		split.missing = MISSING_NAN; /* goes right */
		if (add_set(r, at(r, THRESHOLD, i), &split.index, err))
			return -1;
	} else { /* x <= threshold goes left */
		split.threshold = nextafter(r->columns[THRESHOLD].v[i], INFINITY);
		split.missing = (enum missing_kind)(decision >> 2 & 3);
		split.missing_left = decision & DEFAULT_LEFT;
	}
	vec_push(&r->splits, split);
	return 0;
}

/* leaf_features and leaf_coeff have the terms of all leaves, one behind the other from *term on. */
static int add_linear_leaf(struct reading *r, size_t i, uint32_t target, size_t *term, struct mlops_error *err)
{
	struct forest *f = &r->s->forest;
	int64_t n = at(r, NUM_FEATURES, i);

	if (i >= r->columns[LEAF_CONST].n || n < 0 || (uint64_t)n > r->columns[LEAF_FEATURES].n - *term ||
	    (uint64_t)n > r->columns[LEAF_COEFF].n - *term)
		return scorer_refuse(r->src, err, "tree %zu has a linear leaf that is not complete", r->tree);
	uint32_t index = forest_add_linear(f, r->columns[LEAF_CONST].v[i], r->columns[LEAF_VALUE].v[i], target);
	for (int64_t k = 0; k < n; k++, ++*term) {
		int64_t feature = at(r, LEAF_FEATURES, *term);

		if (forest_add_term(f, feature < 0 || feature > UINT32_MAX ? UINT32_MAX : (uint32_t)feature,
				    r->columns[LEAF_COEFF].v[*term], err))
			return -1;
	}
	vec_push(&r->splits, { .kind = SPLIT_LINEAR_LEAF, .index = index });
	return 0;
}

static int add_leaves(struct reading *r, struct mlops_error *err)
{
	uint32_t target = (uint32_t)(r->tree % r->per_iteration);
	size_t term = 0;

	for (size_t i = 0; i < (size_t)r->leaves; i++) {
		if (r->is_linear && add_linear_leaf(r, i, target, &term, err))
			return -1;
		if (!r->is_linear)
			vec_push(&r->splits, { .kind = SPLIT_LEAF, .index = target,
					       .threshold = r->columns[LEAF_VALUE].v[i] });
	}
	return 0;
}

static int finish_tree(struct reading *r, struct mlops_error *err)
{
	size_t n = r->leaves > 0 ? (size_t)r->leaves - 1 : 0;

	if (r->leaves < 1 || (uint64_t)r->leaves > MAX_LEAVES || r->columns[LEAF_VALUE].n != (size_t)r->leaves)
		return scorer_refuse(r->src, err, "tree %zu has no leaves, or not as many as it says", r->tree);
	for (enum column c = SPLIT_FEATURE; c <= RIGHT_CHILD; c++)
		if (r->columns[c].n != n)
			return scorer_refuse(r->src, err, "tree %zu has %zu of %s for %zu splits", r->tree,
					     r->columns[c].n, column_names[c], n);
	r->splits.n = 0;
	for (size_t i = 0; i < n; i++)
		if (add_split(r, i, err))
			return -1;
	if (add_leaves(r, err))
		return -1;
	if (forest_add(&r->s->forest, r->splits.v, r->splits.n, err))
		return err_wrap(err, "'%s', tree %zu", r->src->name, r->tree);
	r->tree++;
	return 0;
}

static int on_tree_line(struct reading *r, struct str key, struct str value, struct mlops_error *err)
{
	int64_t number;

	if (str_eq(key, "num_leaves") && !whole_number(value, &r->leaves))
		return scorer_refuse(r->src, err, "num_leaves is '" STR_FMT "'", STR_ARG(value));
	if (str_eq(key, "is_linear"))
		r->is_linear = whole_number(value, &number) && number;
	for (size_t i = 0; i < COLUMNS; i++)
		if (str_eq(key, column_names[i]))
			return read_numbers(r, value, &r->columns[i], err);
	return 0;
}

/* One block, from "Tree=N" to the next or the end. */
static int read_tree(struct reading *r, struct str *rest, struct mlops_error *err)
{
	r->is_linear = false;
	r->leaves = 0;
	for (size_t i = 0; i < COLUMNS; i++)
		r->columns[i].n = 0;
	while (rest->n) {
		struct str next, line = str_trim(str_split(*rest, '\n', &next)), value;
		struct str key = str_split(line, '=', &value);

		if (str_eq(key, "Tree") || str_eq(line, "end of trees"))
			break;
		*rest = next;
		if (on_tree_line(r, key, value, err))
			return -1;
	}
	return finish_tree(r, err);
}

static int read_trees(struct reading *r, struct str rest, struct mlops_error *err)
{
	while (rest.n) {
		struct str line = str_trim(str_split(rest, '\n', &rest)), value;

		if (str_eq(line, "end of trees"))
			return 0;
		if (str_eq(str_split(line, '=', &value), "Tree") && read_tree(r, &rest, err))
			return -1;
	}
	return scorer_refuse(r->src, err, "it has no 'end of trees': it was cut");
}

/* "binary sigmoid:1", "regression sqrt", ... */
static int set_link(struct reading *r, struct str objective, struct mlops_error *err)
{
	static const struct { const char *name; enum link_kind link; } rows[] = {
		{ "binary", LINK_LOGISTIC }, { "cross_entropy", LINK_LOGISTIC },
		{ "multiclassova", LINK_LOGISTIC }, { "multiclass", LINK_SOFTMAX },
		{ "cross_entropy_lambda", LINK_LOG1P_EXP }, { "poisson", LINK_EXP },
		{ "gamma", LINK_EXP }, { "tweedie", LINK_EXP }, { "regression", LINK_IDENTITY },
		{ "regression_l1", LINK_IDENTITY }, { "huber", LINK_IDENTITY }, { "fair", LINK_IDENTITY },
		{ "quantile", LINK_IDENTITY }, { "mape", LINK_IDENTITY }, { "lambdarank", LINK_IDENTITY },
		{ "rank_xendcg", LINK_IDENTITY }, { "custom", LINK_IDENTITY }, { "", LINK_IDENTITY },
	};
	struct str rest, name = str_split(objective, ' ', &rest);
	bool whole, known = false;

	for (size_t i = 0; i < ARRAY_LEN(rows) && !known; i++)
		if ((known = str_eq(name, rows[i].name)))
			r->s->links[0] = rows[i].link;
	if (!known)
		return scorer_refuse(r->src, err, "its objective is '" STR_FMT "'", STR_ARG(objective));
	while (rest.n) {
		struct str value, word = str_split(rest, ' ', &rest), key = str_split(word, ':', &value);

		if (str_eq(word, "sqrt"))
			r->s->links[0] = LINK_SQUARE;
		if (str_eq(key, "sigmoid") && !real_parse(value.p, value.n, &r->s->logistic_scale, &whole))
			return scorer_refuse(r->src, err, "sigmoid is '" STR_FMT "'", STR_ARG(value));
	}
	r->s->objective = xstrndup(objective.p, objective.n);
	return 0;
}

struct header {
	int64_t per_iteration, last_feature;
	struct str objective, names;
	bool average;
};

static struct header read_header(struct str *rest)
{
	struct header h = { .per_iteration = 1, .last_feature = -1, .objective = STR("") };

	while (rest->n) {
		struct str next, line = str_trim(str_split(*rest, '\n', &next)), value;
		struct str key = str_split(line, '=', &value);

		if (str_eq(key, "Tree") || str_eq(line, "end of trees"))
			break;
		*rest = next;
		if (str_eq(key, "num_tree_per_iteration"))
			whole_number(value, &h.per_iteration);
		if (str_eq(key, "max_feature_idx"))
			whole_number(value, &h.last_feature);
		if (str_eq(key, "objective"))
			h.objective = value;
		if (str_eq(key, "feature_names"))
			h.names = value;
		h.average |= str_eq(key, "average_output");
	}
	return h;
}

/* What it calls columns that it was given no names for. */
static bool are_numbered(const struct strlist *names)
{
	for (size_t i = 0; i < names->n; i++) {
		autofree char *name = xasprintf("Column_%zu", i);

		if (strcmp(names->v[i], name))
			return false;
	}
	return true;
}

static void set_names(struct scorer *s, struct str names)
{
	while (names.n) {
		struct str name = str_split(names, ' ', &names);

		strlist_take(&s->names, xstrndup(name.p, name.n));
	}
	if (s->names.n != s->n_features || are_numbered(&s->names))
		strlist_clear(&s->names);
}

static int read_model(struct reading *r, struct str text, struct mlops_error *err)
{
	struct header h = read_header(&text);

	if (h.per_iteration < 1 || h.last_feature < 0)
		return scorer_refuse(r->src, err, "its header does not say how many features and outputs it has");
	if (scorer_size(r->s, r->src, (uint64_t)h.last_feature + 1, (uint64_t)h.per_iteration, err) ||
	    set_link(r, h.objective, err))
		return -1;
	set_names(r->s, h.names);
	r->per_iteration = (size_t)h.per_iteration;
	if (read_trees(r, text, err))
		return -1;
	if (h.average && r->tree)
		r->s->divide = (double)(r->tree / r->per_iteration);
	return 0;
}

static int read_file(struct source *src, struct scorer *s, struct mlops_error *err)
{
	struct reading r = { .s = s, .src = src };
	autobuf text = { 0 };

	if (source_slurp(src, MAX_FILE, &text, err))
		return -1;
	int rc = read_model(&r, (struct str){ text.buf, text.len }, err);
	for (size_t i = 0; i < COLUMNS; i++)
		vec_free(&r.columns[i]);
	vec_free(&r.splits);
	return rc;
}

const struct scorer_format scorer_lightgbm = { .name = "lightgbm", .read = read_file };
