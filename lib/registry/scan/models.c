/* Code in other formats: Keras configurations, TensorFlow graphs, ONNX paths, chat templates. */
#include "base/path.h"
#include "fmt/json.h"
#include "fmt/proto.h"
#include "mlops/inspect.h"
#include "registry/formats/jsonwalk.h"
#include "registry/pickle/pickle.h"
#include "registry/scan/scan.h"

#define MAX_LEVELS 16 /* graphs in graphs */

void scan_template(struct scan *s, struct item *it, const char *template)
{
	static const char *const bad[] = { "__class__", "__globals__", "__subclasses__", "__mro__", "__base__",
					   "__builtins__", "__import__", "__init__", "__getattribute__",
					   "__code__", "lipsum", "cycler", "popen", "os.system", "attr(" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (strstr(template, bad[i])) {
			scan_find(s, it, RULE_TEMPLATE, 0, "the chat template uses %s", bad[i]);
			return;
		}
}

void scan_header(struct scan *s, struct item *it)
{
	struct model_info *info;
	autoerr err = ERR_INIT;

	if (mlops_inspect(it->file, &info, &err)) {
		scan_find(s, it, RULE_MODEL_DAMAGED, 0, "%s", err.msg);
		return;
	}
	for (size_t i = 0; i < info->n_metadata; i++)
		if (strstr(info->metadata[i].key, "chat_template"))
			scan_template(s, it, info->metadata[i].value);
	mlops_model_info_free(info);
}

static bool is_keras_module(const char *module)
{
	static const char *const known[] = { "keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras",
					     "keras_hub", "keras_nlp", "keras_cv" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		size_t n = strlen(known[i]);

		if (!strncmp(module, known[i], n) && (!module[n] || module[n] == '.'))
			return true;
	}
	return false;
}

static void check_object(struct scan *s, struct item *it, const struct json *object)
{
	const char *class = js_get_text(object, "class_name"), *module = js_get_text(object, "module");
	const char *function = js_get_text(object, "config");

	if (!class)
		return;
	if (!strcmp(class, "Lambda") || !strcmp(class, "__lambda__"))
		scan_find(s, it, RULE_KERAS_LAMBDA, 0, "class_name is %s", class);
	if (!module || is_keras_module(module))
		return;
	const char *name = !strcmp(class, "function") && function ? function : class;
	enum pickle_trust trust = pickle_trust(module, name);
	if (trust == PICKLE_DANGEROUS)
		scan_find(s, it, RULE_KERAS_DANGEROUS, 0, "it imports %.200s.%.200s", module, name);
	else if (trust == PICKLE_UNKNOWN)
		scan_find(s, it, RULE_KERAS_MODULE, 0, "it imports %.200s.%.200s", module, name);
}

/* The parser allows 64 levels, so recursion is bounded. */
void scan_keras_json(struct scan *s, struct item *it, const struct json *config)
{
	struct json *value;
	const char *key;
	void *iter = NULL;

	if (js_type(config) == JSON_OBJ) {
		check_object(s, it, config);
		while (js_next((struct json *)config, &iter, &key, &value))
			scan_keras_json(s, it, value);
	}
	if (js_type(config) == JSON_ARR)
		for (size_t i = 0; i < js_len(config); i++)
			scan_keras_json(s, it, js_at(config, i));
}

static void check_templates(struct scan *s, struct item *it, const struct json *template)
{
	if (js_text(template))
		scan_template(s, it, js_text(template));
	for (size_t i = 0; i < js_len(template); i++) /* several, by name */
		check_templates(s, it, js_get(js_at(template, i), "template"));
}

void scan_json_file(struct scan *s, struct item *it)
{
	static const char *const wanted[] = { "config.json", "tokenizer_config.json", "chat_template.json",
					      "processor_config.json", "model.json", NULL };
	autobuf text = { 0 };
	autojson *top = NULL;
	autoerr err = ERR_INIT;

	if (!item_ends(it, wanted))
		return;
	if (source_slurp(it->src, SCAN_MAX_JSON, &text, &err)) {
		scan_unreadable(s, it, &err);
		return;
	}
	if (jsonwalk_parse(text.buf, text.len, it->base, &top, &err))
		return; /* no JSON, no Keras */
	if (js_get(top, "auto_map"))
		scan_find(s, it, RULE_REMOTE_CODE, 0, "auto_map names code that trust_remote_code would run");
	check_templates(s, it, js_get(top, "chat_template"));
	scan_keras_json(s, it, top);
}

/* The configuration is an attribute: one run of JSON text somewhere in the file. */
void scan_hdf5(struct scan *s, struct item *it)
{
	static const char *const bad[] = { "\"class_name\": \"Lambda\"", "\"class_name\":\"Lambda\"",
					   "\"class_name\": \"__lambda__\"" };
	const size_t overlap = 32;
	autoerr err = ERR_INIT;
	const uint8_t *p;
	size_t got;

	for (uint64_t at = 0;; at += got - overlap) {
		if (source_peek(it->src, at, SOURCE_WINDOW, &p, &got, &err)) {
			scan_unreadable(s, it, &err);
			return;
		}
		for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
			const uint8_t *hit = memmem(p, got, bad[i], strlen(bad[i]));

			if (hit) {
				scan_find(s, it, RULE_KERAS_LAMBDA, at + (uint64_t)(hit - p),
					  "the model has a Lambda layer");
				return;
			}
		}
		if (got < SOURCE_WINDOW)
			return;
	}
}

/* A tree of messages: from field to field down to the names of operations. */
struct way {
	uint32_t field;
	const struct way *next; /* NULL-terminated by field 0; NULL: this field is the text */
};

static int follow(struct scan *s, struct item *it, struct cursor c, const struct way *ways,
		  void (*leaf)(struct scan *, struct item *, const char *, uint64_t), struct mlops_error *err)
{
	struct proto_field f;
	int more;

	while ((more = proto_next(&c, "graph", &f, err)) > 0)
		for (const struct way *w = ways; w->field; w++) {
			autoarena arena = { 0 };
			char *text;

			if (f.number != w->field || f.wire != PROTO_BYTES)
				continue;
			if (w->next) {
				if (follow(s, it, f.body, w->next, leaf, err))
					return -1;
			} else if (f.body.end - f.body.at <= 4096) {
				if (proto_text(&f, "name", 4096, &arena, &text, err))
					return -1;
				leaf(s, it, text, f.body.at);
			}
		}
	return more;
}

static void check_operation(struct scan *s, struct item *it, const char *op, uint64_t at)
{
	static const char *const bad[] = { "ReadFile", "WriteFile", "PyFunc", "PyFuncStateless", "EagerPyFunc",
					   "MergeV2Checkpoints", "LoadLibrary" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (!strcmp(op, bad[i]))
			scan_find(s, it, RULE_TF_OPERATION, at, "the graph has the operation %s", op);
}

void scan_tensorflow(struct scan *s, struct item *it)
{
	static const struct way node[] = { { 2, NULL }, { 0 } };
	static const struct way function[] = { { 3, node }, { 0 } };
	static const struct way library[] = { { 1, function }, { 0 } };
	static const struct way graph[] = { { 1, node }, { 2, library }, { 0 } };
	static const struct way meta_graph[] = { { 2, graph }, { 0 } };
	static const struct way saved_model[] = { { 2, meta_graph }, { 0 } };
	bool saved = !strcmp(it->base, "saved_model.pb");
	autoerr err = ERR_INIT;

	if (follow(s, it, cursor_of(it->src), saved ? saved_model : graph, check_operation, &err) && saved)
		scan_find(s, it, RULE_MODEL_DAMAGED, 0, "%s", err.msg);
}

/* external_data is a list of pairs; of a pair only that of "location" is a path. */
static int check_external(struct scan *s, struct item *it, struct cursor c, struct mlops_error *err)
{
	autoarena arena = { 0 };
	struct proto_field f;
	char *key = NULL, *value = NULL;
	int more;

	while ((more = proto_next(&c, "external_data", &f, err)) > 0)
		if ((f.number == 1 && proto_text(&f, "key", 4096, &arena, &key, err)) ||
		    (f.number == 2 && proto_text(&f, "value", 4096, &arena, &value, err)))
			return -1;
	if (!more && key && value && !strcmp(key, "location") && !path_is_safe(value))
		scan_find(s, it, RULE_ONNX_PATH, c.at, "a tensor lies in '%.200s'", value);
	return more;
}

static int walk_onnx(struct scan *s, struct item *it, struct cursor c, const char *kind, unsigned level,
		     struct mlops_error *err)
{
	/* message kind, field, kind of the field's message */
	static const struct {
		const char *kind;
		uint32_t field;
		const char *inner;
	} ways[] = {
		{ "model", 7, "graph" },      { "model", 25, "function" }, { "graph", 5, "tensor" },
		{ "graph", 1, "node" },       { "graph", 15, "sparse" },   { "function", 7, "node" },
		{ "node", 5, "attribute" },   { "attribute", 5, "tensor" }, { "attribute", 10, "tensor" },
		{ "attribute", 6, "graph" },  { "attribute", 11, "graph" }, { "sparse", 1, "tensor" },
		{ "sparse", 2, "tensor" },    { "tensor", 13, "external" },
	};
	struct proto_field f;
	int more;

	if (!strcmp(kind, "external"))
		return check_external(s, it, c, err);
	if (level > MAX_LEVELS)
		return cursor_fail(&c, "graph", err, "nested deeper than %d levels", MAX_LEVELS);
	while ((more = proto_next(&c, kind, &f, err)) > 0)
		for (size_t i = 0; i < ARRAY_LEN(ways); i++)
			if (f.wire == PROTO_BYTES && f.number == ways[i].field && !strcmp(kind, ways[i].kind) &&
			    walk_onnx(s, it, f.body, ways[i].inner, level + 1, err))
				return -1;
	return more;
}

void scan_onnx(struct scan *s, struct item *it)
{
	autoerr err = ERR_INIT;

	if (walk_onnx(s, it, cursor_of(it->src), "model", 0, &err))
		scan_find(s, it, RULE_MODEL_DAMAGED, 0, "%s", err.msg);
}
