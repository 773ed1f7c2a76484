/* How the rollout of a deployment goes (kubernetes.io, "Deployments", "Deployment status"). */
#include <inttypes.h>

#include "base/clock.h"
#include "base/num.h"
#include "deploy/targets/kube.h"
#include "http/kube_status.h"

#define POLL_MS     200
#define CRASHES_MAX 3 /* after which a container will not come up */

static int64_t annotation(const struct json *deployment, const char *key)
{
	int64_t n = 0;
	const char *text = js_get_text(js_get(js_get(deployment, "metadata"), "annotations"), key);

	return text && num_parse_i64(text, &n) ? n : 0;
}

static int64_t count(const struct json *map, const char *key)
{
	int64_t n = 0;

	js_get_int(map, key, &n);
	return n;
}

static bool is_observed(const struct json *deployment)
{
	return count(js_get(deployment, "status"), "observedGeneration") >=
	       count(js_get(deployment, "metadata"), "generation");
}

/*
 * The controller says so once, and takes it back when another template comes; but where the number of
 * pods changes too, it has looked at that before it does.
 */
static bool is_complete(const struct json *deployment)
{
	const struct json *status = js_get(deployment, "status");
	const struct json *progress = kube_condition(status, "Progressing", "True");

	return is_observed(deployment) && progress &&
	       !strcmp(kube_text(progress, "reason", ""), "NewReplicaSetAvailable") &&
	       count(status, "updatedReplicas") > 0 &&
	       count(status, "updatedReplicas") == count(status, "replicas");
}

static bool has_failed(const struct json *deployment)
{
	return is_observed(deployment) &&
	       kube_condition(js_get(deployment, "status"), "Progressing", "False");
}

void kube_rollout_read(const struct json *deployment, struct target_state *out)
{
	bool complete = is_complete(deployment);
	int64_t number = annotation(deployment, KUBE_REVISION);

	out->running = count(js_get(deployment, "status"), "availableReplicas") > 0;
	out->revision = complete ? number : annotation(deployment, KUBE_SERVING);
	out->starting = complete || has_failed(deployment) ? 0 : number;
}

struct rollout {
	struct kube *k;
	const char *path, *name;
	int64_t revision;
	char *why; /* it does not go on, as far as is known; or NULL */
	bool final;
};

static void set_why(struct rollout *r, const char *pod, const char *reason, const char *message,
		    bool final)
{
	if (r->final)
		return;
	free(r->why);
	r->why = xasprintf("%s%s%s%s%s", pod, *pod ? ": " : "", reason, *message ? ": " : "",
			   message);
	r->final = final;
}

static void read_container(struct rollout *r, const char *pod, const struct json *c)
{
	const struct json *waiting = js_get(js_get(c, "state"), "waiting");
	const struct json *ended = js_get(js_get(c, "lastState"), "terminated");
	const char *reason = kube_text(waiting, "reason", "");
	bool crashes = !strcmp(reason, "CrashLoopBackOff");
	autofree char *code =
		ended ? xasprintf("%s with status %" PRId64, kube_text(ended, "reason", "it ended"),
				  count(ended, "exitCode")) :
			NULL;

	if (!*reason || !strcmp(reason, "ContainerCreating"))
		return;
	set_why(r, pod, reason, crashes && code ? code : kube_text(waiting, "message", ""),
		crashes ? count(c, "restartCount") >= CRASHES_MAX : kube_waits_in_vain(reason));
}

static void read_pod(struct rollout *r, const struct json *pod)
{
	const char *name = kube_text(js_get(pod, "metadata"), "name", "");
	const struct json *status = js_get(pod, "status");
	const struct json *unplaced = kube_condition(status, "PodScheduled", "False");
	const struct json *containers = js_get(status, "containerStatuses");

	if (unplaced)
		set_why(r, name, kube_text(unplaced, "reason", ""),
			kube_text(unplaced, "message", ""), false);
	for (size_t i = 0; i < js_len(containers); i++)
		read_container(r, name, js_at(containers, i));
}

static int read_pods(struct rollout *r, struct mlops_error *err)
{
	autofree char *path = xasprintf(
		"/api/v1%s/pods?labelSelector=app.kubernetes.io%%2Finstance%%3D%s%%2Cmlops%%2Frevision%%3D%" PRId64,
		r->path, r->name, r->revision);
	autojson *list = NULL;

	if (kube_call(r->k, "GET", path, NULL, &list, err))
		return -1;
	const struct json *items = js_get(list, "items");
	for (size_t i = 0; i < js_len(items); i++)
		read_pod(r, js_at(items, i));
	return 0;
}

/* 1: it is done; 0: not yet. */
static int look(struct rollout *r, struct mlops_error *err)
{
	autofree char *path = xasprintf("/apis/apps/v1%s/deployments/%s", r->path, r->name);
	autojson *deployment = NULL;
	const struct json *failure;

	if (kube_call(r->k, "GET", path, NULL, &deployment, err))
		return -1;
	if (annotation(deployment, KUBE_REVISION) != r->revision)
		return err_set(err, MLOPS_ELOCKED, "somebody else deploys '%s' there", r->name);
	if (is_complete(deployment))
		return 1;
	failure = kube_condition(js_get(deployment, "status"), "ReplicaFailure", "True");
	if (failure)
		set_why(r, "", kube_text(failure, "reason", ""), kube_text(failure, "message", ""),
			false);
	return read_pods(r, err);
}

/* A server that is away for a moment does not end a rollout. */
static int wait_for(struct rollout *r, int64_t timeout_ms, struct mlops_error *err)
{
	int64_t deadline = clock_mono_ms() + timeout_ms;

	for (;;) {
		int done = look(r, err);

		if (done > 0)
			return 0;
		if (done < 0 && (err->kind != MLOPS_EREMOTE || clock_mono_ms() >= deadline))
			return -1;
		mlops_error_clear(err);
		if (r->final)
			return err_set(err, MLOPS_ENO, "%s", r->why);
		if (clock_mono_ms() >= deadline)
			return err_set(err, MLOPS_ENO, "its pods are not ready in time%s%s",
				       r->why ? ": " : "", r->why ? r->why : "");
		clock_sleep_ms(POLL_MS);
	}
}

int kube_rollout_wait(struct kube *k, const char *path, const char *name, int64_t revision,
		      int64_t timeout_ms, struct mlops_error *err)
{
	struct rollout r = { .k = k, .path = path, .name = name, .revision = revision };
	int rc = wait_for(&r, timeout_ms, err);

	free(r.why);
	return rc;
}
