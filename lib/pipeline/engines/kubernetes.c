/*
 * A stage as a Job in a cluster of Kubernetes, which is looked at until its pod has ended. Data goes
 * through the project's remote (kube_data.c).
 */
#include <poll.h>

#include "base/clock.h"
#include "base/log.h"
#include "pipeline/engines/kubernetes.h"
#include "pipeline/stop.h"
#include "pipeline/used.h"

#define LOOK_MS    1000
#define AWAY_MS    60000 /* that the cluster may not answer while a stage runs */
#define GRACE_MS   60000 /* behind the timeout, which we keep ourselves while we live */
#define REPLACE_MS 60000 /* for a job of an earlier try to go */
#define DELETE_MS  6000  /* that the cluster may not answer when the job is to go */
#define GOING_MS   10000 /* behind the time that a pod has to end */

struct cluster {
	const struct engine_call *call;
	struct kube_settings settings;
	struct kube *kube;
	char *name;              /* of the job */
	char *jobs, *job, *pods; /* paths of the API */
	struct kube_log *log;
	char *warned;                  /* what was told of why it waits */
	char *pod;                     /* the name of one that has started */
	bool may_be;                   /* the job may be there, as far as is known */
	bool away;                     /* it was told that the cluster does not answer */
	int64_t since_ms, answered_ms; /* monotonic: it waits; the last answer */
	int64_t going_ms;              /* monotonic: the pod was first seen to be going */
};

static int open_cluster(struct cluster *c, struct mlops_error *err)
{
	const struct offload *stage = c->call->stage;

	if (kube_settings_read(c->call->project, stage->engine, &c->settings, err) ||
	    kube_open(c->settings.file, c->settings.context, &c->kube, err))
		return -1;
	if (!c->settings.namespace)
		c->settings.namespace = kube_namespace(c->kube);
	c->name = kube_job_name(stage->stage, stage->run_id);
	c->jobs = xasprintf("/apis/batch/v1/namespaces/%s/jobs", c->settings.namespace);
	c->job = xasprintf("%s/%s", c->jobs, c->name);
	c->pods = xasprintf("/api/v1/namespaces/%s/pods", c->settings.namespace);
	return 0;
}

static void close_cluster(struct cluster *c)
{
	kube_log_end(c->log);
	kube_free(c->kube);
	free(c->name);
	free(c->jobs);
	free(c->job);
	free(c->pods);
	free(c->warned);
	free(c->pod);
}

static void wait_a_moment(int ms)
{
	struct pollfd stop = { .fd = stop_fd(), .events = POLLIN };

	if (!stop_signal())
		poll(&stop, 1, ms);
}

/*
 * Whether what failed may well work in a moment. A server that has just started knows nobody's rights
 * yet, so that refusals are taken for an answer only when they go on.
 */
static bool may_pass(struct cluster *c, const struct mlops_error *err)
{
	return (err->kind == MLOPS_EREMOTE || err->kind == MLOPS_EAUTH) &&
	       clock_mono_ms() - c->answered_ms <= AWAY_MS;
}

static void tell_away(struct cluster *c, const char *why)
{
	if (!c->away)
		log_warn("%s; it is tried again", why);
	c->away = true;
}

static int delete_once(struct cluster *c, struct mlops_error *err)
{
	autojson *how = js_obj();

	js_set(how, "propagationPolicy", js_str("Background"));
	if (!kube_call(c->kube, "DELETE", c->job, how, NULL, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return 0;
}

/* Not for long: whoever asked us to stop does not wait for ever. */
static int delete_job(struct cluster *c, struct mlops_error *err)
{
	int64_t until = clock_mono_ms() + DELETE_MS;

	while (delete_once(c, err)) {
		if (err->kind != MLOPS_EREMOTE || !c->answered_ms || clock_mono_ms() > until ||
		    stop_count() > 1)
			return -1;
		mlops_error_clear(err);
		clock_sleep_ms(LOOK_MS);
	}
	return 0;
}

static int make_job(const struct cluster *c, const char *script, struct json **out,
		    struct mlops_error *err)
{
	const struct offload *stage = c->call->stage;
	struct kube_job job = {
		.settings = &c->settings,
		.name = c->name,
		.stage = stage->stage,
		.run_id = stage->run_id,
		.script = script,
		.secrets = stage->secrets,
		.n_secrets = stage->n_secrets,
		.resources = { stage->cpus, stage->gpus, stage->memory },
		.deadline_ms = stage->timeout_ms ? stage->timeout_ms + GRACE_MS : 0,
	};

	for (size_t i = 0; i < stage->n_env; i++) {
		const char *value = getenv(stage->env[i]);

		strlist_take(&job.env, xasprintf("%s=%s", stage->env[i], value ? value : ""));
	}
	strlist_take(&job.env, xasprintf("MLOPS_STAGE=%s", stage->stage));
	strlist_take(&job.env, xasprintf("MLOPS_RUN_ID=%s", stage->run_id));
	int rc = kube_job_make(&job, out, err);
	strlist_clear(&job.env);
	return rc;
}

/* The name is that of an earlier try of the stage too, whose job goes first. */
static int create_job(struct cluster *c, const char *script, struct mlops_error *err)
{
	int64_t until = clock_mono_ms() + REPLACE_MS;
	autojson *job = NULL;

	if (make_job(c, script, &job, err))
		return -1;
	while (kube_call(c->kube, "POST", c->jobs, job, NULL, err)) {
		c->may_be = err->kind == MLOPS_EREMOTE;
		if (err->kind != MLOPS_EEXISTS || clock_mono_ms() > until || stop_signal())
			return -1;
		c->answered_ms = clock_mono_ms();
		mlops_error_clear(err);
		if (delete_job(c, err))
			return -1;
		wait_a_moment(LOOK_MS);
	}
	c->may_be = true;
	c->since_ms = c->answered_ms = clock_mono_ms();
	return 0;
}

/* *list is what *pod lends from. */
static int look(struct cluster *c, struct json **list, struct kube_pod *pod,
		struct mlops_error *err)
{
	autofree char *path = xasprintf("%s?labelSelector=mlops%%2Fjob%%3D%s", c->pods, c->name);

	if (!kube_call(c->kube, "GET", path, NULL, list, err)) {
		c->answered_ms = clock_mono_ms();
		c->away = false;
		kube_pod_read(*list, pod);
		return 0;
	}
	if (!may_pass(c, err))
		return -1;
	tell_away(c, err->msg);
	mlops_error_clear(err);
	*pod = (struct kube_pod){ .phase = KUBE_STARTED, .why = "", .said = "" };
	return 0;
}

/* A job whose time was up has no pod any more. */
static int look_at_job(struct cluster *c, struct mlops_error *err)
{
	autojson *job = NULL;

	if (kube_call(c->kube, "GET", c->job, NULL, &job, err))
		return err->kind == MLOPS_ENOTFOUND ?
			       err_set(err, MLOPS_EFAIL, "job '%s' was deleted", c->name) :
			       -1;
	const char *why = kube_job_failure(job);
	return why ? err_set(err, MLOPS_EFAIL, "job '%s' failed: %s", c->name, why) : 0;
}

/* Why no pod is made, such as a quota; "" when that is not known. *list is what it lends from. */
static const char *look_at_events(struct cluster *c, struct json **list)
{
	autofree char *path = xasprintf("/api/v1/namespaces/%s/events?fieldSelector="
					"involvedObject.kind%%3DJob%%2CinvolvedObject.name%%3D%s",
					c->settings.namespace, c->name);
	autoerr ignored = ERR_INIT;

	return kube_call(c->kube, "GET", path, NULL, list, &ignored) ? "" : kube_event_read(*list);
}

/* A node may still come; what it waits for is told when it is another. */
static int keep_waiting(struct cluster *c, const struct kube_pod *pod, struct mlops_error *err)
{
	autojson *events = NULL;
	const char *why = pod->phase == KUBE_ABSENT ? look_at_events(c, &events) : pod->why;

	if (clock_mono_ms() - c->since_ms > c->settings.pending_ms)
		return err_set(err, MLOPS_EFAIL, "job '%s' did not start in time%s%s", c->name,
			       *why ? ": " : "", why);
	if (*why && (!c->warned || strcmp(c->warned, why))) {
		free(c->warned);
		c->warned = xstrdup(why);
		log_warn("job '%s' waits: %s", c->name, why);
	}
	return pod->phase == KUBE_ABSENT ? look_at_job(c, err) : 0;
}

static int start_log(struct cluster *c, const struct kube_pod *pod, struct mlops_error *err)
{
	autofree char *path = xasprintf("%s/%s", c->pods, pod->name ? pod->name : "");

	if (c->log || !pod->name)
		return 0;
	return kube_log_start(&c->settings, path, &c->log, err);
}

/* It had started: the job may say why, if it is not that somebody deleted the pod. */
static int pod_is_gone(struct cluster *c, struct mlops_error *err)
{
	return look_at_job(c, err) ? -1 : err_set(err, MLOPS_EFAIL, "pod '%s' was deleted", c->pod);
}

/* One that is deleted ends by itself, or is killed, if its node still does what it is told. */
static int keep_running(struct cluster *c, const struct kube_pod *pod, struct mlops_error *err)
{
	int64_t now = clock_mono_ms();

	if (pod->name && !c->pod)
		c->pod = xstrdup(pod->name);
	if (pod->going && !c->going_ms) {
		log_warn("pod '%s' is going: %s", pod->name, pod->why);
		c->going_ms = now;
	}
	if (pod->going && now - c->going_ms > pod->grace_ms + GOING_MS)
		return err_set(err, MLOPS_EFAIL, "pod '%s' was deleted and does not end: %s",
			       pod->name, pod->why);
	return start_log(c, pod, err);
}

/* The script had the last word, unless the pod was ended before it could say anything. */
static int conclude(struct cluster *c, const struct kube_pod *pod, struct engine_end *end,
		    struct mlops_error *err)
{
	int code = 0;

	if (start_log(c, pod, err))
		return -1;
	kube_log_end(steal_ptr(&c->log));
	used_read(pod->said, &end->usage);
	if (sscanf(pod->said, "status %d", &code) == 1 && code > 0 && code < 256) {
		end->status = code;
		return 0;
	}
	if (pod->code || !*pod->said)
		return err_set(err, MLOPS_EFAIL, "pod '%s' ended with status %lld%s%s", pod->name,
			       (long long)pod->code, *pod->why ? ": " : "", pod->why);
	end->status = 0;
	return kube_data_fetch(c->call, &c->settings, pod->said, err);
}

/* *over when it is known how it ended. */
static int step(struct cluster *c, bool *over, struct engine_end *end, struct mlops_error *err)
{
	autojson *list = NULL;
	struct kube_pod pod;

	if (look(c, &list, &pod, err))
		return -1;
	switch (pod.phase) {
	case KUBE_ABSENT:
		if (c->pod)
			return pod_is_gone(c, err);
		return keep_waiting(c, &pod, err);
	case KUBE_WAITING:
		return keep_waiting(c, &pod, err);
	case KUBE_REFUSED:
		return err_set(err, MLOPS_EFAIL, "pod '%s' cannot start: %s", pod.name, pod.why);
	case KUBE_STARTED:
		return keep_running(c, &pod, err);
	case KUBE_LOST:
		return err_set(err, MLOPS_EFAIL, "pod '%s' is lost with its node: %s", pod.name,
			       pod.why);
	case KUBE_ENDED:
		*over = true;
		return conclude(c, &pod, end, err);
	}
	return 0;
}

static int follow(struct cluster *c, struct engine_end *end, struct mlops_error *err)
{
	bool over = false;

	for (;;) {
		if (stop_signal())
			return err_set(err, stop_kind(), "interrupted");
		if (step(c, &over, end, err))
			return -1;
		if (over)
			return 0;
		wait_a_moment(LOOK_MS);
	}
}

/* Also when we are asked to stop, which ends the pod; the first error stays. */
static int run_job(struct cluster *c, struct engine_end *end, struct mlops_error *err)
{
	autofree char *script = NULL;
	autoerr cause = ERR_INIT;

	if (kube_data_send(c->call, &c->settings, &script, err))
		return -1;
	int rc = create_job(c, script, err) || follow(c, end, err) ? -1 : 0;
	if (c->may_be && delete_job(c, &cause) && c->answered_ms)
		log_warn("job '%s' is left: %s", c->name, cause.msg);
	return rc;
}

static int run(const struct engine_call *call, struct engine_end *end, struct mlops_error *err)
{
	struct cluster c = { .call = call };

	int rc = open_cluster(&c, err) || run_job(&c, end, err);
	close_cluster(&c);
	return rc ? -1 : 0;
}

const struct engine engine_kubernetes = {
	.name = "kubernetes",
	.caps = ENGINE_SECRETS,
	.run = run,
	.export = kube_export,
};
