/* mlops model predict: predictions for a table's rows, by models that are scored without Python. */
#include "cmd.h"

#include <math.h>

#include "base/fs.h"
#include "base/num.h"
#include "mlops/predict.h"
#include "mlops/project.h"

struct predict_opts {
	const char *model, *table, *format, *separator;
};

static const struct opt_spec predict_optv[] = {
	OPT(predict_opts, format, .name = "format", .letter = 'f', .type = OPT_STR, .meta = "FORMAT", .choices = "csv|jsonl", .help = "format of the table (default: by its name)"),
	OPT(predict_opts, separator, .name = "separator", .type = OPT_STR, .meta = "CHAR", .help = "what separates the fields of CSV (default: comma, tab in .tsv)"),
	OPT_END,
};

static const struct arg_spec predict_argv[] = {
	ARG(predict_opts, model, .name = "MODEL", .min = 1, .max = 1, .complete = "path", .help = "a model file or folder, or a version: NAME, NAME:N or NAME@ALIAS"),
	ARG(predict_opts, table, .name = "TABLE", .min = 1, .max = 1, .complete = "path", .help = "rows to predict for; - is standard input"),
	ARG_END,
};

/* What is there is a path, and needs no project. */
static int open_scorer(struct cmd_ctx *ctx, const char *model, struct scorer **out, struct mlops_error *err)
{
	struct model_version *v;

	if (fs_exists(model))
		return mlops_scorer_open(model, out, err);
	if (mlops_project_open(".", &ctx->project, err))
		return -1;
	if (mlops_model_resolve(ctx->project, model, &v, err))
		return -1;
	int rc = mlops_scorer_open_version(ctx->project, v, out, err);
	mlops_model_version_free(v);
	return rc;
}

static void add_number(struct strbuf *to, double v)
{
	char text[NUM_SIZE];

	strbuf_adds(to, num_format_double(v, text));
}

/* The names of the columns come with the first row, when nothing can be wrong with the table's. */
static int print_row(const double *values, size_t n, void *arg, struct mlops_error *err)
{
	bool *named = arg;
	autobuf line = { 0 };

	(void)err;
	for (size_t i = 0; n > 1 && i < n && !*named; i++)
		strbuf_addf(&line, "%sprediction_%zu", i ? "," : "", i);
	if (!*named)
		strbuf_adds(&line, n > 1 ? "\n" : "prediction\n");
	*named = true;
	for (size_t i = 0; i < n; i++) {
		if (i)
			strbuf_addc(&line, ',');
		add_number(&line, values[i]);
	}
	puts(line.buf);
	return 0;
}

static int add_row(const double *values, size_t n, void *arg, struct mlops_error *err)
{
	struct strbuf *text = arg;

	(void)err;
	strbuf_adds(text, text->len ? ",\n    [" : "\n    [");
	for (size_t i = 0; i < n; i++) {
		if (i)
			strbuf_adds(text, ", ");
		if (isfinite(values[i]))
			add_number(text, values[i]);
		else
			strbuf_adds(text, "null");
	}
	strbuf_addc(text, ']');
	return 0;
}

/* Text from the start, in which a prediction takes a tenth of what it would as a value. */
static int predict_as_json(const struct predict_opts *o, const struct mlops_table_opts *how,
			   const struct scorer *s, struct mlops_error *err)
{
	autojson *objective = js_str(mlops_scorer_objective(s));
	autobuf shown = { 0 }, rows = { 0 };

	js_dump(objective, JS_COMPACT, &shown);
	if (mlops_table_predict(o->table, how, s, add_row, &rows, err))
		return -1;
	printf("{\n  \"format\": \"%s\",\n  \"objective\": %s,\n  \"predictions\": [%s%s]\n}\n",
	       mlops_scorer_format(s), shown.buf, rows.len ? rows.buf : "", rows.len ? "\n  " : "");
	return 0;
}

static int predict(const struct predict_opts *o, const struct mlops_table_opts *how, bool as_json,
		   const struct scorer *s, struct mlops_error *err)
{
	bool named = false;

	return as_json ? predict_as_json(o, how, s, err) :
			 mlops_table_predict(o->table, how, s, print_row, &named, err);
}

static int predict_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct predict_opts *o = opts;
	struct mlops_table_opts how = { .format = o->format };
	struct scorer *s;

	if (o->separator && strlen(o->separator) != 1)
		return err_set(err, MLOPS_EUSAGE, "--separator takes one character");
	how.separator = o->separator ? *o->separator : 0;
	if (open_scorer(ctx, o->model, &s, err))
		return -1;
	int rc = predict(o, &how, ctx->common.json, s, err);
	mlops_scorer_free(s);
	return rc;
}

const struct cmd_spec cmd_model_predict = {
	.name = "predict", .summary = "predict for the rows of a table, without Python",
	.flags = CMD_JSON, .opts = predict_optv, .args = predict_argv,
	.opts_size = sizeof(struct predict_opts), .run = predict_run,
};
