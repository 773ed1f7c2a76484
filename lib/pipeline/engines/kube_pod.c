/* Reading how a job and its pod are (kubernetes.io, "Pod Lifecycle" and "Jobs"). */
#include "http/kube_status.h"
#include "pipeline/engines/kubernetes.h"

#define GRACE_MAX_S 86400

static const struct json *newest(struct json *list)
{
	struct json *items = js_get(list, "items");
	const struct json *found = NULL;
	const char *when = "";

	for (size_t i = 0; i < js_len(items); i++) {
		struct json *pod = js_at(items, i);
		const char *made = kube_text(js_get(pod, "metadata"), "creationTimestamp", "");

		if (!found || strcmp(made, when) > 0) {
			found = pod;
			when = made;
		}
	}
	return found;
}

/*
 * A node that does not answer is drained after a while, but its pods are there until it says that they
 * have ended ("Pod disruption conditions").
 */
static void read_going(const struct json *pod, const struct json *status, struct kube_pod *out)
{
	const struct json *meta = js_get(pod, "metadata");
	const struct json *why = kube_condition(status, "DisruptionTarget", "True");
	int64_t grace = 0;

	if (!js_get_text(meta, "deletionTimestamp"))
		return;
	out->going = true;
	js_get_int(meta, "deletionGracePeriodSeconds", &grace);
	out->grace_ms = (grace > 0 && grace < GRACE_MAX_S ? grace : 0) * 1000;
	out->why = kube_text(why, "message", "it is being deleted");
	if (!strcmp(kube_text(why, "reason", ""), "DeletionByTaintManager"))
		out->phase = KUBE_LOST;
}

static void read_ended(const struct json *status, const struct json *ended, bool failed,
		       struct kube_pod *out)
{
	out->phase = KUBE_ENDED;
	out->code = failed;
	js_get_int(ended, "exitCode", &out->code);
	out->said = kube_text(ended, "message", "");
	/* that of the pod when it was no fault of the container: evicted, its time was up */
	out->why = kube_text(status, "reason", kube_text(ended, "reason", ""));
}

void kube_pod_read(struct json *list, struct kube_pod *out)
{
	const struct json *pod = newest(list);
	const struct json *status = js_get(pod, "status");
	const struct json *state = js_get(js_at(js_get(status, "containerStatuses"), 0), "state");
	const struct json *waiting = js_get(state, "waiting"), *ended = js_get(state, "terminated");
	const char *phase = kube_text(status, "phase", "Pending");
	bool failed = !strcmp(phase, "Failed");

	*out = (struct kube_pod){ .why = "", .said = "" };
	if (!pod)
		return;
	out->name = kube_text(js_get(pod, "metadata"), "name", "");
	if (failed || !strcmp(phase, "Succeeded")) {
		read_ended(status, ended, failed, out);
		return;
	}
	out->phase = js_get(state, "running") || ended ? KUBE_STARTED : KUBE_WAITING;
	read_going(pod, status, out);
	if (out->phase != KUBE_WAITING)
		return;
	const char *reason = kube_text(waiting, "reason", "");
	out->why = waiting ? kube_text(waiting, "message", reason) :
			     kube_text(kube_condition(status, "PodScheduled", "False"), "message", out->why);
	if (kube_waits_in_vain(reason))
		out->phase = KUBE_REFUSED;
}

const char *kube_event_read(struct json *list)
{
	struct json *items = js_get(list, "items");
	const char *said = "", *when = "";

	for (size_t i = 0; i < js_len(items); i++) {
		struct json *event = js_at(items, i);
		const char *at = kube_text(event, "lastTimestamp", kube_text(event, "eventTime", ""));

		if (strcmp(kube_text(event, "type", ""), "Warning") || strcmp(at, when) < 0)
			continue;
		said = kube_text(event, "message", kube_text(event, "reason", ""));
		when = at;
	}
	return said;
}

const char *kube_job_failure(struct json *job)
{
	const struct json *failed = kube_condition(js_get(job, "status"), "Failed", "True");

	return failed ? kube_text(failed, "message", kube_text(failed, "reason", "no reason is given")) :
			NULL;
}
