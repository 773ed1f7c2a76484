/* XGBoost's JSON and UBJSON models, read alike: all but the trees themselves. */
#include "registry/formats/format.h"
#include "registry/formats/jsonwalk.h"
#include "registry/formats/ubjson.h"

#define MAX_PART ((size_t)16 << 20)
#define MAX_DEPTH 8

/* Where almost all bytes of a model are. */
static const char *const bulky[] = { "trees", "tree_info", "iteration_indptr", "weight_drop", "weights", "cats", NULL };
/* What leads to the little that is wanted. */
static const char *const ways[] = { "learner", "gradient_booster", "gbtree", "model", NULL };

static bool is_one_of(const char *const *list, const char *word)
{
	while (*list && strcmp(*list, word))
		list++;
	return *list != NULL;
}

static int prune(struct cursor *c, unsigned depth, struct json *object, struct mlops_error *err)
{
	autobuf key = { 0 };
	int more;

	if (depth > MAX_DEPTH)
		return cursor_fail(c, "object", err, "nested deeper than %d levels", MAX_DEPTH);
	if (jsonwalk_object(c, "model", err))
		return -1;
	while ((more = jsonwalk_next(c, "model", &key, err)) > 0) {
		struct json *value = NULL;

		if (is_one_of(bulky, key.buf)) {
			if (jsonwalk_skip(c, key.buf, err))
				return -1;
			continue;
		}
		if (is_one_of(ways, key.buf)) {
			value = js_obj();
			js_set(object, key.buf, value);
			if (prune(c, depth + 1, value, err))
				return -1;
			continue;
		}
		if (jsonwalk_value(c, key.buf, MAX_PART, &value, err))
			return -1;
		js_set(object, key.buf, value);
	}
	return more;
}

static void describe_features(struct build *b, const struct json *learner, const struct json *params)
{
	const struct json *names = js_get(learner, "feature_names"), *types = js_get(learner, "feature_types");

	if (!js_len(names)) {
		struct model_port *port = build_port(b, false, "features", "float32");
		const char *n = js_get_text(params, "num_feature");
		int64_t count = -1;

		build_port_dim(b, port, -1, NULL);
		if (n && !sscanf(n, "%ld", &count))
			count = -1;
		build_port_dim(b, port, count, NULL);
		return;
	}
	for (size_t i = 0; i < js_len(names); i++) {
		const char *name = js_text(js_at(names, i)), *type = js_text(js_at(types, i));

		build_port_dim(b, build_port(b, false, name ? name : "", type ? type : "float"), -1, NULL);
	}
}

static void describe(struct build *b, const struct json *top)
{
	const struct json *version = js_get(top, "version"), *learner = js_get(top, "learner");
	const struct json *booster = js_get(learner, "gradient_booster");
	const struct json *params = js_get(learner, "learner_model_param");
	const struct json *trees = js_get(js_get(booster, "model"), "gbtree_model_param");
	static const char *const wanted[] = { "base_score", "num_class", "num_feature", "num_target", NULL };
	int64_t v[3] = { 0 };

	for (size_t i = 0; i < 3; i++)
		js_to_int(js_at(version, i), &v[i]);
	if (js_len(version))
		b->info.version = arena_printf(&b->arena, "%d.%d.%d", (int)v[0], (int)v[1], (int)v[2]);
	if (!trees)
		trees = js_get(js_get(js_get(booster, "gbtree"), "model"), "gbtree_model_param");
	build_meta_json(b, "booster", js_get(booster, "name"));
	build_meta_json(b, "objective", js_get(js_get(learner, "objective"), "name"));
	build_meta_json(b, "num_trees", js_get(trees, "num_trees"));
	for (const char *const *key = wanted; *key; key++)
		build_meta_json(b, *key, js_get(params, *key));

	struct json *value;
	const char *key;
	void *iter = NULL;
	while (js_next(js_get(learner, "attributes"), &iter, &key, &value))
		build_meta_json(b, key, value);
	describe_features(b, learner, params);
}

static int read_json(const struct probe *p, struct source *src, struct build *b, struct mlops_error *err)
{
	struct cursor c = cursor_of(src);
	autojson *top = js_obj();

	(void)p;
	if (prune(&c, 0, top, err))
		return -1;
	describe(b, top);
	return 0;
}

static bool match_json(const struct probe *p)
{
	return !p->is_dir && p->n_head > 32 && p->head[0] == '{' && memmem(p->head, 32, "\"learner\"", 9);
}

const struct format format_xgboost_json = {
	.name = "xgboost-json", .help = "XGBoost's JSON models", .match = match_json, .read = read_json,
};

static int read_ubj(const struct probe *p, struct source *src, struct build *b, struct mlops_error *err)
{
	struct cursor c = cursor_of(src);
	autojson *top = NULL;

	(void)p;
	if (ubjson_read(&c, bulky, &top, err))
		return -1;
	describe(b, top);
	return 0;
}

static bool match_ubj(const struct probe *p)
{
	return !p->is_dir && p->n_head > 32 && p->head[0] == '{' && strchr("iUIlL", p->head[1]) && p->head[1] &&
	       memmem(p->head, 24, "learner", 7);
}

const struct format format_xgboost_ubj = {
	.name = "xgboost-ubj", .help = "XGBoost's binary models", .match = match_ubj, .read = read_ubj,
};
