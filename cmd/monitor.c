/* mlops monitor: the group; comparing two tables is here, profiles are in monitor_profile.c. */
#include "cmd.h"

#include <math.h>

#include "base/num.h"
#include "cli/table.h"
#include "mlops/monitor.h"

struct drift_opts {
	const char *reference, *current;
	struct opt_strs columns;
	const char *test, *format, *separator;
	double threshold, alpha, effect, new_share, share;
	bool correct;
};

#define TESTS                                                                                      \
	"auto|wasserstein|ks|anderson|cramer_von_mises|jensenshannon|psi|hellinger|kl_div|tvd|"    \
	"chisquare|chi2_contingency|z"

static const struct opt_spec drift_optv[] = {
	OPT(drift_opts, columns, .name = "column", .letter = 'c', .type = OPT_STRS, .meta = "NAME", .help = "compare only this column; may be given again"),
	OPT(drift_opts, test, .name = "test", .letter = 't', .type = OPT_STR, .meta = "TEST", .def = "auto", .choices = TESTS, .help = "use this test where it fits the column"),
	OPT(drift_opts, threshold, .name = "threshold", .type = OPT_DOUBLE, .meta = "X", .help = "threshold of --test (default: its own)"),
	OPT(drift_opts, alpha, .name = "alpha", .type = OPT_DOUBLE, .meta = "P", .def = "0.05", .help = "significance that a distance must have as well"),
	OPT(drift_opts, effect, .name = "effect", .type = OPT_DOUBLE, .meta = "D", .def = "0.1", .help = "distance that a significant difference must have as well"),
	OPT(drift_opts, new_share, .name = "new-share", .type = OPT_DOUBLE, .meta = "S", .def = "0.01", .help = "share of never-seen values that is drift"),
	OPT(drift_opts, share, .name = "share", .type = OPT_DOUBLE, .meta = "S", .def = "0", .help = "share of drifted columns that makes the data set drift; 0: any"),
	OPT(drift_opts, correct, .name = "correct", .type = OPT_BOOL, .def = "true", .help = "adjust p-values for the number of columns"),
	OPT(drift_opts, format, .name = "format", .letter = 'f', .type = OPT_STR, .meta = "FORMAT", .choices = "csv|jsonl", .help = "format of both tables (default: by their names)"),
	OPT(drift_opts, separator, .name = "separator", .type = OPT_STR, .meta = "CHAR", .help = "what separates the fields of CSV (default: comma, tab in .tsv)"),
	OPT_END,
};

static const struct arg_spec drift_argv[] = {
	ARG(drift_opts, reference, .name = "REFERENCE", .min = 1, .max = 1, .complete = "path", .help = "table that shows what is normal"),
	ARG(drift_opts, current, .name = "CURRENT", .min = 1, .max = 1, .complete = "path", .help = "table to judge"),
	ARG_END,
};

static const char *const type_names[] = { "number", "category", "text" };

static const struct {
	enum drift_reason bit;
	const char *name, *shown;
} reasons[] = {
	{ DRIFT_TESTED, "test", "drift" },
	{ DRIFT_NEW_VALUES, "new_values", "new values" },
	{ DRIFT_NOT_NUMBERS, "not_numbers", "not numbers" },
	{ DRIFT_ABSENT, "absent", "absent" },
};

static struct json *pair_json(const uint64_t n[2])
{
	struct json *v = js_obj();

	js_set(v, "reference", js_int((int64_t)n[0]));
	js_set(v, "current", js_int((int64_t)n[1]));
	return v;
}

static struct json *number_or_null(double v)
{
	return isnan(v) ? js_null() : js_num(v);
}

static struct json *column_json(const struct drift_column *c)
{
	struct json *v = js_obj(), *why = js_arr();

	js_set(v, "name", js_str(c->name));
	js_set(v, "type", js_str(type_names[c->type]));
	js_set(v, "rows", pair_json(c->rows));
	js_set(v, "missing", pair_json(c->missing));
	js_set(v, "test", js_str(c->test));
	js_set(v, "statistic", number_or_null(c->statistic));
	js_set(v, "p_value", number_or_null(c->p_value));
	js_set(v, "p_adjusted", number_or_null(c->p_adjusted));
	js_set(v, "threshold", number_or_null(c->threshold));
	js_set(v, "threshold_on", c->test ? js_str(c->by_p ? "p_value" : "statistic") : js_null());
	js_set(v, "effect", number_or_null(c->effect));
	js_set(v, "effect_name", js_str(c->effect_name));
	if (c->type == DRIFT_CATEGORY) {
		js_set(v, "new_share", js_num(c->new_share));
		js_set(v, "new_value", js_str(c->new_value));
	}
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (c->reasons & reasons[i].bit)
			js_push(why, js_str(reasons[i].name));
	js_set(v, "drifted", js_bool(c->reasons));
	js_set(v, "reasons", why);
	return v;
}

static int print_json(const struct drift_report *report)
{
	struct json *top = js_obj(), *columns = js_arr();

	for (size_t i = 0; i < report->n_columns; i++)
		js_push(columns, column_json(&report->columns[i]));
	js_set(top, "drifted", js_bool(report->drifted));
	js_set(top, "columns_drifted", js_int((int64_t)report->n_drifted));
	js_set(top, "share", js_num(report->share));
	js_set(top, "rows", pair_json(report->rows));
	js_set(top, "columns", columns);
	return cmd_print_json(top);
}

/* Six digits, "-" for what was not computed. */
static const char *shown(double v, char buf[NUM_SIZE])
{
	if (isnan(v))
		return NULL;
	snprintf(buf, NUM_SIZE, "%.4g", v);
	return buf;
}

static void verdict(const struct drift_column *c, struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (c->reasons & reasons[i].bit)
			strbuf_addf(out, "%s%s", out->len ? ", " : "", reasons[i].shown);
	if (c->reasons & DRIFT_NEW_VALUES)
		strbuf_addf(out, " (%.3g%%)", 100 * c->new_share);
}

static void print_table(const struct drift_report *report)
{
	autotable *table = table_new("COLUMN", "TYPE", "TEST", "STATISTIC>", "P>", "THRESHOLD>", "VERDICT",
				     NULL);

	for (size_t i = 0; i < report->n_columns; i++) {
		const struct drift_column *c = &report->columns[i];
		char statistic[NUM_SIZE], p[NUM_SIZE], threshold[NUM_SIZE];
		autobuf why = { 0 };

		verdict(c, &why);
		table_add(table, c->name, type_names[c->type], c->test, shown(c->statistic, statistic),
			  shown(c->p_adjusted, p), shown(c->threshold, threshold), why.buf);
	}
	table_print(table, stdout);
	printf("\n%s: %zu of %zu columns drifted (%llu rows against %llu)\n",
	       report->drifted ? "drift" : "no drift", report->n_drifted, report->n_columns,
	       (unsigned long long)report->rows[1], (unsigned long long)report->rows[0]);
}

static int in_unit(const char *name, double v, struct mlops_error *err)
{
	if (v >= 0 && v <= 1)
		return 0;
	return err_set(err, MLOPS_EUSAGE, "--%s takes a number from 0 to 1", name);
}

static int drift_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct drift_opts *o = opts;
	struct mlops_drift_opts how = {
		.table = { .format = o->format, .separator = o->separator ? *o->separator : 0,
			   .columns = o->columns.v, .n_columns = o->columns.n },
		.test = strcmp(o->test, "auto") ? o->test : NULL,
		.threshold = o->threshold, .alpha = o->alpha, .effect = o->effect,
		.new_share = o->new_share, .share = o->share, .uncorrected = !o->correct,
	};
	struct drift_report *report;

	if (o->separator && strlen(o->separator) != 1)
		return err_set(err, MLOPS_EUSAGE, "--separator takes one character");
	if (o->threshold != 0 && !how.test)
		return err_set(err, MLOPS_EUSAGE, "--threshold needs a --test that it is for");
	if (in_unit("alpha", o->alpha, err) || in_unit("new-share", o->new_share, err) ||
	    in_unit("share", o->share, err) || mlops_drift(o->reference, o->current, &how, &report, err))
		return -1;
	bool drifted = report->drifted;
	if (ctx->common.json)
		print_json(report);
	else
		print_table(report);
	mlops_drift_free(report);
	return drifted ? CMD_EXIT_NO : 0;
}

static const struct cmd_spec monitor_drift = {
	.name = "drift", .summary = "compare two tables; exit 3 when they differ",
	.flags = CMD_JSON, .opts = drift_optv, .args = drift_argv,
	.opts_size = sizeof(struct drift_opts), .run = drift_run,
};

extern const struct cmd_spec cmd_monitor_alerts, cmd_monitor_check, cmd_monitor_profile, cmd_monitor_merge,
	cmd_monitor_silence;

static const struct cmd_spec *const monitor_subs[] = {
	&cmd_monitor_check, &cmd_monitor_alerts, &cmd_monitor_profile, &cmd_monitor_merge, &monitor_drift,
	&cmd_monitor_silence, NULL,
};

const struct cmd_spec cmd_monitor = {
	.group = "deployments", .name = "monitor", .summary = "profile data, find drift",
	.subs = monitor_subs,
};
