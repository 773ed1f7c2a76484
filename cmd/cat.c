/* mlops cat */
#include <errno.h>

#include "mlops/project.h"
#include "paths.h"
#include "supply.h"

struct cat_opts {
	const char *what;
};

static const struct arg_spec cat_argv[] = {
	ARG(cat_opts, what, .name = "[REV:]PATH", .min = 1, .max = 1, .complete = "path", .help = "a tracked file, or one in a tracked folder; as it is at a revision with REV:"),
	ARG_END,
};

/*
 * "HEAD~1:data/x", where the path is seen from the current folder, as all paths are. A colon in
 * a path that is there is a part of its name.
 */
static int split(struct project *project, const char *what, char **rev, char **path,
		 struct mlops_error *err)
{
	const char *colon = access(what, F_OK) ? strchr(what, ':') : NULL;

	if (colon == what || (colon && !colon[1]))
		return err_set(err, MLOPS_EUSAGE, "'%s' is not of the form REV:PATH", what);
	if (mlops_project_relpath(project, colon ? colon + 1 : what, path, err))
		return -1;
	*rev = colon ? xstrndup(what, (size_t)(colon - what)) : NULL;
	return 0;
}

static int write_out(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	(void)arg;
	if (fwrite(buf, 1, n, stdout) != n)
		return err_sys(err, "cannot write to standard output");
	return 0;
}

static int print_item(struct cmd_ctx *ctx, const struct item *item, const char *path,
		      struct mlops_error *err)
{
	struct store *store;

	if (item->kind == ITEM_FOLDER) {
		err_set(err, MLOPS_EINVALID, "'%s' is a folder", path);
		return err_hint(err, "list what it holds with: mlops ls");
	}
	if (cmd_supply(ctx, &item->oid, item->size, &item->place, err))
		return err_wrap(err, "cannot get '%s'", path);
	if (mlops_store_of(ctx->project, &store, err))
		return -1;
	return mlops_store_read(store, &item->oid, write_out, NULL, err);
}

static int cat_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct cat_opts *o = opts;
	autofree char *rev = NULL, *path = NULL;
	struct item item;

	if (split(ctx->project, o->what, &rev, &path, err))
		return -1;
	const struct listing_how how = cmd_listing(ctx, rev);
	if (mlops_listing_find(ctx->project, &how, path, &item, err))
		return -1;
	return print_item(ctx, &item, path, err);
}

const struct cmd_spec cmd_cat = {
	.group = "data", .name = "cat", .summary = "print a tracked file as it is at any revision",
	.flags = CMD_LOCK_READ, .args = cat_argv,
	.opts_size = sizeof(struct cat_opts), .run = cat_run,
};
