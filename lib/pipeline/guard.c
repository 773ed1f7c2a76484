/* The locks of a run and of its stages. */
#include "pipeline/guard.h"

#include "base/fs.h"

#define RUN_LOCK        "run/pipeline.lock"
#define STAGE_LOCK      "run/stage.lock" /* there only while stages run, or after a crash */
#define LOCK_TIMEOUT_MS 10000

static int locked(struct mlops_error *err, const char *msg, const char *hint)
{
	if (err->kind != MLOPS_ELOCKED)
		return -1;
	err_set(err, MLOPS_ELOCKED, "%s", msg);
	return err_hint(err, "%s", hint);
}

static int wait_for_orphans(struct project *project, int64_t timeout_ms, struct mlops_error *err)
{
	autofree char *path = project_file(project, STAGE_LOCK);
	autoclose int fd = -1;

	if (!fs_exists(path))
		return 0;
	if (fs_lock(path, FS_LOCK_EXCLUSIVE, timeout_ms, &fd, err))
		return locked(err, "a stage of a run that was killed is still at work",
			      "wait until it has ended, or end its processes");
	unlink(path);
	return 0;
}

int guard_run(struct project *project, int *fd, struct mlops_error *err)
{
	autofree char *path = project_file(project, RUN_LOCK);
	autoclose int lock = -1;
	int64_t timeout_ms;

	if (project_config_duration(project, "core.lockTimeout", LOCK_TIMEOUT_MS, &timeout_ms,
				    err) ||
	    fs_mkdirs_for(path, err))
		return -1;
	if (fs_lock(path, FS_LOCK_EXCLUSIVE, timeout_ms, &lock, err))
		return locked(err, "another 'mlops run' is at work in this project",
			      "try again when it has ended");
	if (wait_for_orphans(project, timeout_ms, err))
		return -1;
	*fd = steal_fd(&lock);
	return 0;
}

int guard_commands_begin(struct project *project, int *fd, struct mlops_error *err)
{
	autofree char *path = project_file(project, STAGE_LOCK);

	return fs_lock(path, FS_LOCK_EXCLUSIVE, 0, fd, err);
}

void guard_commands_end(struct project *project, int fd)
{
	autofree char *path = project_file(project, STAGE_LOCK);

	unlink(path);
	close(fd);
}
