/* Reading what Kubernetes says of its objects. */
#include "http/kube_status.h"

bool kube_waits_in_vain(const char *reason)
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

const char *kube_text(const struct json *map, const char *key, const char *fallback)
{
	const char *text = js_get_text(map, key);

	return text && *text ? text : fallback;
}

const struct json *kube_condition(const struct json *status, const char *type, const char *state)
{
	struct json *conditions = js_get(status, "conditions");

	for (size_t i = 0; i < js_len(conditions); i++) {
		struct json *c = js_at(conditions, i);

		if (!strcmp(kube_text(c, "type", ""), type) &&
		    !strcmp(kube_text(c, "status", ""), state))
			return c;
	}
	return NULL;
}
