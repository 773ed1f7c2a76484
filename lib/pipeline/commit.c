/* Looking at the work tree and writing down what stages gave, for many stages at a time. */
#include "base/clock.h"
#include "base/fault.h"
#include "mlops/workspace.h"
#include "pipeline/session.h"

#define COMMIT_EVERY_MS 200
#define COMMIT_SHARE    10 /* a commit that took 1 ms is followed by 10 ms without one */

int session_look(struct session *run, struct mlops_error *err)
{
	if (run->look)
		return 0;
	if (mlops_project_lock(run->project, true, err))
		return -1;
	if (!run->pipeline->keep->open(run->project, &run->look, err))
		return 0;
	mlops_project_unlock(run->project);
	return -1;
}

int session_look_end(struct session *run, struct mlops_error *err)
{
	if (!run->look)
		return 0;
	int rc = run->pipeline->keep->commit(run->look, err);
	run->pipeline->keep->close(run->look);
	run->look = NULL;
	mlops_project_unlock(run->project);
	return rc;
}

int session_commit_due(const struct session *run)
{
	int64_t left = run->next_commit_ms - clock_mono_ms();

	if (run->committed == run->ended.n)
		return -1;
	return left > 0 ? (int)left : 0;
}

/* Has git ignore the outs that are in the store. */
static int ignore_outs(struct session *run, struct mlops_error *err)
{
	VEC(const char *) paths = { 0 };

	for (size_t i = run->committed; i < run->ended.n; i++) {
		const struct state *s = run->ended.v[i];

		for (size_t k = 0; s->changed && k < s->now.n_outs; k++)
			if (!s->now.outs[k].not_cached)
				vec_push(&paths, s->now.outs[k].path);
	}
	int rc = paths.n ? mlops_workspace_ignore(run->project, paths.v, paths.n, err) : 0;
	vec_free(&paths);
	return rc;
}

static int record(struct session *run, struct mlops_error *err)
{
	VEC(struct record) records = { 0 };

	if (!*run->recorder.id)
		return 0;
	for (size_t i = run->recorded; i < run->ended.n; i++) {
		const struct state *s = run->ended.v[i];
		const struct lock_stage *result = session_result(run, s);

		if (s->outcome != STAGE_SKIPPED && result)
			vec_push(&records, { s, result });
	}
	int rc = recorder_add(&run->recorder, records.v, records.n, err);
	vec_free(&records);
	if (!rc)
		run->recorded = run->ended.n;
	return rc;
}

static int pin(struct session *run, struct mlops_error *err)
{
	const struct keep *keep = run->pipeline->keep;
	autostrlist changed = { 0 };

	if (FAULT("pipeline.pin"))
		return err_sys(err, "cannot write mlops.lock");
	for (size_t i = run->committed; i < run->ended.n; i++) {
		struct state *s = run->ended.v[i];

		if (!s->changed)
			continue;
		mlops_lockfile_put(&run->lock, &s->now);
		s->changed = false;
		strlist_add(&changed, s->spec->name);
	}
	return changed.n ? keep->write_lock(run->project, run->pipeline, &run->lock, &changed, err) :
			   0;
}

/* Before the first stage runs there is no experiment run yet to record the others in. */
static bool has_nothing(const struct session *run)
{
	if (run->how->dry_run)
		return true;
	for (size_t i = run->committed; i < run->ended.n; i++)
		if (run->ended.v[i]->changed)
			return false;
	return run->recorded == run->ended.n || !*run->recorder.id;
}

static int commit(struct session *run, struct mlops_error *err)
{
	if ((run->save && run->pipeline->keep->commit(run->save, err)) || ignore_outs(run, err) ||
	    record(run, err) || pin(run, err))
		return -1;
	run->committed = run->ended.n;
	return 0;
}

int session_commit(struct session *run, struct mlops_error *err)
{
	if (has_nothing(run))
		return 0;
	if (session_look_end(run, err) || mlops_project_lock(run->project, true, err))
		return -1;
	int64_t start = clock_mono_ms();
	int rc = commit(run, err);
	mlops_project_unlock(run->project);
	run->pipeline->keep->close(run->save);
	run->save = NULL;
	int64_t end = clock_mono_ms(), pause = (end - start) * COMMIT_SHARE;
	run->next_commit_ms = end + (pause > COMMIT_EVERY_MS ? pause : COMMIT_EVERY_MS);
	return rc;
}
