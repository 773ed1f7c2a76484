/* mlops runs diff: the params, metrics and objects in which two runs differ. */
#include "view.h"

#include <assert.h>

#include "base/num.h"
#include "base/vec.h"
#include "cli/table.h"

struct diff_opts {
	const char *a, *b;
};

static const struct arg_spec diff_argv[] = {
	ARG(diff_opts, a, .name = "A", .min = 1, .max = 1, .complete = "run", .help = "a run"),
	ARG(diff_opts, b, .name = "B", .min = 1, .max = 1, .complete = "run", .help = "the run to compare it with"),
	ARG_END,
};

/* One named thing of a run; two are the same when their texts are. */
struct entry {
	const char *key; /* lent by the run */
	char *text;
	struct json *json;
};

struct entries { /* sorted by key, each key once */
	struct entry *v;
	size_t n, cap;
};

static void entries_clear(struct entries *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->v[i].text);
		js_free(list->v[i].json);
	}
	vec_free(list);
}
#define autoentries __attribute__((cleanup(entries_clear))) struct entries

static void take_params(struct entries *list, const struct run *run)
{
	for (size_t i = 0; i < run->n_params; i++) {
		const struct run_pair *p = &run->params[i];

		vec_push(list, { p->key, xstrdup(p->value), js_str(p->value) });
	}
}

static void take_metrics(struct entries *list, const struct run *run)
{
	for (size_t i = 0; i < run->n_metrics; i++) {
		const struct run_metric *m = &run->metrics[i];
		char text[NUM_SIZE];

		num_format_double(m->value, text);
		vec_push(list, { m->key, xstrdup(text), js_num(m->value) });
	}
}

/* A path that several stages read is one thing here. */
static void take_objects(struct entries *list, const struct run_object *objects, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct run_object *o = &objects[i];
		char hex[MLOPS_OID_HEX + 1];

		mlops_oid_hex(&o->ref.oid, hex);
		if (!i || strcmp(o->path, objects[i - 1].path) != 0)
			vec_push(list, { o->path, xstrdup(hex), view_ref(&o->ref) });
	}
}

static void take_inputs(struct entries *list, const struct run *run)
{
	take_objects(list, run->inputs, run->n_inputs);
}

static void take_outputs(struct entries *list, const struct run *run)
{
	take_objects(list, run->outputs, run->n_outputs);
}

static const struct section {
	const char *name, *label; /* of the list, and of the key in an entry */
	int width;                /* of a text in the table, at most */
	void (*take)(struct entries *list, const struct run *run);
} sections[] = {
	{ "params", "key", 60, take_params },
	{ "metrics", "key", 60, take_metrics },
	{ "inputs", "path", VIEW_ID, take_inputs },
	{ "outputs", "path", VIEW_ID, take_outputs },
};

struct diff {
	const struct section *section;
	struct json *list; /* of the section's differences */
	struct table *table;
};

static struct json *side_json(const struct entry *e)
{
	return e ? js_ref(e->json) : js_null();
}

static char *side_text(const struct entry *e, int width)
{
	return xasprintf("%.*s", width, e ? e->text : "-");
}

/* `a` or `b` is NULL where the run has no such thing. */
static void add_difference(struct diff *d, const struct entry *a, const struct entry *b)
{
	assert(a || b);
	const char *key = a ? a->key : b->key;
	autofree char *a_text = side_text(a, d->section->width);
	autofree char *b_text = side_text(b, d->section->width);
	struct json *entry = js_obj();

	js_set(entry, d->section->label, js_str(key));
	js_set(entry, "a", side_json(a));
	js_set(entry, "b", side_json(b));
	js_push(d->list, entry);
	table_add(d->table, d->section->name, key, a_text, b_text);
}

static void diff_section(struct diff *d, const struct run *run_a, const struct run *run_b)
{
	autoentries a = { 0 }, b = { 0 };
	size_t i = 0, j = 0;

	d->section->take(&a, run_a);
	d->section->take(&b, run_b);
	while (i < a.n || j < b.n) {
		int order = i == a.n ? 1 : j == b.n ? -1 : strcmp(a.v[i].key, b.v[j].key);
		const struct entry *left = order <= 0 ? &a.v[i++] : NULL;
		const struct entry *right = order >= 0 ? &b.v[j++] : NULL;

		if (!left || !right || strcmp(left->text, right->text) != 0)
			add_difference(d, left, right);
	}
}

static struct table *new_table(const struct run *a, const struct run *b)
{
	autofree char *left = xasprintf("%s~", a->name), *right = xasprintf("%s~", b->name);

	return table_new("WHAT", "KEY", left, right, NULL);
}

static int show_diff(struct cmd_ctx *ctx, const struct run *a, const struct run *b)
{
	autotable *table = new_table(a, b);
	autojson *top = js_obj();

	js_set(top, "a", js_str(a->id));
	js_set(top, "b", js_str(b->id));
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		struct diff d = { &sections[i], js_arr(), table };

		js_set(top, sections[i].name, d.list);
		diff_section(&d, a, b);
	}
	if (ctx->common.json)
		return cmd_print_json(steal_ptr(&top));
	table_print(table, stdout);
	return 0;
}

static int diff_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct diff_opts *o = opts;
	struct run *a = NULL, *b = NULL;
	int rc = -1;

	if (!mlops_run_get(ctx->project, o->a, &a, err) &&
	    !mlops_run_get(ctx->project, o->b, &b, err))
		rc = show_diff(ctx, a, b);
	mlops_run_free(a);
	mlops_run_free(b);
	return rc;
}

const struct cmd_spec cmd_runs_diff = {
	.name = "diff", .summary = "show in what two runs differ",
	.flags = CMD_PROJECT | CMD_JSON, .args = diff_argv,
	.opts_size = sizeof(struct diff_opts), .run = diff_run,
};
