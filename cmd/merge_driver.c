/* mlops merge-driver: what git runs to merge pointers and mlops.lock (mlops-git(7)). */
#include "cmd.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "mlops/merge.h"
#include "mlops/project.h"

#define MAX_FILE      ((size_t)16 << 20)
#define EXIT_CONFLICT 1

struct merge_driver_opts {
	const char *base, *ours, *theirs, *path;
	int64_t marker_size;
};

static const struct opt_spec merge_driver_optv[] = {
	OPT(merge_driver_opts, marker_size, .name = "marker-size", .type = OPT_INT, .meta = "N", .def = "7", .no_config = true, .help = "write conflict marks of N characters"),
	OPT_END,
};

static const struct arg_spec merge_driver_argv[] = {
	ARG(merge_driver_opts, base, .name = "BASE", .min = 1, .max = 1, .help = "a file with the common version"),
	ARG(merge_driver_opts, ours, .name = "OURS", .min = 1, .max = 1, .help = "a file with our version, which the result replaces"),
	ARG(merge_driver_opts, theirs, .name = "THEIRS", .min = 1, .max = 1, .help = "a file with their version"),
	ARG(merge_driver_opts, path, .name = "PATH", .min = 1, .max = 1, .help = "what is merged, as git names it"),
	ARG_END,
};

/* The folder of the path need not be there: what is merged may be of a folder that is to come. */
static int open_project(const char *path, struct project **out, struct mlops_error *err)
{
	autofree char *dir = path_dir(path);

	while (!fs_is_dir(dir)) {
		char *up = path_dir(dir);

		free(dir);
		dir = up;
	}
	return mlops_project_open(dir, out, err);
}

static int merge(struct project *project, const struct merge_driver_opts *o,
		 const struct merge_versions *v, const struct merge_how *how, char **out,
		 bool *conflict, struct mlops_error *err)
{
	autofree char *path = NULL;

	if (mlops_project_relpath(project, o->path, &path, err))
		return -1;
	if (!mlops_merge_knows(path))
		return err_set(err, MLOPS_EINVALID, "'%s' is neither a pointer nor mlops.lock", path);
	if (mlops_project_lock(project, true, err))
		return -1;
	return mlops_merge(project, path, v, how, out, conflict, err);
}

/* Whatever goes wrong leaves a conflict that says so: git then waits for a person. */
static int run(const struct merge_driver_opts *o, const struct merge_versions *v,
	       struct mlops_error *err)
{
	struct merge_how how = { .marker_size = (size_t)o->marker_size };
	struct project *project = NULL;
	autofree char *merged = NULL;
	autoerr why = ERR_INIT;
	bool conflict = true;
	int rc = open_project(o->path, &project, &why);

	if (!rc)
		rc = merge(project, o, v, &how, &merged, &conflict, &why);
	mlops_project_free(project);
	if (rc) {
		merged = mlops_merge_marked(o->path, v, &how, &why);
		log_warn("'%s' is not merged: %s", o->path, why.msg);
	} else if (conflict) {
		log_warn("'%s' has a conflict, and says in what", o->path);
	}
	if (fs_write_atomic(o->ours, merged, strlen(merged), 0666, err))
		return -1;
	return conflict ? EXIT_CONFLICT : 0;
}

static struct merge_text text_of(const struct strbuf *b)
{
	return (struct merge_text){ b->buf, b->len };
}

static int merge_driver_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct merge_driver_opts *o = opts;
	autobuf base = { 0 }, ours = { 0 }, theirs = { 0 };

	(void)ctx;
	if (o->marker_size < 1 || o->marker_size > 1000)
		return err_set(err, MLOPS_EUSAGE, "--marker-size takes 1 to 1000");
	if (fs_read(o->base, MAX_FILE, &base, err) || fs_read(o->ours, MAX_FILE, &ours, err) ||
	    fs_read(o->theirs, MAX_FILE, &theirs, err))
		return -1;
	const struct merge_versions v = { text_of(&base), text_of(&ours), text_of(&theirs) };
	return run(o, &v, err);
}

const struct cmd_spec cmd_merge_driver = {
	.name = "merge-driver",
	.summary = "merge pointers and mlops.lock for git",
	.opts = merge_driver_optv,
	.args = merge_driver_argv,
	.opts_size = sizeof(struct merge_driver_opts),
	.run = merge_driver_run,
};
