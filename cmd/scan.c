/* mlops scan: looks for code, tricks and secrets in model files. */
#include "cmd.h"

#include "cli/table.h"
#include "mlops/scan.h"
#include "sarif.h"

struct scan_opts {
	struct opt_strs paths;
	const char *fail_on;
	bool sarif;
};

static const struct opt_spec scan_optv[] = {
	OPT(scan_opts, fail_on, .name = "fail-on", .type = OPT_STR, .meta = "SEVERITY", .def = "high",
	    .choices = "low|medium|high|critical", .help = "exit with 3 on a finding of this severity or more"),
	OPT(scan_opts, sarif, .name = "sarif", .type = OPT_BOOL, .help = "print the findings as SARIF 2.1.0"),
	OPT_END,
};

static const struct arg_spec scan_argv[] = {
	ARG(scan_opts, paths, .name = "PATH", .min = 1, .max = ARGS_ANY, .complete = "path", .help = "files, and folders with all below them"),
	ARG_END,
};

static enum scan_severity severity_of(const char *name)
{
	enum scan_severity s = SCAN_LOW;

	while (s < SCAN_CRITICAL && strcmp(mlops_scan_severity_name(s), name))
		s++;
	return s;
}

static struct json *finding_json(const struct scan_finding *f)
{
	struct json *v = js_obj();

	js_set(v, "severity", js_str(mlops_scan_severity_name(f->rule->severity)));
	js_set(v, "rule", js_str(f->rule->id));
	js_set(v, "title", js_str(f->rule->title));
	js_set(v, "file", js_str(f->file));
	js_set(v, "member", js_str(f->member));
	js_set(v, "offset", js_int((int64_t)f->offset));
	js_set(v, "message", js_str(f->message));
	return v;
}

static void print_json(const struct scan_report *report)
{
	struct json *top = js_obj(), *findings = js_arr();

	for (size_t i = 0; i < report->n; i++)
		js_push(findings, finding_json(&report->findings[i]));
	js_set(top, "findings", findings);
	js_set(top, "files", js_int((int64_t)report->files));
	js_set(top, "members", js_int((int64_t)report->members));
	js_set(top, "bytes", js_int((int64_t)report->bytes));
	cmd_print_json(top);
}

static void print_table(const struct scan_report *report)
{
	autotable *t = table_new("SEVERITY", "RULE", "WHERE", "OFFSET>", "FINDING", NULL);

	for (size_t i = 0; i < report->n; i++) {
		const struct scan_finding *f = &report->findings[i];
		autofree char *where = f->member ? xasprintf("%s!%s", f->file, f->member) : xstrdup(f->file);
		autofree char *offset = xasprintf("%llu", (unsigned long long)f->offset);

		table_add(t, mlops_scan_severity_name(f->rule->severity), f->rule->id, where, offset, f->message);
	}
	table_print(t, stdout);
	printf("%s%zu finding%s in %llu files\n", report->n ? "\n" : "", report->n, report->n == 1 ? "" : "s",
	       (unsigned long long)report->files);
}

static int scan_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct scan_opts *o = opts;
	struct scan_report *report;

	if (mlops_scan(o->paths.v, o->paths.n, &report, err))
		return -1;
	if (o->sarif)
		cmd_print_json(sarif_of(report));
	else if (ctx->common.json)
		print_json(report);
	else
		print_table(report);
	size_t bad = mlops_scan_count(report, severity_of(o->fail_on));
	mlops_scan_report_free(report);
	return bad ? CMD_EXIT_NO : 0;
}

const struct cmd_spec cmd_scan = {
	.group = "models", .name = "scan", .summary = "look for code, tricks and secrets in model files",
	.flags = CMD_JSON, .opts = scan_optv, .args = scan_argv,
	.opts_size = sizeof(struct scan_opts), .run = scan_run,
};
