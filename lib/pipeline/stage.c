/* Taking one stage through its commands, and what it wrote into the store and the lock. */
#include "base/clock.h"
#include "base/fault.h"
#include "pipeline/exec.h"
#include "pipeline/guard.h"
#include "pipeline/outs.h"
#include "pipeline/session.h"
#include "pipeline/stop.h"
#include "project/project.h"

/* Calls fn with the project locked; never around a stage's command, which may call mlops itself. */
static int locked(struct session *run, struct state *s,
		  int (*fn)(struct session *run, struct state *s, struct mlops_error *err),
		  struct mlops_error *err)
{
	if (mlops_project_lock(run->project, true, err))
		return -1;
	int rc = fn(run, s, err);
	mlops_project_unlock(run->project);
	return rc;
}

static int remove_outs(struct session *run, struct state *s, struct mlops_error *err)
{
	return outs_remove(run->project, s->spec, err);
}

static int pin(struct session *run, struct state *s, struct mlops_error *err)
{
	if (FAULT("pipeline.pin"))
		return err_sys(err, "cannot pin stage '%s'", s->spec->name);
	mlops_lockfile_put(&run->lock, &s->now);
	return mlops_lockfile_write(run->project, &run->lock, err);
}

static int save_and_pin(struct session *run, struct state *s, struct mlops_error *err)
{
	if (outs_save(run->project, s, err))
		return -1;
	s->outcome = STAGE_RUN;
	s->done = true;
	if (session_record(run, err))
		return -1;
	return pin(run, s, err);
}

static int redeclare(struct session *run, struct state *s, struct mlops_error *err)
{
	return outs_save(run->project, s, err) ? -1 : pin(run, s, err);
}

int stage_redeclare(struct session *run, struct state *s, struct mlops_error *err)
{
	return locked(run, s, redeclare, err);
}

static int restore(struct session *run, struct state *s, struct mlops_error *err)
{
	return outs_restore(run->project, s, err);
}

int stage_restore(struct session *run, struct state *s, struct mlops_error *err)
{
	return locked(run, s, restore, err);
}

static int command_failed(const struct state *s, struct mlops_error *err)
{
	const char *name = s->spec->name;

	if (s->exit_status > 128 && s->exit_status < 128 + NSIG)
		err_set(err, MLOPS_EFAIL,
			"stage '%s' failed: its command was ended by signal %d (%s)", name,
			s->exit_status - 128, strsignal(s->exit_status - 128));
	else
		err_set(err, MLOPS_EFAIL, "stage '%s' failed: its command exited with status %d",
			name, s->exit_status);
	return err_hint(err, "what it printed says why; stages that finished before it are kept");
}

static int run_commands(struct session *run, struct state *s, int keep_fd, const char *const *env,
			struct mlops_error *err)
{
	autofree char *dir = project_abspath(run->project, s->spec->wdir);
	struct exec_spec exec = {
		.dir = dir,
		.env = env,
		.keep_fd = keep_fd,
		.stdout_fd = run->how->stdout_to_stderr ? STDERR_FILENO : -1,
	};

	for (size_t i = 0; i < s->spec->cmds.n; i++) {
		exec.command = s->spec->cmds.v[i];
		if (exec_command(&exec, &s->exit_status, err))
			return err_wrap(err, "stage '%s' failed", s->spec->name);
		if (stop_signal())
			return err_set(err, stop_kind(), "stage '%s' was interrupted",
				       s->spec->name);
		if (s->exit_status)
			return command_failed(s, err);
	}
	return 0;
}

/* The stage's own variables, then ours, which it can't change; the texts are in the arena. */
static int run_in_environment(struct session *run, struct state *s, int keep_fd,
			      struct mlops_error *err)
{
	autoarena arena = { 0 };
	VEC(const char *) env = { 0 };

	for (size_t i = 0; i < s->spec->env.n; i++)
		vec_push(&env, s->spec->env.v[i]);
	vec_push(&env, arena_printf(&arena, "MLOPS_RUN_ID=%s", run->recorder.id));
	vec_push(&env, arena_printf(&arena, "MLOPS_STAGE=%s", s->spec->name));
	vec_push(&env, arena_printf(&arena, "MLOPS_PROJECT=%s", mlops_project_root(run->project)));
	vec_push(&env, NULL);
	int rc = run_commands(run, s, keep_fd, env.v, err);
	vec_free(&env);
	return rc;
}

static int run_guarded(struct session *run, struct state *s, struct mlops_error *err)
{
	int64_t start = clock_mono_ms();
	int fd, rc;

	if (guard_stage_begin(run->project, &fd, err))
		return -1;
	rc = run_in_environment(run, s, fd, err);
	guard_stage_end(run->project, fd);
	s->duration_ms = clock_mono_ms() - start;
	return rc;
}

int stage_execute(struct session *run, struct state *s, struct mlops_error *err)
{
	if (!*run->recorder.id && (recorder_start(&run->recorder, err) || session_record(run, err)))
		return -1;
	s->start_ms = clock_now_ms();
	session_report(run, s, STAGE_RUN, -1);
	if (locked(run, s, remove_outs, err) || run_guarded(run, s, err))
		return -1;
	return locked(run, s, save_and_pin, err);
}
