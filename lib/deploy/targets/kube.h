/* What the files of target kubernetes share. */
#pragma once

#include "deploy/deploy.h"
#include "http/kube.h"

#define KUBE_OWNER    "mlops" /* of what we made: the label app.kubernetes.io/managed-by */
#define KUBE_PORT     80      /* of a service that is not told another */
#define KUBE_REVISION "mlops/revision"
#define KUBE_SERVING  "mlops/serving" /* the revision that served when that one was applied */

/* Where the deployment lives and what it is to be there. */
struct kube_wanted {
	const char *name;
	const struct revision *revision;
	const struct json *config; /* as mlops.yaml(5) has it */
	int64_t port;              /* of the service */
	int64_t serving;           /* the revision that serves, or 0 */
	int64_t timeout_ms;
};

/* One kind of object, and where the API has it. */
struct kube_kind {
	const char *kind, *version; /* "Service", "v1" */
	const char *path, *plural;  /* "/api/v1", "services" */
	/* NULL: the deployment needs none. */
	struct json *(*make)(const struct kube_wanted *w);
};

/* In the order in which they are applied; ends with one without a kind. */
extern const struct kube_kind kube_kinds[];
/* The whole object, with name and labels; NULL when it needs none. New. */
struct json *kube_object(const struct kube_kind *kind, const struct kube_wanted *w);
/* All that it needs, in the namespace that the config names, if it does; new. */
struct json *kube_objects(const struct kube_wanted *w);

/*
 * Waits until all that was applied is served by pods of that revision. MLOPS_ENO with the reason when
 * they cannot start, or the time is over. `path` is that of the namespace: "/namespaces/default".
 */
int kube_rollout_wait(struct kube *k, const char *path, const char *name, int64_t revision,
		      int64_t timeout_ms, struct mlops_error *err);
/* From the object of kind Deployment. */
void kube_rollout_read(const struct json *deployment, struct target_state *out);
