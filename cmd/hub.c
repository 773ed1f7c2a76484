/* mlops import hf://..., mlops export hf://... */
#include "hub.h"

#include "base/fs.h"
#include "base/num.h"
#include "base/path.h"
#include "cli/progress.h"
#include "mlops/hub.h"
#include "mlops/project.h"
#include "mlops/workspace.h"
#include "paths.h"
#include "view.h"

static void show(uint64_t files, uint64_t bytes, void *arg)
{
	progress_show(arg, files, 0, bytes, 0);
}

static int print_result(const struct cmd_ctx *ctx, const struct hub_result *r,
			const struct object_ref *ref, const char *path, const char *done)
{
	char total[NUM_SIZE], moved[NUM_SIZE];

	if (!ctx->common.json) {
		autofree char *shown = cmd_show_path(path);

		num_format_bytes(r->bytes, total);
		num_format_bytes(r->moved_bytes, moved);
		printf("%s: %llu files, %s; %llu %s, %s\n", shown, (unsigned long long)r->files,
		       total, (unsigned long long)r->moved_files, done, moved);
		printf("commit %s\n", r->commit);
		return 0;
	}
	struct json *v = view_ref(ref);
	js_set(v, "path", js_str(path));
	js_set(v, "commit", js_str(r->commit));
	js_set(v, "moved_files", js_int((int64_t)r->moved_files));
	js_set(v, "moved_bytes", js_int((int64_t)r->moved_bytes));
	return cmd_print_json(v);
}

/* One path as typed, or made up, seen from the root; new. */
static int relpath(struct cmd_ctx *ctx, const char *typed, char **out, struct mlops_error *err)
{
	const char *v[] = { typed };
	const struct opt_strs one = { .v = v, .n = 1 };
	autostrlist paths = { 0 };

	if (cmd_relpaths(ctx->project, &one, &paths, err))
		return -1;
	*out = xstrdup(paths.v[0]);
	return 0;
}

static int check_free(struct cmd_ctx *ctx, const char *path, struct mlops_error *err)
{
	autofree char *full = path_join(mlops_project_root(ctx->project), path),
		      *pointer = xasprintf("%s.mlops", full);

	if (!fs_exists(full) && !fs_exists(pointer))
		return 0;
	err_set(err, MLOPS_EEXISTS, "'%s' is there already", path);
	return err_hint(
		err, "give another place with -o, or stop tracking it first: mlops untrack --rm %s",
		path);
}

int hub_import(struct cmd_ctx *ctx, const struct hub_import_opts *o, struct mlops_error *err)
{
	autofree const char **include = xcalloc(o->include->n + 1, sizeof(*include));
	autofree char *name = NULL, *path = NULL;
	struct hub_how how = { .include = o->include->n ? include : NULL,
			       .cache = o->cache,
			       .jobs = o->jobs,
			       .progress = show };
	struct hub_result result;
	struct progress progress;
	struct object_ref ref;

	for (size_t i = 0; i < o->include->n; i++)
		include[i] = o->include->v[i];
	if (mlops_hub_name(o->url, &name, err) ||
	    relpath(ctx, o->output ? o->output : name, &path, err) || check_free(ctx, path, err))
		return -1;
	how.arg = &progress;
	progress_start(&progress, "fetching", ctx->common.quiet);
	int rc = mlops_hub_import(ctx->project, o->url, path, &how, &ref, &result, err);
	progress_end(&progress);
	return rc ? -1 : print_result(ctx, &result, &ref, path, "fetched");
}

/* What is tracked at the path. */
static int find_ref(struct cmd_ctx *ctx, const char *path, struct object_ref *out,
		    struct mlops_error *err)
{
	struct pointer *list;
	size_t n;
	bool found = false;

	if (mlops_pointers_list(ctx->project, &list, &n, err))
		return -1;
	for (size_t i = 0; i < n && !found; i++) {
		found = !strcmp(list[i].path, path);
		if (found)
			*out = list[i].ref;
	}
	mlops_pointers_free(list, n);
	if (found)
		return 0;
	err_set(err, MLOPS_ENOTFOUND, "'%s' is not tracked", path);
	return err_hint(err, "track it first: mlops track %s", path);
}

int hub_export(struct cmd_ctx *ctx, const char *url, const char *typed, const char *message,
	       struct mlops_error *err)
{
	struct hub_how how = { .message = message, .progress = show };
	autofree char *path = NULL;
	struct hub_result result;
	struct progress progress;
	struct object_ref ref;

	if (!typed)
		return err_set(err, MLOPS_EUSAGE, "PATH, which is to be sent, is needed");
	if (relpath(ctx, typed, &path, err) || find_ref(ctx, path, &ref, err))
		return -1;
	how.arg = &progress;
	progress_start(&progress, "sending", ctx->common.quiet);
	int rc = mlops_hub_export(ctx->project, &ref, path_base(path), url, &how, &result, err);
	progress_end(&progress);
	return rc ? -1 : print_result(ctx, &result, &ref, path, "sent");
}
