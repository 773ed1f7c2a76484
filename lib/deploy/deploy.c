/*
 * Deploying, rolling back and undeploying. A revision is recorded as PENDING, brought up by the
 * target, and recorded as ACTIVE; whoever comes next finishes what a killed deployer left. All of
 * it under a lock of the deployment's own, so a PENDING revision that is found there is nobody's.
 */
#include <inttypes.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/path.h"
#include "base/vec.h"
#include "deploy/deploy.h"
#include "mlops/sign.h"
#include "project/project.h"

#define NAME_MAX_BYTES  63
#define LOCK_TIMEOUT_MS 10000
#define POLL_MS         50

/* One deployment, locked. */
struct session {
	struct target_call call;
	const struct target *target;
	struct deployment *deployment; /* NULL: there was none yet */
	int64_t timeout_ms;
	int lock;
};

static void session_close(struct session *s)
{
	mlops_deployment_free(s->deployment);
	if (s->lock >= 0)
		close(s->lock);
}
#define autosession __attribute__((cleanup(session_close))) struct session

int deploy_check_name(const char *name, struct mlops_error *err)
{
	size_t n = strlen(name);

	if (n && n <= NAME_MAX_BYTES && name[0] != '.' && name[0] != '-' &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n)
		return 0;
	err_set(err, MLOPS_EUSAGE, "'%s' cannot name a deployment", name);
	return err_hint(
		err, "take letters, digits, '.', '_' and '-', at most %d, and give it with --name",
		NAME_MAX_BYTES);
}

static int lock_name(struct session *s, struct mlops_error *err)
{
	autofree char *file = xasprintf("run/deploy/%s.lock", s->call.name);
	autofree char *path = project_shared_file(s->call.project, file);
	int64_t timeout_ms;

	if (project_config_duration(s->call.project, "core.lockTimeout", LOCK_TIMEOUT_MS,
				    &timeout_ms, err) ||
	    fs_mkdirs_for(path, err))
		return -1;
	if (!fs_lock(path, FS_LOCK_EXCLUSIVE, timeout_ms, &s->lock, err))
		return 0;
	if (err->kind != MLOPS_ELOCKED)
		return -1;
	err_set(err, MLOPS_ELOCKED, "another process is changing deployment '%s'", s->call.name);
	return err_hint(err, "try again when it has ended, or wait longer with core.lockTimeout");
}

/* The deployment as the database has it now; without one nothing happens. */
static int reload(struct session *s, struct mlops_error *err)
{
	struct deployment *fresh = NULL;

	if (history_load(s->call.project, s->call.name, &fresh, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
	}
	mlops_deployment_free(s->deployment);
	s->deployment = fresh;
	s->call.active = fresh ? mlops_deployment_active(fresh) : NULL;
	s->call.latest = fresh && fresh->n ? &fresh->revisions[0] : NULL;
	if (fresh)
		s->call.port = fresh->port;
	return 0;
}

/* Waits until the target has done with the revision that a killed deployer gave it. */
static int wait_settled(struct session *s, int64_t number, struct target_state *state,
			struct mlops_error *err)
{
	int64_t deadline = clock_mono_ms() + LOCK_TIMEOUT_MS;

	for (;;) {
		target_state_clear(state);
		if (s->target->status(&s->call, state, err))
			return -1;
		if (state->starting != number || s->target->goes_over)
			return 0;
		if (clock_mono_ms() >= deadline)
			return err_set(err, MLOPS_ELOCKED,
				       "revision %" PRId64 " of '%s' is still starting", number,
				       s->call.name);
		clock_sleep_ms(POLL_MS);
	}
}

static int settle_pending(struct session *s, const struct revision *pending,
			  struct mlops_error *err)
{
	autostate state = { 0 };
	int rc;

	if (wait_settled(s, pending->number, &state, err))
		return -1;
	if (state.revision == pending->number)
		rc = history_activate(s->call.project, s->call.name, pending->number, state.port,
				      err);
	else
		rc = history_fail(s->call.project, s->call.name, pending->number, "interrupted",
				  err);
	return rc;
}

static int settle(struct session *s, struct mlops_error *err)
{
	for (size_t i = 0; s->deployment && i < s->deployment->n; i++)
		if (s->deployment->revisions[i].status == REVISION_PENDING &&
		    settle_pending(s, &s->deployment->revisions[i], err))
			return -1;
	return s->deployment ? reload(s, err) : 0;
}

/* Without a deployment of that name there is no target yet. */
static int session_open(struct session *s, struct project *project, const char *name,
			struct mlops_error *err)
{
	*s = (struct session){ .call = { .project = project, .name = name }, .lock = -1 };
	if (deploy_check_name(name, err) || lock_name(s, err) || reload(s, err))
		return -1;
	if (!s->deployment)
		return 0;
	return target_find(s->deployment->target, &s->target, err) || settle(s, err) ? -1 : 0;
}

static int session_open_existing(struct session *s, struct project *project, const char *name,
				 struct mlops_error *err)
{
	if (session_open(s, project, name, err))
		return -1;
	return s->deployment ? 0 :
			       history_load(project, name, &s->deployment, err); /* for its error */
}

/* Serves again what the history says is active, so that it is there if the next one fails. */
static void restore_active(struct session *s)
{
	const struct revision *active =
		s->deployment ? mlops_deployment_active(s->deployment) : NULL;
	autostate state = { 0 };
	autoerr err = ERR_INIT;

	if (!active || s->target->status(&s->call, &state, &err) ||
	    (state.running && state.revision == active->number))
		return;
	if (s->target->apply(&s->call, active, s->timeout_ms, &err))
		log_warn("revision %" PRId64 " of '%s' does not come up again: %s", active->number,
			 s->call.name, err.msg);
}

/* A first revision that failed leaves nothing running. */
static void stop_unused(struct session *s)
{
	autoerr err = ERR_INIT;

	if (s->deployment && mlops_deployment_active(s->deployment))
		return;
	if (s->target->stop(&s->call, &err))
		log_warn("%s", err.msg);
}

static int apply(struct session *s, const struct revision *next, struct mlops_error *err)
{
	autostate state = { 0 };

	if (FAULT("deploy.pending"))
		return err_sys(err, "cannot bring up revision %" PRId64, next->number);
	if (s->target->apply(&s->call, next, s->timeout_ms, err)) {
		autoerr second = ERR_INIT;

		if (history_fail(s->call.project, s->call.name, next->number, err->msg, &second))
			log_warn("%s", second.msg);
		stop_unused(s);
		return err_wrap(err, "revision %" PRId64 " of '%s' does not serve", next->number,
				s->call.name);
	}
	if (FAULT("deploy.applied"))
		return err_sys(err, "cannot record revision %" PRId64, next->number);
	if (s->target->status(&s->call, &state, err))
		return -1;
	return history_activate(s->call.project, s->call.name, next->number, state.port, err);
}

int deploy_check_signature(struct project *project, const struct revision *next, struct mlops_error *err)
{
	struct verified ignored;
	struct trust *trust;
	bool wanted;

	if (project_config_bool(project, "deploy.requireSignature", &wanted, err))
		return -1;
	if (!wanted)
		return 0;
	if (mlops_trust_open(project, NULL, 0, &trust, err))
		return -1;
	autofree char *spec = xasprintf("%s:%" PRId64, next->model, next->version);
	int rc = mlops_model_verify(project, spec, trust, &ignored, err);
	mlops_trust_free(trust);
	return rc ? err_wrap(err, "deploy.requireSignature is set") : 0;
}

static int bring_up(struct session *s, struct revision *next, struct deployment **out,
		    struct mlops_error *err)
{
	const struct revision *active =
		s->deployment ? mlops_deployment_active(s->deployment) : NULL;
	int64_t before = active ? active->number : 0;
	autofree char *package = NULL;
	autoerr ignored = ERR_INIT;

	if (deploy_check_signature(s->call.project, next, err))
		return -1;
	restore_active(s);
	if (s->target->send && !next->package && s->target->send(&s->call, next, &package, err))
		return -1;
	if (package)
		next->package = package;
	s->call.latest = next;
	if (history_begin(s->call.project, s->call.name, s->target->name, next, err) ||
	    apply(s, next, err))
		return -1;
	if (FAULT("deploy.active"))
		return err_sys(err, "cannot tidy up after revision %" PRId64, next->number);
	if (s->target->tidy && s->target->tidy(&s->call, next->number, before, &ignored))
		log_warn("%s", ignored.msg);
	return out ? mlops_deployment_get(s->call.project, s->call.name, out, err) : 0;
}

int deploy_next(const struct deploy_how *how, const struct deployment *d,
		const struct model_version *v, struct revision *next, const struct target **target,
		struct mlops_error *err)
{
	const struct revision *active = d ? mlops_deployment_active(d) : NULL;
	const char *config = how->config ? how->config : active ? active->config : "{}";

	if (how->workers < 0 || how->workers > DEPLOY_WORKERS_MAX)
		return err_set(err, MLOPS_EUSAGE, "the number of workers is from 1 to %d",
			       DEPLOY_WORKERS_MAX);
	if (d && how->target && strcmp(how->target, d->target)) {
		err_set(err, MLOPS_EEXISTS, "'%s' is a deployment on target '%s'", d->name,
			d->target);
		return err_hint(err, "give the new one another --name");
	}
	*next = (struct revision){
		.model = v->model,
		.version = v->version,
		.ref = v->ref,
		.workers = how->workers ? how->workers : 1,
		.config = (char *)config,
	};
	return target_find(d ? d->target : how->target ? how->target : DEPLOY_TARGET, target, err);
}

static int wanted_port(struct session *s, int64_t port, struct mlops_error *err)
{
	autostate state = { 0 };

	if (!port || port == s->call.port)
		return 0;
	if (port < 1 || port > UINT16_MAX)
		return err_set(err, MLOPS_EUSAGE, "%" PRId64 " is no port", port);
	if (s->deployment && s->target->status(&s->call, &state, err))
		return -1;
	if (state.running && state.port != port) {
		err_set(err, MLOPS_EEXISTS, "'%s' already listens on port %" PRId64, s->call.name,
			state.port);
		return err_hint(err, "to move it: mlops undeploy %s, then deploy again",
				s->call.name);
	}
	s->call.port = port;
	return 0;
}

static int deploy_version(struct project *project, const struct deploy_how *how,
			  const struct model_version *v, struct deployment **out,
			  struct mlops_error *err)
{
	autosession s = { .lock = -1 };
	struct revision next;

	if (mlops_model_check_usable(v, err) ||
	    session_open(&s, project, how->name ? how->name : v->model, err) ||
	    deploy_next(how, s.deployment, v, &next, &s.target, err))
		return -1;
	s.timeout_ms = how->timeout_ms ? how->timeout_ms : DEPLOY_TIMEOUT_MS;
	return wanted_port(&s, how->port, err) || bring_up(&s, &next, out, err) ? -1 : 0;
}

int mlops_deploy(struct project *project, const struct deploy_how *how, struct deployment **out,
		 struct mlops_error *err)
{
	struct model_version *v;

	if (mlops_model_resolve(project, how->model, &v, err))
		return -1;
	int rc = deploy_version(project, how, v, out, err);
	mlops_model_version_free(v);
	return rc;
}

static bool has_served(const struct revision *r)
{
	return r->status == REVISION_ACTIVE || r->status == REVISION_SUPERSEDED;
}

/* The revision of that number, or for 0 the newest that served before the active one. */
static int find_earlier(const struct deployment *d, int64_t number, const struct revision **out,
			struct mlops_error *err)
{
	const struct revision *active = mlops_deployment_active(d);

	for (size_t i = 0; i < d->n; i++) {
		const struct revision *r = &d->revisions[i];

		if (number ? r->number == number :
			     active && r->number < active->number && has_served(r)) {
			*out = r;
			return has_served(r) ? 0 :
					       err_set(err, MLOPS_EINVALID,
						       "revision %" PRId64 " of '%s' never served",
						       r->number, d->name);
		}
	}
	if (number)
		err_set(err, MLOPS_ENOTFOUND, "'%s' has no revision %" PRId64, d->name, number);
	else
		err_set(err, MLOPS_ENOTFOUND,
			active ? "'%s' has no revision before the active one" :
				 "'%s' has no active revision",
			d->name);
	return err_hint(err, "see: mlops deployments history %s", d->name);
}

int mlops_rollback(struct project *project, const char *name, int64_t revision, int64_t timeout_ms,
		   struct deployment **out, struct mlops_error *err)
{
	const struct revision *earlier = NULL;
	autosession s = { .lock = -1 };

	if (session_open_existing(&s, project, name, err) ||
	    find_earlier(s.deployment, revision, &earlier, err))
		return -1;
	s.timeout_ms = timeout_ms ? timeout_ms : DEPLOY_TIMEOUT_MS;
	struct revision next = { .model = earlier->model,
				 .version = earlier->version,
				 .ref = earlier->ref,
				 .workers = earlier->workers,
				 .config = earlier->config,
				 .package = earlier->package,
				 .rollback_of = earlier->number };
	return bring_up(&s, &next, out, err);
}

int mlops_undeploy(struct project *project, const char *name, struct mlops_error *err)
{
	autosession s = { .lock = -1 };

	if (session_open_existing(&s, project, name, err) || s.target->stop(&s.call, err))
		return -1;
	if (FAULT("undeploy.stopped"))
		return err_sys(err, "cannot record that '%s' was undeployed", name);
	return history_end(project, name, err);
}

static int add_state(struct project *project, struct deployment *d, struct mlops_error *err)
{
	const struct target_call call = { .project = project,
					  .name = d->name,
					  .port = d->port,
					  .active = mlops_deployment_active(d),
					  .latest = d->n ? &d->revisions[0] : NULL };
	const struct target *target;
	autostate state = { 0 };
	autoerr away = ERR_INIT;

	if (target_find(d->target, &target, err))
		return -1;
	if (target->status(&call, &state, &away))
		log_warn("deployment '%s': %s", d->name, away.msg);
	d->running = state.running && state.revision;
	if (d->running)
		d->url = steal_ptr(&state.url);
	return 0;
}

int mlops_deployment_get(struct project *project, const char *name, struct deployment **out,
			 struct mlops_error *err)
{
	struct deployment *d;

	if (history_load(project, name, &d, err))
		return -1;
	if (add_state(project, d, err)) {
		mlops_deployment_free(d);
		return -1;
	}
	*out = d;
	return 0;
}

int mlops_deployments_list(struct project *project, struct deployment ***out, size_t *n,
			   struct mlops_error *err)
{
	autostrlist names = { 0 };
	VEC(struct deployment *) list = { 0 };

	if (history_names(project, &names, err))
		return -1;
	for (size_t i = 0; i < names.n; i++) {
		struct deployment *d;

		if (mlops_deployment_get(project, names.v[i], &d, err)) {
			mlops_deployments_free(list.v, list.n);
			return -1;
		}
		vec_push(&list, d);
	}
	*out = list.v;
	*n = list.n;
	return 0;
}
