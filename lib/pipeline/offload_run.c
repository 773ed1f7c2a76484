/* The child's side of engines: the process that stands for a stage which runs elsewhere. */
#include "base/fs.h"
#include "base/map.h"
#include "base/path.h"
#include "git/git.h"
#include "pipeline/engine.h"
#include "pipeline/offload.h"
#include "pipeline/stop.h"
#include "pipeline/used.h"

struct collection {
	struct engine_call *call;
	struct map read; /* what the stage reads, so as to be sent once */
};

/* Whether a path, or a folder above it, is sent for another reason, or is an out. */
static bool is_covered(const struct collection *c, const char *path)
{
	autofree char *above = xstrdup(path);
	char *slash;

	while (!map_get(&c->read, above)) {
		slash = strrchr(above, '/');
		if (!slash)
			return false;
		*slash = '\0';
	}
	return true;
}

static int add_code(const char *path, void *arg, struct mlops_error *err)
{
	struct collection *c = arg;
	autofree char *full = project_abspath(c->call->project, path);
	struct stat st;

	(void)err;
	if (!project_is_private(path) && !is_covered(c, path) && !lstat(full, &st) &&
	    !S_ISDIR(st.st_mode))
		strlist_add(&c->call->files, path);
	return 0;
}

static int add_new(const struct git_file_status *s, void *arg, struct mlops_error *err)
{
	return s->staged == GIT_FILE_SAME && s->unstaged == GIT_FILE_ADDED ?
		       add_code(s->path, arg, err) :
		       0;
}

/* All that git has, as it is in the work tree, and what it would add. */
static int collect_code(struct collection *c, struct mlops_error *err)
{
	struct git_repo *git;

	return project_git(c->call->project, &git, err) ||
			       git_staged_each(git, "", add_code, c, err) ||
			       git_each_status(git, "*", add_new, c, err) ?
		       -1 :
		       0;
}

static int collect(struct engine_call *call, struct mlops_error *err)
{
	const struct offload *stage = call->stage;
	struct collection c = { .call = call };

	for (size_t i = 0; i < stage->n_outs; i++)
		map_put(&c.read, stage->outs[i], call);
	for (size_t i = 0; i < stage->n_read; i++) {
		if (!path_is_safe(stage->read[i]))
			return err_set(err, MLOPS_EINVALID, "'%s' cannot be sent", stage->read[i]);
		strlist_add(&call->files, stage->read[i]);
		map_put(&c.read, stage->read[i], call);
	}
	int rc = stage->code ? collect_code(&c, err) : 0;
	map_clear(&c.read);
	return rc;
}

static int find_and_run(struct engine_call *call, struct engine_end *end, struct mlops_error *err)
{
	const struct engine *engine;

	if (engine_find(call->project, call->stage->engine, &engine, err))
		return -1;
	if (!engine->run)
		return err_set(err, MLOPS_EUSAGE, "nothing is sent to engine '%s'",
			       call->stage->engine);
	return collect(call, err) || engine->run(call, end, err) ? -1 : 0;
}

/* Whoever waits for us sees an exit status only, which could be the command's. */
static void leave_error(struct project *project, const char *stage, const struct mlops_error *cause)
{
	autofree char *file = offload_failure_file(project, stage);
	autofree char *text =
		xasprintf("%d\n%s\n%s\n", cause->kind, cause->msg, cause->hint ? cause->hint : "");
	autoerr ignored = ERR_INIT;

	if (!fs_mkdirs_for(file, &ignored))
		fs_write_atomic(file, text, strlen(text), 0666, &ignored);
}

int mlops_offload(struct project *project, const struct offload *what, int *status,
		  struct mlops_error *err)
{
	struct engine_call call = { .project = project, .stage = what };
	struct engine_end end = { 0 };
	struct stop stop;

	if (stop_catch(&stop, err))
		return -1;
	int rc = find_and_run(&call, &end, err);
	stop_release(&stop);
	strlist_clear(&call.files);
	if (rc) {
		leave_error(project, what->stage, err);
		return -1;
	}
	used_leave(project, what->stage, &end.usage);
	*status = end.status;
	return 0;
}
