/* mlops monitor profile and merge: what the columns of a table look like, and profiles of parts. */
#include "cmd.h"

#include <math.h>

#include "base/num.h"
#include "cli/table.h"
#include "mlops/monitor.h"

struct profile_opts {
	const char *file, *output, *format, *separator;
	struct opt_strs columns;
};

static const struct opt_spec profile_optv[] = {
	OPT(profile_opts, output, .name = "output", .letter = 'o', .type = OPT_STR, .meta = "FILE", .complete = "path", .no_config = true, .help = "write the profile to FILE and print nothing"),
	OPT(profile_opts, columns, .name = "column", .letter = 'c', .type = OPT_STRS, .meta = "NAME", .help = "only this column; may be given again"),
	OPT(profile_opts, format, .name = "format", .letter = 'f', .type = OPT_STR, .meta = "FORMAT", .choices = "csv|jsonl", .help = "format of the table (default: by its name)"),
	OPT(profile_opts, separator, .name = "separator", .type = OPT_STR, .meta = "CHAR", .help = "what separates the fields of CSV (default: comma, tab in .tsv)"),
	OPT_END,
};

static const struct arg_spec profile_argv[] = {
	ARG(profile_opts, file, .name = "FILE", .min = 1, .max = 1, .complete = "path", .help = "a table, or a profile; - is standard input"),
	ARG_END,
};

static struct json *number(double v)
{
	return isnan(v) ? js_null() : js_num(v);
}

static struct json *quantiles_json(const struct profile_view *view)
{
	struct json *v = js_obj();
	char key[NUM_SIZE];

	for (size_t i = 0; i < MLOPS_PROFILE_QUANTILES; i++)
		js_set(v, num_format_double(view->quantiles[i].share, key), number(view->quantiles[i].value));
	return v;
}

static struct json *top_json(const struct profile_view *view)
{
	struct json *top = js_arr();

	for (size_t i = 0; i < view->n_top; i++) {
		struct json *v = js_obj();

		js_set(v, "value", js_str(view->top[i].value));
		js_set(v, "count", js_int((int64_t)view->top[i].count));
		js_push(top, v);
	}
	return top;
}

static struct json *column_json(const struct profile_view *view)
{
	struct json *v = js_obj(), *length = js_obj();

	js_set(v, "name", js_str(view->name));
	js_set(v, "type", js_str(view->type));
	js_set(v, "rows", js_int((int64_t)view->rows));
	js_set(v, "missing", js_int((int64_t)view->missing));
	js_set(v, "infinite", js_int((int64_t)view->infinite));
	js_set(v, "distinct", number(rint(view->distinct)));
	js_set(v, "mean", number(view->mean));
	js_set(v, "sd", number(view->sd));
	js_set(v, "skewness", number(view->skewness));
	js_set(v, "kurtosis", number(view->kurtosis));
	js_set(v, "min", number(view->min));
	js_set(v, "max", number(view->max));
	js_set(v, "quantiles", quantiles_json(view));
	js_set(length, "mean", number(view->length_mean));
	js_set(length, "min", number(view->length_min));
	js_set(length, "max", number(view->length_max));
	js_set(v, "length", length);
	js_set(v, "top", top_json(view));
	js_set(v, "top_error", js_int((int64_t)view->top_error));
	return v;
}

static void print_json(const struct profile *p)
{
	struct json *top = js_obj(), *columns = js_arr();
	struct profile_view view;

	for (size_t i = 0; mlops_profile_column(p, i, &view); i++)
		js_push(columns, column_json(&view));
	js_set(top, "rows", js_int((int64_t)mlops_profile_rows(p)));
	js_set(top, "columns", columns);
	cmd_print_json(top);
}

static const char *shown(double v, char buf[NUM_SIZE])
{
	snprintf(buf, NUM_SIZE, "%.5g", v);
	return isnan(v) ? NULL : buf;
}

static void print_table(const struct profile *p)
{
	enum { MEDIAN = 3 };
	autotable *table = table_new("COLUMN", "TYPE", "MISSING>", "DISTINCT>", "MEAN>", "SD>", "MIN>",
				     "MEDIAN>", "MAX>", "COMMONEST~", NULL);
	struct profile_view v;

	for (size_t i = 0; mlops_profile_column(p, i, &v); i++) {
		char missing[NUM_SIZE], distinct[NUM_SIZE], cells[5][NUM_SIZE];

		snprintf(missing, sizeof(missing), "%llu", (unsigned long long)v.missing);
		snprintf(distinct, sizeof(distinct), "%.0f", v.distinct);
		table_add(table, v.name, v.type, missing, distinct, shown(v.mean, cells[0]),
			  shown(v.sd, cells[1]), shown(v.min, cells[2]),
			  shown(v.quantiles[MEDIAN].value, cells[3]), shown(v.max, cells[4]),
			  v.n_top && v.top[0].count > 1 ? v.top[0].value : NULL);
	}
	table_print(table, stdout);
	printf("\n%llu rows\n", (unsigned long long)mlops_profile_rows(p));
}

static int make_profile(const struct profile_opts *o, struct profile **out, struct mlops_error *err)
{
	const struct mlops_table_opts how = {
		.format = o->format, .separator = o->separator ? *o->separator : 0,
		.columns = o->columns.v, .n_columns = o->columns.n,
	};

	if (o->separator && strlen(o->separator) != 1)
		return err_set(err, MLOPS_EUSAGE, "--separator takes one character");
	if (mlops_is_profile(o->file))
		return mlops_profile_load(o->file, out, err);
	return mlops_profile_table(o->file, &how, out, err);
}

static int profile_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct profile_opts *o = opts;
	struct profile *p;
	int rc = 0;

	if (make_profile(o, &p, err))
		return -1;
	if (o->output)
		rc = mlops_profile_save(p, o->output, err);
	else if (ctx->common.json)
		print_json(p);
	else
		print_table(p);
	mlops_profile_free(p);
	return rc;
}

const struct cmd_spec cmd_monitor_profile = {
	.name = "profile", .summary = "sum up each column of a table",
	.flags = CMD_JSON, .opts = profile_optv, .args = profile_argv,
	.opts_size = sizeof(struct profile_opts), .run = profile_run,
};

struct merge_opts {
	struct opt_strs files;
	const char *output;
};

static const struct opt_spec merge_optv[] = {
	OPT(merge_opts, output, .name = "output", .letter = 'o', .type = OPT_STR, .meta = "FILE", .complete = "path", .no_config = true, .help = "write the merged profile to FILE (required)"),
	OPT_END,
};

static const struct arg_spec merge_argv[] = {
	ARG(merge_opts, files, .name = "PROFILE", .min = 1, .max = ARGS_ANY, .complete = "path", .help = "profiles of parts of one table"),
	ARG_END,
};

static int merge_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct merge_opts *o = opts;
	struct profile *all = NULL, *part = NULL;
	int rc = 0;

	(void)ctx;
	if (!o->output) {
		err_set(err, MLOPS_EUSAGE, "merge needs a file to write to");
		return err_hint(err, "name it with -o FILE");
	}
	for (size_t i = 0; !rc && i < o->files.n; i++) {
		rc = mlops_profile_load(o->files.v[i], all ? &part : &all, err);
		if (rc || !i)
			continue;
		mlops_profile_merge(all, part);
		mlops_profile_free(part);
	}
	if (!rc)
		rc = mlops_profile_save(all, o->output, err);
	mlops_profile_free(all);
	return rc;
}

const struct cmd_spec cmd_monitor_merge = {
	.name = "merge", .summary = "make one profile of several",
	.opts = merge_optv, .args = merge_argv,
	.opts_size = sizeof(struct merge_opts), .run = merge_run,
};
