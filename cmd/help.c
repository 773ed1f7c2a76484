/* mlops help: the overview, the manual of a command, the whole command line as JSON. */
#include "cmd.h"

#include "base/fs.h"
#include "base/path.h"
#include "base/proc.h"
#include "cli/usage.h"

struct help_opts {
	struct opt_strs command;
};

static const struct arg_spec help_argv[] = {
	ARG(help_opts, command, .name = "COMMAND", .max = ARGS_ANY, .complete = "command",
	    .help = "the command to read about"),
	ARG_END,
};

/* The folder of the pages that were built beside this program, or NULL when it is installed. */
static char *built_pages(const char *page, struct mlops_error *err)
{
	autofree char *self = NULL;

	if (proc_self_path(&self, err)) {
		mlops_error_clear(err);
		return NULL;
	}
	autofree char *dir = path_dir(self);
	autofree char *pages = path_join(dir, "man");
	autofree char *file = xasprintf("%s/man1/%s.1", pages, page);
	return fs_exists(file) ? steal_ptr(&pages) : NULL;
}

static int show_manual(const struct help_opts *o, struct mlops_error *err)
{
	size_t used;

	if (!usage_find(cmd_registry, (char **)o->command.v, o->command.n, &used) ||
	    used < o->command.n) {
		err_set(err, MLOPS_EUSAGE, "no command named '%s'", o->command.v[used]);
		return err_hint(err, "see: mlops help");
	}
	/* subcommands share their group's page */
	autofree char *page = xasprintf("mlops-%s", o->command.v[0]);
	autofree char *pages = built_pages(page, err);
	if (pages)
		execlp("man", "man", "-M", pages, page, (char *)NULL);
	else
		execlp("man", "man", page, (char *)NULL);
	err_sys(err, "cannot start 'man'");
	return err_hint(err, "short help is there without it: mlops %s -h", o->command.v[0]);
}

static int help_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct help_opts *o = opts;
	autobuf text = { 0 };

	if (o->command.n && !ctx->common.json)
		return show_manual(o, err);
	if (ctx->common.json)
		usage_describe(cmd_registry, &text);
	else
		usage_overview(cmd_registry, &text);
	fputs(text.buf, stdout);
	return 0;
}

const struct cmd_spec cmd_help = {
	.group = "about",
	.name = "help",
	.summary = "list the commands, or show the manual of one",
	.flags = CMD_JSON,
	.args = help_argv,
	.opts_size = sizeof(struct help_opts),
	.run = help_run,
};
