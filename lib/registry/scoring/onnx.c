/*
 * ONNX graphs that are one chain from the table to the prediction, as scikit-learn's linear models,
 * forests and boosted trees become: casts, a scaler, then a linear function or a tree ensemble,
 * then a normaliser. Operators: docs/Operators-ml.md of the ONNX repository.
 */
#include "registry/scoring/onnx.h"

#include <math.h>

#include "fmt/proto.h"
#include "registry/scoring/scorer.h"

struct chain {
	struct scorer *s;
	struct source *src;
	char *at;        /* name of the value that the chain has come to */
	char *label;     /* of the classes that go with it, whose own way is not followed; or NULL */
	bool scored;     /* the model itself was met */
	uint64_t columns; /* of the input, 0 when it does not say */
	struct cursor graph;
	VEC(double) offset, scale; /* of a scaler that was met */
};

static void copy(double *to, struct onnx_numbers from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = from.v[from.n == 1 ? 0 : i];
}

static int set_link(struct chain *c, const struct onnx_node *node, struct mlops_error *err)
{
	const char *name = onnx_text(node, "post_transform", "NONE");
	static const struct { const char *name; enum link_kind link; } rows[] = {
		{ "NONE", LINK_IDENTITY }, { "LOGISTIC", LINK_LOGISTIC }, { "SOFTMAX", LINK_SOFTMAX },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i].name, name)) {
			c->s->links[0] = rows[i].link;
			return 0;
		}
	return scorer_refuse(c->src, err, "post_transform %s", name);
}

/* One score of two classes is the second one's. */
static int set_two_classes(struct chain *c, bool is_probability, struct mlops_error *err)
{
	if (c->s->links[0] == LINK_LOGISTIC)
		c->s->links[0] = LINK_BOTH_LOGISTIC;
	else if (c->s->links[0] == LINK_IDENTITY && is_probability)
		c->s->links[0] = LINK_BOTH;
	else
		return scorer_refuse(c->src, err, "two classes by one score that is no probability");
	return 0;
}

static size_t count_classes(const struct onnx_node *node)
{
	static const char *const names[] = { "classlabels_ints", "classlabels_int64s", "classlabels_strings" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct onnx_attribute *a = onnx_attribute(node, names[i]);

		if (a)
			return a->numbers.n + a->texts.n;
	}
	return 0;
}

/* A scaler that was met says how many columns there are; else it is the model that does. */
static int set_size(struct chain *c, size_t features, size_t sums, struct mlops_error *err)
{
	if (scorer_size(c->s, c->src, features, sums, err))
		return -1;
	if (!c->scale.n)
		return 0;
	if ((c->scale.n != 1 && c->scale.n != features) || (c->offset.n != 1 && c->offset.n != features))
		return scorer_refuse(c->src, err, "a scaler of %zu columns before a model of %zu",
				     c->scale.n, features);
	c->s->offset = xcalloc(features, sizeof(double));
	c->s->scale = xcalloc(features, sizeof(double));
	copy(c->s->offset, (struct onnx_numbers){ c->offset.v, c->offset.n, 0 }, features);
	copy(c->s->scale, (struct onnx_numbers){ c->scale.v, c->scale.n, 0 }, features);
	return 0;
}

static int on_linear(struct chain *c, const struct onnx_node *node, struct mlops_error *err)
{
	struct onnx_numbers coefficients = onnx_numbers(node, "coefficients");
	struct onnx_numbers intercepts = onnx_numbers(node, "intercepts");
	size_t classes = count_classes(node);
	bool classifies = !strcmp(node->op, "LinearClassifier");
	double targets = classifies ? (double)intercepts.n : onnx_number(node, "targets", 1);
	size_t sums = targets >= 1 && targets < 1e6 ? (size_t)targets : 1;

	if (!coefficients.n || coefficients.n % sums || (intercepts.n && intercepts.n != sums) ||
	    (classifies && classes != sums && !(classes == 2 && sums == 1)))
		return scorer_refuse(c->src, err, "%s with %zu coefficients and %zu intercepts", node->op,
				     coefficients.n, intercepts.n);
	if (set_size(c, coefficients.n / sums, sums, err) || set_link(c, node, err))
		return -1;
	c->s->factors = xcalloc(coefficients.n, sizeof(double));
	copy(c->s->factors, coefficients, coefficients.n);
	if (intercepts.n)
		copy(c->s->base, intercepts, sums);
	return classes == 2 && sums == 1 ? set_two_classes(c, false, err) : 0;
}

/* The arrays of a tree ensemble. */
struct ensemble {
	struct chain *c;
	const struct onnx_node *node;
	struct onnx_numbers trees, ids, features, values, left, right, missing;
	const struct strlist *modes;
	struct onnx_numbers leaf_trees, leaf_ids, leaf_targets, leaf_weights;
	size_t leaf; /* the next of those four */
	VEC(struct forest_split) splits;
};

static bool numbers_all_below(struct onnx_numbers n, double limit)
{
	for (size_t i = 0; i < n.n; i++)
		if (!(n.v[i] >= 0 && n.v[i] < limit))
			return false;
	return true;
}

static int check_ensemble(const struct ensemble *e, struct mlops_error *err)
{
	size_t n = e->ids.n, m = e->leaf_ids.n;

	if (!n || e->trees.n != n || e->features.n != n || e->values.n != n || e->left.n != n ||
	    e->right.n != n || !e->modes || e->modes->n != n || (e->missing.n && e->missing.n != n) ||
	    e->leaf_trees.n != m || e->leaf_targets.n != m || e->leaf_weights.n != m)
		return scorer_refuse(e->c->src, err, "%s with arrays of different lengths", e->node->op);
	if (!numbers_all_below(e->features, FOREST_MAX_FEATURES) ||
	    !numbers_all_below(e->leaf_targets, (double)ONNX_MAX_VALUES))
		return scorer_refuse(e->c->src, err, "%s with numbers that are out of range", e->node->op);
	return 0;
}

static double largest(struct onnx_numbers n)
{
	double top = 0;

	for (size_t i = 0; i < n.n; i++)
		top = fmax(top, n.v[i]);
	return top;
}

/* The weights of the leaf at `i`; those of a tree stand together, in the order of its nodes. */
static int add_leaf(struct ensemble *e, size_t i, bool one_target, struct mlops_error *err)
{
	struct forest *f = &e->c->s->forest;
	struct forest_split split = { .kind = SPLIT_SHARES, .index = forest_add_shares(f) };
	size_t first = e->leaf;

	for (; e->leaf < e->leaf_ids.n; e->leaf++) {
		double target = one_target ? 0 : e->leaf_targets.v[e->leaf];

		if (e->leaf_trees.v[e->leaf] != e->trees.v[i] || e->leaf_ids.v[e->leaf] != e->ids.v[i])
			break;
		if (target >= (double)f->n_targets)
			return scorer_refuse(e->c->src, err, "a leaf is of class %g", target);
		forest_add_share(f, (uint32_t)target, e->leaf_weights.v[e->leaf]);
	}
	if (e->leaf == first)
		return scorer_refuse(e->c->src, err,
				     "%s has leaves without weights, or in another order than its nodes",
				     e->node->op);
	if (e->leaf == first + 1)
		split = (struct forest_split){ .kind = SPLIT_LEAF, .threshold = e->leaf_weights.v[first],
					       .index = one_target ? 0 : (uint32_t)e->leaf_targets.v[first] };
	vec_push(&e->splits, split);
	return 0;
}

/* A comparison as x < threshold, with the branches changed over where it is the other way round. */
static int add_split(struct ensemble *e, size_t i, struct mlops_error *err)
{
	const char *mode = e->modes->v[i];
	bool or_equal = !strcmp(mode, "BRANCH_LEQ") || !strcmp(mode, "BRANCH_GT");
	bool turned = !strcmp(mode, "BRANCH_GT") || !strcmp(mode, "BRANCH_GTE");
	bool to_true = e->missing.n && e->missing.v[i] != 0;
	double limit = (double)INT32_MAX;

	if (!or_equal && !turned && strcmp(mode, "BRANCH_LT"))
		return scorer_refuse(e->c->src, err, "%s with nodes of mode %s", e->node->op, mode);
	if (!(e->left.v[i] >= 0 && e->left.v[i] < limit && e->right.v[i] >= 0 && e->right.v[i] < limit))
		return scorer_refuse(e->c->src, err, "a node has a child that is out of range");
	int64_t yes = (int64_t)e->left.v[i], no = (int64_t)e->right.v[i];
	vec_push(&e->splits, {
		.kind = SPLIT_BELOW, .feature = (uint32_t)e->features.v[i], .missing = MISSING_NAN,
		.threshold = or_equal ? nextafter(e->values.v[i], INFINITY) : e->values.v[i],
		.missing_left = to_true != turned, .left = turned ? no : yes, .right = turned ? yes : no,
	});
	return 0;
}

/* Nodes [from, end) are one tree, numbered from 0 on. */
static int add_tree(struct ensemble *e, size_t from, size_t end, bool one_target, struct mlops_error *err)
{
	e->splits.n = 0;
	for (size_t i = from; i < end; i++) {
		if (e->ids.v[i] != (double)(i - from))
			return scorer_refuse(e->c->src, err, "the nodes of a tree are not numbered from 0 on");
		if (!strcmp(e->modes->v[i], "LEAF") ? add_leaf(e, i, one_target, err) : add_split(e, i, err))
			return -1;
	}
	if (forest_add(&e->c->s->forest, e->splits.v, e->splits.n, err))
		return err_wrap(err, "'%s'", e->c->src->name);
	return 0;
}

static int add_trees(struct ensemble *e, bool one_target, struct mlops_error *err)
{
	size_t trees = 0;

	for (size_t i = 0, end; i < e->ids.n; i = end, trees++) {
		for (end = i; end < e->ids.n && e->trees.v[end] == e->trees.v[i]; end++)
			;
		if (add_tree(e, i, end, one_target, err))
			return -1;
	}
	if (!strcmp(onnx_text(e->node, "aggregate_function", "SUM"), "AVERAGE"))
		e->c->s->divide = (double)trees;
	else if (strcmp(onnx_text(e->node, "aggregate_function", "SUM"), "SUM"))
		return scorer_refuse(e->c->src, err, "aggregate_function %s",
				     onnx_text(e->node, "aggregate_function", "SUM"));
	return 0;
}

static bool all_positive(struct onnx_numbers n)
{
	for (size_t i = 0; i < n.n; i++)
		if (n.v[i] < 0)
			return false;
	return true;
}

static int read_ensemble(struct ensemble *e, struct mlops_error *err)
{
	struct chain *c = e->c;
	struct onnx_numbers base = onnx_numbers(e->node, "base_values");
	bool classifies = !strcmp(e->node->op, "TreeEnsembleClassifier");
	size_t classes = count_classes(e->node), n_targets = classes;
	bool one_score = classifies && classes == 2;

	if (check_ensemble(e, err))
		return -1;
	for (size_t i = 1; i < e->leaf_targets.n && one_score; i++)
		one_score = e->leaf_targets.v[i] == e->leaf_targets.v[0];
	if (!classifies)
		n_targets = (size_t)fmax(1, fmin(1e6, onnx_number(e->node, "n_targets", 1)));
	if (one_score)
		n_targets = 1;
	if (set_size(c, (size_t)fmax(largest(e->features) + 1, (double)c->columns), n_targets, err) ||
	    set_link(c, e->node, err))
		return -1;
	if (base.n && base.n != n_targets)
		return scorer_refuse(c->src, err, "%zu base values for %zu targets", base.n, n_targets);
	if (base.n)
		copy(c->s->base, base, n_targets);
	if (add_trees(e, one_score, err))
		return -1;
	return one_score ? set_two_classes(c, all_positive(e->leaf_weights) && all_positive(base), err) : 0;
}

static int on_ensemble(struct chain *c, const struct onnx_node *node, struct mlops_error *err)
{
	bool classifies = !strcmp(node->op, "TreeEnsembleClassifier");
	const struct onnx_attribute *modes = onnx_attribute(node, "nodes_modes");
	struct ensemble e = {
		.c = c, .node = node, .modes = modes ? &modes->texts : NULL,
		.trees = onnx_numbers(node, "nodes_treeids"), .ids = onnx_numbers(node, "nodes_nodeids"),
		.features = onnx_numbers(node, "nodes_featureids"), .values = onnx_numbers(node, "nodes_values"),
		.left = onnx_numbers(node, "nodes_truenodeids"), .right = onnx_numbers(node, "nodes_falsenodeids"),
		.missing = onnx_numbers(node, "nodes_missing_value_tracks_true"),
		.leaf_trees = onnx_numbers(node, classifies ? "class_treeids" : "target_treeids"),
		.leaf_ids = onnx_numbers(node, classifies ? "class_nodeids" : "target_nodeids"),
		.leaf_targets = onnx_numbers(node, classifies ? "class_ids" : "target_ids"),
		.leaf_weights = onnx_numbers(node, classifies ? "class_weights" : "target_weights"),
	};
	int rc = read_ensemble(&e, err);

	vec_free(&e.splits);
	return rc;
}

static int on_scaler(struct chain *c, const struct onnx_node *node, struct mlops_error *err)
{
	struct onnx_numbers offset = onnx_numbers(node, "offset"), scale = onnx_numbers(node, "scale");

	if (c->scored || c->scale.n || !offset.n || !scale.n)
		return scorer_refuse(c->src, err, "a Scaler that is not the only one before the model");
	for (size_t i = 0; i < offset.n; i++)
		vec_push(&c->offset, offset.v[i]);
	for (size_t i = 0; i < scale.n; i++)
		vec_push(&c->scale, scale.v[i]);
	return 0;
}

static int on_normalizer(struct chain *c, const struct onnx_node *node, struct mlops_error *err)
{
	const char *norm = onnx_text(node, "norm", "MAX");

	if (!c->scored || strcmp(norm, "L1"))
		return scorer_refuse(c->src, err, "a Normalizer of norm %s", norm);
	c->s->links[1] = LINK_SHARE;
	return 0;
}

static int on_nothing(struct chain *c, const struct onnx_node *node, struct mlops_error *err)
{
	(void)c, (void)node, (void)err;
	return 0;
}

static const struct operator {
	const char *name;
	int (*add)(struct chain *c, const struct onnx_node *node, struct mlops_error *err);
	bool scores;
	int output; /* which of its outputs the chain goes on with */
} operators[] = {
	{ "Cast", on_nothing, false, 0 }, { "Identity", on_nothing, false, 0 },
	{ "Flatten", on_nothing, false, 0 }, { "ZipMap", on_nothing, false, 0 },
	{ "Scaler", on_scaler, false, 0 }, { "Normalizer", on_normalizer, false, 0 },
	{ "LinearRegressor", on_linear, true, 0 }, { "LinearClassifier", on_linear, true, 1 },
	{ "TreeEnsembleRegressor", on_ensemble, true, 0 },
	{ "TreeEnsembleClassifier", on_ensemble, true, 1 },
};

static const struct operator *find_operator(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(operators); i++)
		if (!strcmp(operators[i].name, name))
			return &operators[i];
	return NULL;
}

static bool takes(const struct onnx_node *node, const char *value)
{
	return value && strlist_has(&node->inputs, value);
}

static void move(char **at, const char *to)
{
	free(*at);
	*at = xstrdup(to);
}

/* What only labels go into is left out: it is the predictions that are wanted. */
static int follow_label(struct chain *c, const struct onnx_node *node, struct mlops_error *err)
{
	if (!takes(node, c->label) || !node->outputs.n)
		return scorer_refuse(c->src, err,
				     "operator %s beside the way from the input to the predictions", node->op);
	move(&c->label, node->outputs.v[0]);
	return 0;
}

static int on_node(struct chain *c, const struct onnx_node *node, struct mlops_error *err)
{
	const struct operator *op = find_operator(node->op);

	if (!takes(node, c->at))
		return follow_label(c, node, err);
	if (!op || (op->scores && c->scored))
		return scorer_refuse(c->src, err, "operator %s", node->op);
	if (node->outputs.n <= (size_t)op->output)
		return scorer_refuse(c->src, err, "operator %s without outputs", node->op);
	if (op->add(c, node, err))
		return -1;
	c->scored |= op->scores;
	if (op->output)
		move(&c->label, node->outputs.v[0]);
	move(&c->at, node->outputs.v[op->output]);
	return 0;
}

static int each_node(struct chain *c, struct mlops_error *err)
{
	struct cursor at = c->graph;
	struct proto_field f;
	int more;

	while ((more = proto_next(&at, "graph", &f, err)) > 0) {
		autoonnx node = { 0 };

		if (f.number != 1 || f.wire != PROTO_BYTES)
			continue;
		if (onnx_node_read(f.body, &node, err) || on_node(c, &node, err))
			return -1;
	}
	return more;
}

/* The number at a path of field numbers, which ends in 0; the last one of repeated fields. */
static int find_number(struct cursor c, const uint32_t *path, uint64_t *out, struct mlops_error *err)
{
	struct proto_field f;
	int more;

	while ((more = proto_next(&c, "input", &f, err)) > 0) {
		if (f.number != *path)
			continue;
		if (f.wire == PROTO_VARINT)
			*out = f.value;
		else if (f.wire == PROTO_BYTES && path[1] && find_number(f.body, path + 1, out, err))
			return -1;
	}
	return more;
}

static int on_input(struct chain *c, struct cursor input, struct mlops_error *err)
{
	/* In ValueInfoProto: type.tensor_type.elem_type and .shape.dim.dim_value. */
	static const uint32_t type_path[] = { 2, 1, 1, 0 }, columns_path[] = { 2, 1, 2, 1, 1, 0 };
	autoarena arena = { 0 };
	struct cursor at = input;
	struct proto_field f;
	uint64_t type = 0;
	char *name = NULL;
	int more;

	if (c->at)
		return scorer_refuse(c->src, err, "a graph with several inputs");
	while ((more = proto_next(&at, "input", &f, err)) > 0)
		if (f.number == 1 && proto_text(&f, "input", FOREST_MAX_FEATURES, &arena, &name, err))
			return -1;
	if (more || find_number(input, type_path, &type, err) ||
	    find_number(input, columns_path, &c->columns, err))
		return -1;
	c->at = xstrdup(name ? name : "");
	c->s->single = type != 11; /* DOUBLE */
	return 0;
}

static int find_graph(struct chain *c, struct mlops_error *err)
{
	struct cursor at = cursor_of(c->src);
	struct proto_field f;
	int more;

	while ((more = proto_next(&at, "model", &f, err)) > 0)
		if (f.number == 7 && f.wire == PROTO_BYTES)
			c->graph = f.body;
	if (more)
		return -1;
	if (!c->graph.src)
		return scorer_refuse(c->src, err, "a file without a graph");
	at = c->graph;
	while ((more = proto_next(&at, "graph", &f, err)) > 0)
		if (f.number == 11 && f.wire == PROTO_BYTES && on_input(c, f.body, err))
			return -1;
	return more;
}

static int read_chain(struct chain *c, struct mlops_error *err)
{
	if (find_graph(c, err) || each_node(c, err))
		return -1;
	return c->scored ? 0 : scorer_refuse(c->src, err, "a graph without a linear model or trees");
}

static int read_file(struct source *src, struct scorer *s, struct mlops_error *err)
{
	struct chain c = { .s = s, .src = src };
	int rc = read_chain(&c, err);

	free(c.at);
	free(c.label);
	vec_free(&c.offset);
	vec_free(&c.scale);
	return rc;
}

const struct scorer_format scorer_onnx = { .name = "onnx", .read = read_file };
