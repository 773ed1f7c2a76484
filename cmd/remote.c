/* mlops remote: lists, adds, removes and checks remotes. */
#include "remote_care.h"

#include "cli/table.h"
#include "mlops/config.h"
#include "mlops/project.h"
#include "mlops/remote.h"

static int print_json_list(const struct remote_info *remotes, size_t n)
{
	struct json *list = js_arr(), *top = js_obj();

	for (size_t i = 0; i < n; i++) {
		struct json *r = js_obj();

		js_set(r, "name", js_str(remotes[i].name));
		js_set(r, "url", js_str(remotes[i].url));
		js_set(r, "default", js_bool(remotes[i].is_default));
		js_push(list, r);
	}
	js_set(top, "remotes", list);
	return cmd_print_json(top);
}

static int print_table(const struct remote_info *remotes, size_t n)
{
	autotable *t = table_new("NAME", "URL", "DEFAULT", NULL);

	for (size_t i = 0; i < n; i++)
		table_add(t, remotes[i].name, remotes[i].url, remotes[i].is_default ? "yes" : "");
	table_print(t, stdout);
	return 0;
}

static int ls_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	struct remote_info *remotes;
	size_t n;

	(void)opts;
	if (mlops_remotes_list(ctx->project, &remotes, &n, err))
		return -1;
	int rc = ctx->common.json ? print_json_list(remotes, n) : print_table(remotes, n);
	mlops_remotes_free(remotes, n);
	return rc;
}

static const struct cmd_spec remote_ls = {
	.name = "ls", .summary = "list the remotes", .flags = CMD_PROJECT | CMD_JSON, .run = ls_run,
};

struct add_opts {
	const char *name, *url;
	bool is_default;
};

static const struct opt_spec add_optv[] = {
	OPT(add_opts, is_default, .name = "default", .type = OPT_BOOL, .no_config = true, .help = "make it the one that push and pull use when none is named"),
	OPT_END,
};

static const struct arg_spec add_argv[] = {
	ARG(add_opts, name, .name = "NAME", .min = 1, .max = 1, .help = "its name, such as origin"),
	ARG(add_opts, url, .name = "URL", .min = 1, .max = 1, .complete = "dir", .help = "a path (relative to the project's root), file://, http://, https://, s3://, gs://, az://, sftp://, oci:// or lfs+https://"),
	ARG_END,
};

static int add_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct add_opts *o = opts;

	if (mlops_remote_add(ctx->project, o->name, o->url, err))
		return -1;
	if (!o->is_default)
		return 0;
	return mlops_config_set(ctx->project, CONFIG_PROJECT, "core.remote", o->name, err);
}

static const struct cmd_spec remote_add = {
	.name = "add", .summary = "add a remote", .flags = CMD_PROJECT | CMD_LOCK_WRITE,
	.opts = add_optv, .args = add_argv, .opts_size = sizeof(struct add_opts), .run = add_run,
};

struct name_opts {
	const char *name;
};

static const struct arg_spec remove_argv[] = {
	ARG(name_opts, name, .name = "NAME", .min = 1, .max = 1, .complete = "remote", .help = "the remote to forget; what it holds stays"),
	ARG_END,
};

static int remove_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct name_opts *o = opts;

	return mlops_remote_remove(ctx->project, o->name, err);
}

static const struct cmd_spec remote_remove = {
	.name = "remove", .summary = "forget a remote", .flags = CMD_PROJECT | CMD_LOCK_WRITE,
	.args = remove_argv, .opts_size = sizeof(struct name_opts), .run = remove_run,
};

struct check_opts {
	const char *name;
	bool write;
};

static const struct opt_spec check_optv[] = {
	OPT(check_opts, write, .name = "write", .letter = 'w', .type = OPT_BOOL, .no_config = true, .help = "also put a small file there, read it, list it, and remove it"),
	OPT_END,
};

static const struct arg_spec check_argv[] = {
	ARG(check_opts, name, .name = "NAME", .max = 1, .complete = "remote", .help = "the remote to ask; the default one when none is named"),
	ARG_END,
};

static int check_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct check_opts *o = opts;

	if (o->write ? mlops_remote_probe(ctx->project, o->name, err) :
		       mlops_remote_check(ctx->project, o->name, err))
		return -1;
	puts(o->write ? "the remote answers, and takes what is put there" : "the remote answers");
	return 0;
}

static const struct cmd_spec remote_check = {
	.name = "check", .summary = "see whether a remote answers and lets us in",
	.flags = CMD_PROJECT, .opts = check_optv, .args = check_argv,
	.opts_size = sizeof(struct check_opts), .run = check_run,
};

static const struct cmd_spec *const remote_subs[] = {
	&remote_ls, &remote_add, &remote_remove, &remote_check, &cmd_remote_gc, &cmd_remote_verify, NULL,
};

const struct cmd_spec cmd_remote = {
	.group = "share", .name = "remote", .summary = "list and change the remotes",
	.flags = CMD_PROJECT | CMD_JSON, .run = ls_run, .subs = remote_subs,
};
