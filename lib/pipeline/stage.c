/* Taking one stage through its commands, and what it wrote into the store. */
#include "base/clock.h"
#include "base/log.h"
#include "pipeline/confine.h"
#include "pipeline/guard.h"
#include "pipeline/offload.h"
#include "pipeline/outs.h"
#include "pipeline/session.h"
#include "pipeline/stop.h"
#include "project/project.h"

/*
 * Calls fn for the outs, if any, with the project locked; never around a stage's command, which
 * may call mlops itself.
 */
static int locked(struct session *run, struct state *s,
		  int (*fn)(struct session *run, struct state *s, struct mlops_error *err),
		  struct mlops_error *err)
{
	if (session_look_end(run, err))
		return -1;
	if (!s->spec->outs.n)
		return 0;
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

static int save_outs(struct session *run, struct state *s, struct mlops_error *err)
{
	const struct keep *keep = run->pipeline->keep;

	if (!run->save && keep->open(run->project, &run->save, err))
		return -1;
	return outs_save(run->project, keep, run->save, s, err);
}

int stage_redeclare(struct session *run, struct state *s, struct mlops_error *err)
{
	s->changed = true;
	return locked(run, s, save_outs, err);
}

static int restore(struct session *run, struct state *s, struct mlops_error *err)
{
	const struct keep *keep = run->pipeline->keep;

	if (!outs_restore(run->project, keep, s, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND || !keep->has_objects || !share_fetch(&run->share, &s->now))
		return -1;
	mlops_error_clear(err);
	return outs_restore(run->project, keep, s, err);
}

int stage_restore(struct session *run, struct state *s, struct mlops_error *err)
{
	return locked(run, s, restore, err);
}

static int command_failed(const struct job *job, struct mlops_error *err)
{
	const struct state *s = job->s;
	const char *name = s->spec->name;
	char limit[CLOCK_ISO_SIZE];

	if (job->child.timed_out)
		err_set(err, MLOPS_EFAIL, "stage '%s' failed: it took longer than its timeout of %s",
			name, clock_format_duration(s->spec->timeout_ms, limit));
	else if (s->exit_status > 128 && s->exit_status < 128 + NSIG)
		err_set(err, MLOPS_EFAIL,
			"stage '%s' failed: its command was ended by signal %d (%s)", name,
			s->exit_status - 128, strsignal(s->exit_status - 128));
	else
		err_set(err, MLOPS_EFAIL, "stage '%s' failed: its command exited with status %d",
			name, s->exit_status);
	return err_hint(err, "what it printed says why (mlops run logs %s); stages that finished "
			     "before it are kept", name);
}

static size_t count(const char *const *env)
{
	size_t n = 0;

	while (env && env[n])
		n++;
	return n;
}

/*
 * What the caller gives, the stage's own variables, then ours, which it can't change; the texts are in
 * the arena.
 */
static const char *const *make_environment(const struct session *run, const struct job *job,
					   struct arena *arena)
{
	const struct state *s = job->s;
	const struct strlist *secrets = &run->secrets.names;
	size_t n = count(s->engine ? NULL : run->environment);
	const char **env = arena_alloc(arena, (n + s->spec->env.n + secrets->n + 7) * sizeof(*env));

	if (n)
		memcpy(env, run->environment, n * sizeof(*env));
	for (size_t i = 0; i < s->spec->env.n; i++)
		env[n++] = s->spec->env.v[i];
	for (size_t i = 0; i < secrets->n; i++)
		if (!secrets_has(s->spec, secrets->v[i]))
			env[n++] = secrets->v[i]; /* unset */
	env[n++] = arena_printf(arena, "MLOPS_RUN_ID=%s", run->recorder.id);
	env[n++] = arena_printf(arena, "MLOPS_STAGE=%s", s->spec->name);
	env[n++] = arena_printf(arena, "MLOPS_PROJECT=%s", mlops_project_root(run->project));
	if (run->tokens.makeflags)
		env[n++] = run->tokens.makeflags;
	if (session_needs(s)->gpus) {
		env[n++] = capacity_gpu_variable(&run->capacity, &job->gpus, arena);
		if (!getenv("CUDA_DEVICE_ORDER"))
			env[n++] = "CUDA_DEVICE_ORDER=PCI_BUS_ID"; /* as the driver counts */
	}
	env[n] = NULL;
	return env;
}

/* The one that is next, and what stands in front of it. An engine gets all of them as one. */
static int find_command(struct session *run, struct job *job, struct arena *arena,
			const char *const **prefix, struct spec_cmd *command,
			struct mlops_error *err)
{
	const struct spec_stage *spec = job->s->spec;

	if (!job->s->engine) {
		*command = spec->cmds.v[job->command];
		return confine_prefix(run, job->s, arena, prefix, err);
	}
	job->command = spec->cmds.n - 1;
	return offload_prefix(run, job->s, arena, prefix, command, err);
}

static int start_command(struct session *run, struct job *job, struct mlops_error *err)
{
	const struct spec_stage *spec = job->s->spec;
	autofree char *dir = project_abspath(run->project, job->s->engine ? "" : spec->wdir);
	autoarena arena = { 0 };
	const char *const *prefix;
	struct spec_cmd command;
	const int keep[] = { run->commands_fd, run->tokens.fds[0], run->tokens.fds[1] };

	if (find_command(run, job, &arena, &prefix, &command, err))
		return -1;
	const struct child_spec child = {
		.prefix = prefix,
		.command = &command,
		.dir = dir,
		.env = make_environment(run, job, &arena),
		.keep_fds = keep,
		.n_keep_fds = run->tokens.fds[0] < 0 ? 1 : 3,
	};

	if (child_start(&child, &job->child, err))
		return err_wrap(err, "stage '%s' failed", spec->name);
	if (spec->timeout_ms)
		job->child.timeout_ms = job->start_ms + spec->timeout_ms;
	return 0;
}

/* The first stage that runs starts the experiment run too. */
static int begin_commands(struct session *run, struct mlops_error *err)
{
	const struct run_how *how = run->how;

	if (run->commands_fd >= 0)
		return 0;
	if (output_prune_logs(run->project, err) || recorder_start(&run->recorder, err) ||
	    (how->environment && how->environment(run->recorder.id, &run->environment, how->arg, err)))
		return -1;
	return guard_commands_begin(run->project, &run->commands_fd, err);
}

static int start_job(struct session *run, struct job *job, struct mlops_error *err)
{
	output_init(&job->output, run->project, run->recorder.id, job->s->spec->name);
	job->output.by_line = run->tokens.limit > 1;
	job->output.masks = &run->secrets.masks;
	job->output.print = run->how->print;
	job->output.arg = run->how->arg;
	job->start_ms = clock_mono_ms();
	return confine_begin(run, job->s, err) || start_command(run, job, err) ? -1 : 0;
}

int stage_start(struct session *run, struct state *s, struct mlops_error *err)
{
	if (!s->engine_secrets && secrets_check(s->spec, err))
		return -1;
	if (session_needs(s)->gpus > run->capacity.gpus) {
		err_set(err, MLOPS_EFAIL, "stage '%s' needs %lld GPUs and this machine has %lld",
			s->spec->name, (long long)s->spec->resources.gpus,
			(long long)run->capacity.gpus);
		return err_hint(err, "if that is wrong, say how many with: mlops config run.gpus N");
	}
	if (begin_commands(run, err))
		return -1;
	s->start_ms = clock_now_ms();
	session_report(run, s, STAGE_RUN, -1);
	if (locked(run, s, remove_outs, err))
		return -1;
	struct job *job = job_new(s);
	capacity_take(&run->capacity, session_needs(s), &job->gpus);
	if (start_job(run, job, err)) {
		capacity_give(&run->capacity, session_needs(s), &job->gpus);
		job_free(job);
		return -1;
	}
	vec_push(&run->jobs.v, job);
	return 0;
}

static int64_t milliseconds(const struct timeval *t)
{
	return (int64_t)t->tv_sec * 1000 + t->tv_usec / 1000;
}

/* Blocks are of 512 bytes, the peak is told in KiB. */
static struct run_usage usage_of(const struct rusage *u)
{
	return (struct run_usage){
		.cpu_ms = milliseconds(&u->ru_utime) + milliseconds(&u->ru_stime),
		.peak_bytes = (int64_t)u->ru_maxrss * 1024,
		.read_bytes = (int64_t)u->ru_inblock * 512,
		.written_bytes = (int64_t)u->ru_oublock * 512,
	};
}

/* Of a command, and what it waited for. */
static void add_usage(struct run_usage *sum, const struct run_usage *u)
{
	sum->cpu_ms += u->cpu_ms;
	sum->peak_bytes = u->peak_bytes > sum->peak_bytes ? u->peak_bytes : sum->peak_bytes;
	sum->read_bytes += u->read_bytes;
	sum->written_bytes += u->written_bytes;
}

/* Whether a stage that failed is tried again: after its delay, which doubles each time. */
static bool try_again(struct job *job, const struct mlops_error *err)
{
	const struct spec_stage *spec = job->s->spec;

	if (job->retries == spec->retries)
		return false;
	int64_t delay = spec->retry_delay_ms << (job->retries < 10 ? job->retries : 10);
	job->retries++;
	job->again_ms = clock_mono_ms() + delay;
	log_warn("%s; try %lld of %lld follows", err->msg, (long long)job->retries + 1,
		 (long long)spec->retries + 1);
	return true;
}

static int start_again(struct session *run, struct job *job, struct mlops_error *err)
{
	job->again_ms = 0;
	if (stop_signal())
		return err_set(err, stop_kind(), "stage '%s' was interrupted", job->s->spec->name);
	job->command = 0;
	job->start_ms = clock_mono_ms();
	return locked(run, job->s, remove_outs, err) || confine_begin(run, job->s, err) ||
			       start_command(run, job, err) ?
		       -1 :
		       0;
}

int stage_proceed(struct session *run, struct job *job, bool *over, struct mlops_error *err)
{
	struct state *s = job->s;
	struct proc_result result;
	struct run_usage usage;

	*over = false;
	if (job->again_ms)
		return start_again(run, job, err);
	if (child_reap(&job->child, &result, err))
		return -1;
	s->exit_status = result.status;
	s->duration_ms = clock_mono_ms() - job->start_ms;
	if (s->engine)
		offload_take_usage(run, s, &usage);
	else
		usage = usage_of(&result.usage);
	add_usage(&s->usage, &usage);
	if (stop_signal())
		return err_set(err, stop_kind(), "stage '%s' was interrupted", s->spec->name);
	if (s->exit_status || job->child.timed_out) {
		if (job->child.timed_out || !s->engine || !offload_failed(run, s, err))
			command_failed(job, err);
		if (!try_again(job, err))
			return -1;
		mlops_error_clear(err);
		return 0;
	}
	if (++job->command < s->spec->cmds.n)
		return start_command(run, job, err);
	*over = true;
	if (confine_end(run, s, err))
		return -1;
	s->changed = true;
	return locked(run, s, save_outs, err);
}
