/* mlops mdoc FILE: the build's step from man/NAME.1.in to the manual page. Not listed in help. */
#include "cmd.h"

#include "base/fs.h"
#include "cli/usage.h"

struct mdoc_opts {
	const char *file;
};

static const struct arg_spec mdoc_argv[] = {
	ARG(mdoc_opts, file, .name = "FILE", .min = 1, .max = 1, .complete = "path",
	    .help = "source of a manual page"),
	ARG_END,
};

static int mdoc_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	enum { MAX_PAGE = 1 << 20 };
	const struct mdoc_opts *o = opts;
	autobuf source = { 0 }, page = { 0 };

	(void)ctx;
	if (fs_read(o->file, MAX_PAGE, &source, err) ||
	    usage_mdoc(cmd_registry, o->file, (struct str){ source.buf, source.len }, &page, err))
		return -1;
	fwrite(page.buf, 1, page.len, stdout);
	return 0;
}

const struct cmd_spec cmd_mdoc = {
	.name = "mdoc",
	.summary = "expand the source of a manual page",
	.args = mdoc_argv,
	.opts_size = sizeof(struct mdoc_opts),
	.run = mdoc_run,
};
