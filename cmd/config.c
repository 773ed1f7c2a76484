/* mlops config: shows, reads and changes settings. */
#include "cmd.h"

#include "mlops/config.h"
#include "mlops/project.h"

struct config_opts {
	const char *key, *value;
	bool local, user, system, unset;
};

static const struct opt_spec config_optv[] = {
	OPT(config_opts, local, .name = "local", .type = OPT_BOOL, .no_config = true, .help = "change .mlops/config.local, which git does not see"),
	OPT(config_opts, user, .name = "user", .type = OPT_BOOL, .no_config = true, .help = "change ~/.config/mlops/config"),
	OPT(config_opts, system, .name = "system", .type = OPT_BOOL, .no_config = true, .help = "change /etc/mlops/config"),
	OPT(config_opts, unset, .name = "unset", .type = OPT_BOOL, .no_config = true, .help = "remove the setting"),
	OPT_END,
};

static const struct arg_spec config_argv[] = {
	ARG(config_opts, key, .name = "KEY", .max = 1, .complete = "config", .help = "section.name; without one, all settings are listed"),
	ARG(config_opts, value, .name = "VALUE", .max = 1, .help = "the new value; without one, the value that holds is shown"),
	ARG_END,
};

static const char *const scope_names[] = { "local", "project", "user", "system" };

static int add_setting(enum config_scope scope, const char *key, const char *value, void *arg,
		       struct mlops_error *err)
{
	struct json *entry = js_obj();

	(void)err;
	js_set(entry, "key", js_str(key));
	js_set(entry, "value", js_str(value));
	js_set(entry, "scope", js_str(scope_names[scope]));
	js_push(arg, entry);
	return 0;
}

static int print_setting(enum config_scope scope, const char *key, const char *value, void *arg,
			 struct mlops_error *err)
{
	(void)scope, (void)arg, (void)err;
	printf("%s=%s\n", key, value);
	return 0;
}

static int list(struct cmd_ctx *ctx, struct mlops_error *err)
{
	if (!ctx->common.json)
		return mlops_config_list(ctx->project, print_setting, NULL, err);

	struct json *settings = js_arr(), *top = js_obj();

	js_set(top, "settings", settings);
	if (!mlops_config_list(ctx->project, add_setting, settings, err))
		return cmd_print_json(top);
	js_free(top);
	return -1;
}

static int show(struct cmd_ctx *ctx, const char *key, struct mlops_error *err)
{
	const char *value = mlops_config_lookup(ctx->project, key);

	if (!value)
		return err_set(err, MLOPS_ENOTFOUND, "'%s' is not set", key);
	if (!ctx->common.json) {
		puts(value);
		return 0;
	}
	struct json *v = js_obj();
	js_set(v, "key", js_str(key));
	js_set(v, "value", js_str(value));
	return cmd_print_json(v);
}

static int change(struct cmd_ctx *ctx, const struct config_opts *o, struct mlops_error *err)
{
	enum config_scope scope = o->local ? CONFIG_LOCAL : o->user ? CONFIG_USER :
				  o->system ? CONFIG_SYSTEM : CONFIG_PROJECT;

	if (scope <= CONFIG_PROJECT && ctx->project && mlops_project_lock(ctx->project, true, err))
		return -1;
	return mlops_config_set(ctx->project, scope, o->key, o->unset ? NULL : o->value, err);
}

static int check_usage(const struct config_opts *o, struct mlops_error *err)
{
	if (o->local + o->user + o->system > 1)
		return err_set(err, MLOPS_EUSAGE, "give one of --local, --user and --system");
	if (o->unset && (!o->key || o->value))
		return err_set(err, MLOPS_EUSAGE, "--unset takes one KEY and no VALUE");
	if (!o->value && !o->unset && (o->local || o->user || o->system))
		return err_set(err, MLOPS_EUSAGE, "--local, --user and --system say where to write");
	return 0;
}

static int config_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct config_opts *o = opts;

	if (check_usage(o, err))
		return err_hint(err, "see: mlops config -h");
	if (mlops_project_open(".", &ctx->project, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err); /* settings of the user and the system need no project */
	}
	if (o->value || o->unset)
		return change(ctx, o, err);
	return o->key ? show(ctx, o->key, err) : list(ctx, err);
}

const struct cmd_spec cmd_config = {
	.group = "project", .name = "config", .summary = "show and change settings",
	.flags = CMD_JSON, .opts = config_optv, .args = config_argv,
	.opts_size = sizeof(struct config_opts), .run = config_run,
};
