/* mlops monitor check, alerts and silence: the monitors of mlops.yaml, measured now; their alerts. */
#include "cmd.h"

#include "base/clock.h"
#include "base/num.h"
#include "cli/table.h"
#include "mlops/alert.h"

struct check_opts {
	struct opt_strs names;
};

static const struct arg_spec check_argv[] = {
	ARG(check_opts, names, .name = "NAME", .max = ARGS_ANY, .help = "only these monitors"),
	ARG_END,
};

static struct json *alert_json(const struct alert *a)
{
	struct json *v = js_obj();
	char since[CLOCK_ISO_SIZE];

	js_set(v, "name", js_str(a->name));
	js_set(v, "state", js_str(mlops_alert_state_name(a->state)));
	js_set(v, "since", js_str(clock_format_iso(a->since_ms, since)));
	js_set(v, "silenced_until",
	       a->silenced_ms ? js_str(clock_format_iso(a->silenced_ms, since)) : js_null());
	js_set(v, "watch", js_str(a->watch));
	js_set(v, "column", js_str(a->column));
	js_set(v, "value", js_num(a->value));
	js_set(v, "above", js_num(a->above));
	js_set(v, "clear", js_num(a->clear));
	js_set(v, "severity", js_str(a->severity));
	js_set(v, "owner", js_str(a->owner));
	js_set(v, "runbook", js_str(a->runbook));
	return v;
}

static int print_json(const struct alerts *alerts)
{
	struct json *top = js_obj(), *list = js_arr();

	for (size_t i = 0; i < alerts->n; i++)
		js_push(list, alert_json(&alerts->v[i]));
	js_set(top, "alerts", list);
	return cmd_print_json(top);
}

static void print_table(const struct alerts *alerts)
{
	autotable *t = table_new("MONITOR", "STATE", "WATCH", "VALUE>", "ABOVE>", "SEVERITY", "OWNER",
				 "RUNBOOK~", NULL);

	for (size_t i = 0; i < alerts->n; i++) {
		const struct alert *a = &alerts->v[i];
		autofree char *watch = a->column ? xasprintf("%s of %s", a->watch, a->column) :
						   xasprintf("%s", a->watch);
		char value[NUM_SIZE], above[NUM_SIZE];

		snprintf(value, sizeof(value), "%.5g", a->value);
		snprintf(above, sizeof(above), "%.5g", a->above);
		autofree char *state = xasprintf("%s%s", mlops_alert_state_name(a->state),
						 a->silenced_ms ? ", silenced" : "");
		table_add(t, a->name, state, watch, value, above,
			  a->severity, a->owner, a->runbook);
	}
	table_print(t, stdout);
}

static void print_alerts(const struct cmd_ctx *ctx, const struct alerts *alerts)
{
	if (ctx->common.json)
		print_json(alerts);
	else
		print_table(alerts);
}

static int check_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct check_opts *o = opts;
	struct alerts *alerts;
	bool firing = false;

	if (mlops_monitors_check(ctx->project, o->names.v, o->names.n, &alerts, err))
		return -1;
	for (size_t i = 0; i < alerts->n; i++)
		firing |= alerts->v[i].state == ALERT_FIRING && !alerts->v[i].silenced_ms;
	print_alerts(ctx, alerts);
	mlops_alerts_free(alerts);
	return firing ? CMD_EXIT_NO : 0;
}

const struct cmd_spec cmd_monitor_check = {
	.name = "check", .summary = "measure the monitors of mlops.yaml; exit 3 when one fires",
	.flags = CMD_PROJECT | CMD_JSON, .args = check_argv,
	.opts_size = sizeof(struct check_opts), .run = check_run,
};

static int alerts_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	struct alerts *alerts;

	(void)opts;
	if (mlops_alerts_last(ctx->project, &alerts, err))
		return -1;
	print_alerts(ctx, alerts);
	mlops_alerts_free(alerts);
	return 0;
}

const struct cmd_spec cmd_monitor_alerts = {
	.name = "alerts", .summary = "show what the last check of each monitor found",
	.flags = CMD_PROJECT | CMD_JSON, .run = alerts_run,
};

struct silence_opts {
	const char *name;
	int64_t for_ms;
};

static const struct opt_spec silence_optv[] = {
	OPT(silence_opts, for_ms, .name = "for", .type = OPT_DURATION, .meta = "TIME", .def = "2h", .help = "how long, from now; 0 ends a silence"),
	OPT_END,
};

static const struct arg_spec silence_argv[] = {
	ARG(silence_opts, name, .name = "NAME", .min = 1, .max = 1, .help = "the monitor"),
	ARG_END,
};

static int silence_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct silence_opts *o = opts;

	return mlops_monitor_silence(ctx->project, o->name, o->for_ms, err);
}

const struct cmd_spec cmd_monitor_silence = {
	.name = "silence", .summary = "let a monitor's alert count for nothing for a time",
	.flags = CMD_PROJECT, .opts = silence_optv, .args = silence_argv,
	.opts_size = sizeof(struct silence_opts), .run = silence_run,
};
