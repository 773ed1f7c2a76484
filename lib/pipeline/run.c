/* The whole of `mlops run`: stages in order, each left alone, restored or executed. */
#include <assert.h>

#include "base/clock.h"
#include "pipeline/guard.h"
#include "pipeline/memo.h"
#include "pipeline/offload.h"
#include "pipeline/select.h"
#include "pipeline/stop.h"
#include "project/project.h"

#define TICK_MS 200

const char *mlops_stage_outcome_name(enum stage_outcome outcome)
{
	static const char *const names[] = { "unchanged", "restored", "ran",
					     "would-run", "failed",   "skipped" };

	return names[outcome];
}

void session_report(struct session *run, const struct state *s, enum stage_outcome outcome,
		    int64_t duration_ms)
{
	const struct stage_report report = {
		.stage = s->spec->name,
		.outcome = outcome,
		.reason = s->reason,
		.duration_ms = duration_ms,
		.exit_status = s->exit_status,
	};

	if (run->how->report)
		run->how->report(&report, run->how->arg);
}

const struct lock_stage *session_result(struct session *run, const struct state *s)
{
	return s->now.name ? &s->now : mlops_lockfile_find(&run->lock, s->spec->name);
}

static void count(struct run_outcome *out, enum stage_outcome outcome)
{
	size_t *const counts[] = { &out->unchanged, &out->restored, &out->ran,
				   &out->ran,       &out->failed,   &out->skipped };

	++*counts[outcome];
}

/* The outs of a stage that is done stand for what is in the work tree from here on. */
static void remember_outs(struct session *run, const struct lock_stage *result)
{
	for (size_t i = 0; i < result->n_outs; i++) {
		struct object_ref *ref = arena_alloc(&run->arena, sizeof(*ref));

		*ref = result->outs[i].ref;
		map_put(&run->outs, result->outs[i].path, ref);
	}
}

static void conclude(struct session *run, struct state *s, enum stage_outcome outcome)
{
	s->outcome = outcome;
	s->done = true;
	count(run->out, outcome);
	session_report(run, s, outcome, s->duration_ms);
	if (outcome <= STAGE_RUN)
		remember_outs(run, session_result(run, s));
	vec_push(&run->ended, s);
	schedule_done(&run->schedule, s->spec - run->pipeline->stages.v);
}

/* Of the stages that this one needs, the first that came to such an end, or NULL. */
static const struct state *find_need(const struct session *run, const struct state *s,
				     enum stage_outcome a, enum stage_outcome b)
{
	for (size_t i = 0; i < s->spec->needs.n; i++) {
		const struct state *need = &run->states[s->spec->needs.v[i]];

		if (need->done && (need->outcome == a || need->outcome == b))
			return need;
	}
	return NULL;
}

static int judge(struct session *run, struct state *s, enum verdict *out, struct mlops_error *err)
{
	if (session_look(run, err))
		return -1;
	struct judge j = {
		.project = run->project,
		.keep = run->pipeline->keep,
		.look = run->look,
		.params = &run->params,
		.lock = &run->lock,
		.outs = &run->outs,
		.share = run->pipeline->keep->has_objects && !run->how->dry_run ? &run->share : NULL,
		.force = run->how->force,
		.dry_run = run->how->dry_run,
		.explain = run->how->explain,
	};
	return state_judge(&j, s, out, err);
}

const struct spec_resources *session_needs(const struct state *s)
{
	static const struct spec_resources nothing;

	return s->engine ? &nothing : &s->spec->resources;
}

static bool confirms(const struct session *run, const struct state *s)
{
	const struct stage_report report = {
		.stage = s->spec->name, .outcome = STAGE_WOULD_RUN, .reason = s->reason
	};

	return !run->how->confirm || run->how->confirm(&report, run->how->arg);
}

static int execute(struct session *run, struct state *s, struct mlops_error *err)
{
	if (run->how->dry_run) {
		conclude(run, s, STAGE_WOULD_RUN);
		return 0;
	}
	if (confirms(run, s))
		return stage_start(run, s, err);
	free(s->reason);
	s->reason = xstrdup("not confirmed");
	conclude(run, s, STAGE_SKIPPED);
	return 0;
}

/* What the store cannot give back is made again. */
static int restore_or_execute(struct session *run, struct state *s, struct mlops_error *err)
{
	if (run->how->dry_run || !stage_restore(run, s, err)) {
		conclude(run, s, STAGE_RESTORED);
		return 0;
	}
	if (err->kind != MLOPS_ENOTFOUND || s->spec->frozen)
		return -1;
	mlops_error_clear(err);
	char *reason = xasprintf("%s, and is not in the store", s->reason);
	free(s->reason);
	s->reason = reason;
	return execute(run, s, err);
}

static int bring_up_to_date(struct session *run, struct state *s, struct mlops_error *err)
{
	enum verdict verdict;

	if (judge(run, s, &verdict, err))
		return -1;
	switch (verdict) {
	case VERDICT_RUN:
		return execute(run, s, err);
	case VERDICT_RESTORE:
		return restore_or_execute(run, s, err);
	case VERDICT_REDECLARED:
		if (!run->how->dry_run && stage_redeclare(run, s, err))
			return -1;
		break;
	case VERDICT_UNCHANGED:
		break;
	}
	conclude(run, s, STAGE_UNCHANGED);
	return 0;
}

/* Leaves it alone, restores it, or starts its first command. */
static int begin(struct session *run, struct state *s, struct mlops_error *err)
{
	const struct state *need = find_need(run, s, STAGE_FAILED, STAGE_SKIPPED);
	bool holds;

	s->start_ms = clock_now_ms();
	if (need) {
		s->reason = xasprintf("stage '%s', which it needs, %s", need->spec->name,
				      need->outcome == STAGE_FAILED ? "failed" : "was skipped");
		conclude(run, s, STAGE_SKIPPED);
		return 0;
	}
	if (session_condition(run, s, &holds, err))
		return -1;
	if (!holds) {
		s->reason = xasprintf("its condition does not hold: %s", s->spec->condition);
		conclude(run, s, STAGE_SKIPPED);
		return 0;
	}
	need = find_need(run, s, STAGE_WOULD_RUN, STAGE_WOULD_RUN);
	if (need && !s->spec->frozen) {
		s->reason = xasprintf("stage '%s', which it needs, would run", need->spec->name);
		conclude(run, s, STAGE_WOULD_RUN);
		return 0;
	}
	return bring_up_to_date(run, s, err);
}

/* It is recorded with what it was to run with; the first failure is the run's. */
static void note_failure(struct session *run, struct state *s, struct mlops_error *cause,
			 struct mlops_error *err)
{
	if (!s->exit_status)
		s->exit_status = 1;
	s->changed = false;
	free(s->reason);
	s->reason = xstrdup(cause->msg);
	conclude(run, s, STAGE_FAILED);
	if (!err->kind)
		err_move(err, cause);
}

/* No more stages are begun; those that run come to their end. */
static bool is_ending(const struct session *run, const struct mlops_error *err)
{
	return stop_signal() || (err->kind && !run->how->keep_going);
}

/* What needs more than is free now is looked at again when a stage has ended. */
static void begin_stages(struct session *run, struct mlops_error *err)
{
	VEC(size_t) held_back = { 0 };
	size_t i;

	while (!is_ending(run, err) && schedule_has_next(&run->schedule) &&
	       tokens_take(&run->tokens, run->jobs.v.n)) {
		size_t before = run->jobs.v.n;
		autoerr cause = ERR_INIT;

		schedule_next(&run->schedule, &i);
		if (!capacity_fits(&run->capacity, session_needs(&run->states[i])))
			vec_push(&held_back, i);
		else if (begin(run, &run->states[i], &cause))
			note_failure(run, &run->states[i], &cause, err);
		if (run->jobs.v.n == before)
			tokens_give(&run->tokens, before);
	}
	for (size_t k = 0; k < held_back.n; k++)
		schedule_return(&run->schedule, held_back.v[k]);
	vec_free(&held_back);
}

static void end_job(struct session *run, struct job *job)
{
	jobs_remove(&run->jobs, job);
	capacity_give(&run->capacity, session_needs(job->s), &job->gpus);
	job_free(job);
	tokens_give(&run->tokens, run->jobs.v.n);
}

/* A command of the job has ended. */
static void proceed(struct session *run, struct job *job, struct mlops_error *err)
{
	struct state *s = job->s;
	autoerr cause = ERR_INIT;
	bool over;
	int rc = stage_proceed(run, job, &over, &cause);

	if (!rc && !over)
		return;
	end_job(run, job);
	if (rc)
		note_failure(run, s, &cause, err);
	else
		conclude(run, s, STAGE_RUN);
}

static void tick(const struct session *run)
{
	VEC(const char *) names = { 0 };
	VEC(int64_t) elapsed = { 0 };

	for (size_t i = 0; i < run->jobs.v.n; i++) {
		vec_push(&names, run->jobs.v.v[i]->s->spec->name);
		vec_push(&elapsed, clock_mono_ms() - run->jobs.v.v[i]->start_ms);
	}
	const struct run_progress p = { run->ended.n, run->n_wanted, names.v, elapsed.v, names.n };
	run->how->tick(&p, run->how->arg);
	vec_free(&names);
	vec_free(&elapsed);
}

static int sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Until a commit or a look at the GPUs is due, or what is shown is to be shown anew. */
static int wait_timeout(struct session *run)
{
	int due = sooner(session_commit_due(run), gpu_watch_due(&run->gpus, &run->jobs));

	if (!run->how->tick)
		return due;
	tick(run);
	return sooner(due, TICK_MS);
}

static int wait_for_job(struct session *run, struct mlops_error *err)
{
	bool wants_token = schedule_has_next(&run->schedule) && !is_ending(run, err);
	autoerr cause = ERR_INIT;
	struct job *job;

	if (!session_look_end(run, &cause) && (session_commit_due(run) || !session_commit(run, &cause)) &&
	    !jobs_wait(&run->jobs, wants_token ? tokens_fd(&run->tokens) : -1, wait_timeout(run), &job,
		       &cause)) {
		gpu_watch_look(&run->gpus, &run->jobs);
		if (job)
			proceed(run, job, err);
		return 0;
	}
	return err->kind ? -1 : err_move(err, &cause);
}

static int run_stages(struct session *run, struct mlops_error *err)
{
	autoerr cause = ERR_INIT;

	for (;;) {
		begin_stages(run, err);
		if (!run->jobs.v.n)
			break;
		if (wait_for_job(run, err))
			return -1;
	}
	if ((session_look_end(run, &cause) || session_commit(run, &cause)) && !err->kind)
		return err_move(err, &cause);
	if (stop_signal() && !err->kind)
		return err_set(err, stop_kind(), "interrupted; the stages that finished are kept");
	if (run->out->failed > 1 && !stop_signal())
		err_wrap(err, "%zu stages failed, the first of them", run->out->failed);
	return err->kind ? -1 : memo_write(run, err);
}

/*
 * Values that -P changes are filled in too, and what was loaded before the lock was had may have
 * been what another run's -P had made of the files.
 */
static int load_again(struct session *run, struct mlops_error *err)
{
	if (!run->pipeline->var_files.n)
		return 0;
	if (spec_load(run->project, &run->overrides, &run->reloaded, err))
		return -1;
	run->pipeline = run->reloaded;
	return 0;
}

static int prepare(struct session *run, struct mlops_error *err)
{
	const struct run_how *how = run->how;

	if (overrides_make(run->project, run->pipeline, how->params, how->n_params, &run->overrides,
			   err) ||
	    load_again(run, err))
		return -1;
	size_t n = run->pipeline->stages.n;
	run->states = xcalloc(n, sizeof(*run->states));
	run->wanted = xcalloc(n, sizeof(*run->wanted));
	for (size_t i = 0; i < n; i++)
		run->states[i].spec = &run->pipeline->stages.v[i];
	if (select_stages(run->pipeline, how, run->wanted, err) ||
	    run->pipeline->keep->read_lock(run->project, run->pipeline, &run->lock, err))
		return -1;
	run->params.whole_values = !run->pipeline->keep->flat_params;
	run->recorder.keep = run->pipeline->keep;
	if (offload_choose(run, err))
		return -1;
	secrets_find(&run->secrets, run->pipeline);
	share_init(&run->share, run->project);
	schedule_init(&run->schedule, run->pipeline, run->wanted);
	for (size_t i = 0; i < n; i++)
		run->n_wanted += run->wanted[i];
	if (tokens_open(&run->tokens, how->jobs, err) ||
	    capacity_find(run->project, &run->capacity, err))
		return -1;
	return how->dry_run ? 0 : overrides_apply(run->project, &run->overrides, err);
}

/* The status of the first stage that failed; 1 when it was no stage that did. */
static int failed_status(const struct session *run)
{
	for (size_t k = 0; run->states && k < run->pipeline->stages.n; k++) {
		const struct state *s = &run->states[run->pipeline->order[k]];

		if (s->done && s->outcome == STAGE_FAILED)
			return s->exit_status;
	}
	return 1;
}

static int end_run(struct session *run, bool failed, struct mlops_error *err)
{
	if (!failed)
		return recorder_end(&run->recorder, RUN_FINISHED, 0, err);
	if (stop_signal())
		return recorder_end(&run->recorder, RUN_KILLED, 128 + stop_signal(), err);
	return recorder_end(&run->recorder, RUN_FAILED, failed_status(run), err);
}

/* What ran here is made known; that waits to the end, as it may take long. */
static void share_results(struct session *run)
{
	for (size_t i = 0; i < run->committed && run->pipeline->keep->has_objects; i++) {
		const struct state *s = run->ended.v[i];
		const struct lock_stage *result =
			s->outcome == STAGE_RUN ? session_result(run, s) : NULL;
		autoerr ignored = ERR_INIT;
		struct oid key;

		if (result && !results_key(s->spec, result, &key, &ignored))
			share_put(&run->share, &key, result);
	}
	share_close(&run->share);
}

/* Ends the experiment run and puts parameters back, whatever happened; the first error stays. */
static int finish(struct session *run, int rc, struct mlops_error *err)
{
	autoerr end = ERR_INIT, undo = ERR_INIT;

	share_results(run);
	if (end_run(run, rc, &end) && !rc)
		rc = err_move(err, &end);
	if (overrides_undo(run->project, &undo) && !rc)
		rc = err_move(err, &undo);
	memcpy(run->out->run_id, run->recorder.id, sizeof(run->out->run_id));
	return rc;
}

static void session_clear(struct session *run)
{
	while (run->jobs.v.n)
		job_free(run->jobs.v.v[--run->jobs.v.n]);
	vec_free(&run->jobs.v);
	if (run->states)
		offload_end(run);
	vec_free(&run->ended);
	schedule_clear(&run->schedule);
	tokens_close(&run->tokens);
	if (run->commands_fd >= 0)
		guard_commands_end(run->project, run->commands_fd);
	for (size_t i = 0; run->states && i < run->pipeline->stages.n; i++)
		state_clear(&run->states[i]);
	free(run->states);
	free(run->wanted);
	secrets_clear(&run->secrets);
	overrides_clear(&run->overrides);
	params_clear(&run->params);
	recorder_clear(&run->recorder);
	mlops_lockfile_clear(&run->lock);
	map_clear(&run->outs);
	gpu_watch_clear(&run->gpus);
	capacity_clear(&run->capacity);
	arena_clear(&run->arena);
	mlops_pipeline_free(run->reloaded);
}

static int run_session(struct session *run, struct mlops_error *err)
{
	struct stop stop;

	if (overrides_undo(run->project, err) || stop_catch(&stop, err))
		return -1;
	int rc = prepare(run, err);
	if (!rc)
		rc = run_stages(run, err);
	rc = finish(run, rc, err);
	stop_release(&stop);
	return rc;
}

int mlops_pipeline_run(struct project *project, struct pipeline *pipeline,
		       const struct run_how *how, struct run_outcome *out, struct mlops_error *err)
{
	struct session run = {
		.project = project,
		.pipeline = pipeline,
		.how = how,
		.out = out,
		.params = { .project = project },
		.recorder = { .project = project, .how = how },
		.commands_fd = -1,
		.tokens = TOKENS_INIT,
		.gpus = { .capacity = &run.capacity },
	};
	autoclose int guard = -1;

	*out = (struct run_outcome){ 0 };
	run.params.overrides = &run.overrides;
	if (how->run_id)
		snprintf(run.recorder.id, sizeof(run.recorder.id), "%s", how->run_id);
	int rc = guard_run(project, &guard, err);
	if (!rc)
		rc = run_session(&run, err);
	session_clear(&run);
	return rc;
}
