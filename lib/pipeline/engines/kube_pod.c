/* Reading how a job and its pod are (kubernetes.io, "Pod Lifecycle" and "Jobs"). */
#include "pipeline/engines/kubernetes.h"

#define GRACE_MAX_S 86400

/* Reasons for which a container waits and that do not go away by themselves. */
static bool is_final(const char *reason)
{
	static const char *const reasons[] = {
		"ErrImagePull",      "ImagePullBackOff",           "InvalidImageName",
		"ErrImageNeverPull", "CreateContainerConfigError", "CreateContainerError",
		"RunContainerError"
	};

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (!strcmp(reason, reasons[i]))
			return true;
	return false;
}

static const char *text_or(const struct json *map, const char *key, const char *fallback)
{
	const char *text = js_get_text(map, key);

	return text && *text ? text : fallback;
}

static const struct json *newest(struct json *list)
{
	struct json *items = js_get(list, "items");
	const struct json *found = NULL;
	const char *when = "";

	for (size_t i = 0; i < js_len(items); i++) {
		struct json *pod = js_at(items, i);
		const char *made = text_or(js_get(pod, "metadata"), "creationTimestamp", "");

		if (!found || strcmp(made, when) > 0) {
			found = pod;
			when = made;
		}
	}
	return found;
}

/* The condition of a kind, when it has that state; NULL: not so. */
static const struct json *condition(const struct json *status, const char *type, const char *state)
{
	struct json *conditions = js_get(status, "conditions");

	for (size_t i = 0; i < js_len(conditions); i++) {
		struct json *c = js_at(conditions, i);

		if (!strcmp(text_or(c, "type", ""), type) &&
		    !strcmp(text_or(c, "status", ""), state))
			return c;
	}
	return NULL;
}

/*
 * A node that does not answer is drained after a while, but its pods are there until it says that they
 * have ended ("Pod disruption conditions").
 */
static void read_going(const struct json *pod, const struct json *status, struct kube_pod *out)
{
	const struct json *meta = js_get(pod, "metadata");
	const struct json *why = condition(status, "DisruptionTarget", "True");
	int64_t grace = 0;

	if (!js_get_text(meta, "deletionTimestamp"))
		return;
	out->going = true;
	js_get_int(meta, "deletionGracePeriodSeconds", &grace);
	out->grace_ms = (grace > 0 && grace < GRACE_MAX_S ? grace : 0) * 1000;
	out->why = text_or(why, "message", "it is being deleted");
	if (!strcmp(text_or(why, "reason", ""), "DeletionByTaintManager"))
		out->phase = KUBE_LOST;
}

static void read_ended(const struct json *status, const struct json *ended, bool failed,
		       struct kube_pod *out)
{
	out->phase = KUBE_ENDED;
	out->code = failed;
	js_get_int(ended, "exitCode", &out->code);
	out->said = text_or(ended, "message", "");
	/* that of the pod when it was no fault of the container: evicted, its time was up */
	out->why = text_or(status, "reason", text_or(ended, "reason", ""));
}

void kube_pod_read(struct json *list, struct kube_pod *out)
{
	const struct json *pod = newest(list);
	const struct json *status = js_get(pod, "status");
	const struct json *state = js_get(js_at(js_get(status, "containerStatuses"), 0), "state");
	const struct json *waiting = js_get(state, "waiting"), *ended = js_get(state, "terminated");
	const char *phase = text_or(status, "phase", "Pending");
	bool failed = !strcmp(phase, "Failed");

	*out = (struct kube_pod){ .why = "", .said = "" };
	if (!pod)
		return;
	out->name = text_or(js_get(pod, "metadata"), "name", "");
	if (failed || !strcmp(phase, "Succeeded")) {
		read_ended(status, ended, failed, out);
		return;
	}
	out->phase = js_get(state, "running") || ended ? KUBE_STARTED : KUBE_WAITING;
	read_going(pod, status, out);
	if (out->phase != KUBE_WAITING)
		return;
	const char *reason = text_or(waiting, "reason", "");
	out->why = waiting ? text_or(waiting, "message", reason) :
			     text_or(condition(status, "PodScheduled", "False"), "message", out->why);
	if (is_final(reason))
		out->phase = KUBE_REFUSED;
}

const char *kube_event_read(struct json *list)
{
	struct json *items = js_get(list, "items");
	const char *said = "", *when = "";

	for (size_t i = 0; i < js_len(items); i++) {
		struct json *event = js_at(items, i);
		const char *at = text_or(event, "lastTimestamp", text_or(event, "eventTime", ""));

		if (strcmp(text_or(event, "type", ""), "Warning") || strcmp(at, when) < 0)
			continue;
		said = text_or(event, "message", text_or(event, "reason", ""));
		when = at;
	}
	return said;
}

const char *kube_job_failure(struct json *job)
{
	const struct json *failed = condition(js_get(job, "status"), "Failed", "True");

	return failed ? text_or(failed, "message", text_or(failed, "reason", "no reason is given")) :
			NULL;
}
