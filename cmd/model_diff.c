/* mlops model diff: what changed from one version to another. */
#include "model.h"

#include "cli/table.h"
#include "mlops/model_diff.h"
#include "mlops/project.h"

#define SHOWN_TENSORS 20

struct diff_opts {
	const char *a, *b;
	bool all;
};

static const struct opt_spec diff_optv[] = {
	OPT(diff_opts, all, .name = "all", .letter = 'a', .type = OPT_BOOL,
	    .help = "list all tensors and files that changed (--json always does)"),
	OPT_END,
};

static const struct arg_spec diff_argv[] = {
	ARG(diff_opts, a, .name = "FROM", .min = 1, .max = 1, .complete = "model",
	    .help = "NAME:N or NAME@ALIAS; NAME alone is its newest"),
	ARG(diff_opts, b, .name = "TO", .min = 1, .max = 1, .complete = "model",
	    .help = "another version, of this model or not"),
	ARG_END,
};

static void print_json(const struct model_diff *d)
{
	struct json *top = js_obj(), *list = js_arr();
	char spec[MODEL_SPEC];

	for (size_t i = 0; i < d->n; i++) {
		const struct model_difference *v = &d->v[i];
		struct json *obj = js_obj();

		js_set(obj, "kind", js_str(mlops_model_difference_name(v->kind)));
		js_set(obj, "key", js_str(v->key));
		js_set(obj, "before", js_str(v->before));
		js_set(obj, "after", js_str(v->after));
		js_push(list, obj);
	}
	js_set(top, "from", js_str(model_spec(d->a->model, d->a->version, spec)));
	js_set(top, "to", js_str(model_spec(d->b->model, d->b->version, spec)));
	js_set(top, "same_object", js_bool(d->same));
	js_set(top, "content_read", js_bool(!d->unread));
	js_set(top, "tensors_before", js_int((int64_t)d->tensors_before));
	js_set(top, "tensors_after", js_int((int64_t)d->tensors_after));
	js_set(top, "differences", list);
	cmd_print_json(top);
}

static const char *shown(const struct model_difference *v, const char *text)
{
	if (v->before && v->after && !strcmp(v->before, v->after))
		return text == v->before ? text : "other values";
	return v->kind == MODEL_DIFF_FILE && text ? (v->before && v->after ? "changed" : "there") :
						    text;
}

static void print(const struct model_diff *d, bool all)
{
	autotable *table = table_new("KIND", "KEY", "BEFORE", "AFTER", NULL);
	size_t left_out = 0, many = 0;

	for (size_t i = 0; i < d->n; i++) {
		const struct model_difference *v = &d->v[i];
		bool is_many = v->kind == MODEL_DIFF_TENSOR || v->kind == MODEL_DIFF_FILE;

		if (is_many && !all && many++ >= SHOWN_TENSORS) {
			left_out++;
			continue;
		}
		table_add(table, mlops_model_difference_name(v->kind), v->key, shown(v, v->before),
			  shown(v, v->after));
	}
	table_print(table, stdout);
	if (left_out)
		printf("and %zu more tensors and files (--all)\n", left_out);
	if (d->same)
		printf("both are the same object\n");
	if (d->unread)
		printf("what is inside was not compared: no known format, or not in the store\n");
}

static int diff_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct diff_opts *o = opts;
	struct model_diff *diff;

	if (mlops_model_compare(ctx->project, o->a, o->b, &diff, err))
		return -1;
	if (ctx->common.json)
		print_json(diff);
	else
		print(diff, o->all);
	mlops_model_diff_free(diff);
	return 0;
}

const struct cmd_spec cmd_model_diff = {
	.name = "diff",
	.summary = "show what changed from one version to another",
	.flags = CMD_PROJECT | CMD_JSON,
	.opts = diff_optv,
	.args = diff_argv,
	.opts_size = sizeof(struct diff_opts),
	.run = diff_run,
};
