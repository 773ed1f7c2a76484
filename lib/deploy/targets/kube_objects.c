/* The objects that a deployment is made of in Kubernetes, as they are applied. */
#include <inttypes.h>

#include "base/num.h"
#include "deploy/runtime.h"
#include "deploy/targets/kube.h"
#include "fmt/json.h"

#define PROBE_SECONDS 2
#define CPU_PERCENT   80
#define GPU           "nvidia.com/gpu"

static const struct json *section(const struct kube_wanted *w, const char *key)
{
	return js_get(w->config, key);
}

static int64_t number(const struct json *map, const char *key, int64_t fallback)
{
	js_get_int(map, key, &fallback);
	return fallback;
}

/* What the selectors of pods look for: it never changes. */
static struct json *selector(const struct kube_wanted *w)
{
	return js_pack("{s:s, s:s}",
		       "app.kubernetes.io/instance", w->name,
		       "app.kubernetes.io/managed-by", KUBE_OWNER);
}

static struct json *number_text(int64_t n)
{
	char buf[NUM_SIZE];

	snprintf(buf, sizeof(buf), "%" PRId64, n);
	return js_str(buf);
}

/* ---- the container ---- */

static void add_plain(const char *name, const char *value, void *env)
{
	js_push(env, js_pack("{s:s, s:o}", "name", name, "value", js_str(value)));
}

static struct json *environment(const struct kube_wanted *w)
{
	struct json *env = js_arr();
	const struct json *secrets = section(w, "secrets");

	runtime_each_variable(w->revision, w->config, add_plain, env);
	for (size_t i = 0; i < js_len(secrets); i++) {
		const char *name = js_text(js_at(secrets, i));

		js_push(env, js_pack("{s:s, s:{s:{s:s, s:s}}}", "name", name, "valueFrom", "secretKeyRef",
				     "name", w->name, "key", name));
	}
	return env;
}

/* Processors are asked for and may be exceeded; memory may not. A GPU only has a limit. */
static struct json *resources(const struct kube_wanted *w)
{
	struct json *requests = js_obj(), *limits = js_obj();
	const struct json *said = section(w, "resources");
	const char *memory = js_get_text(said, "memory");
	uint64_t bytes;
	double cpus;
	char buf[NUM_SIZE];

	if (js_get_num(said, "cpus", &cpus)) {
		snprintf(buf, sizeof(buf), "%.0fm", cpus * 1000);
		js_set(requests, "cpu", js_str(buf));
	}
	if (memory && num_parse_bytes(memory, &bytes)) {
		js_set(requests, "memory", number_text((int64_t)bytes));
		js_set(limits, "memory", number_text((int64_t)bytes));
	}
	if (number(said, "gpus", 0))
		js_set(limits, GPU, number_text(number(said, "gpus", 0)));
	return js_pack("{s:o, s:o}", "requests", requests, "limits", limits);
}

static struct json *probe(const struct kube_wanted *w, int64_t failures)
{
	const char *path = runtime_text(w->config, "runtime", "health", RUNTIME_HEALTH);

	return js_pack("{s:{s:o, s:s}, s:i, s:I}",
		       "httpGet",
		       "path", js_str(path),
		       "port", "http",
		       "periodSeconds", PROBE_SECONDS,
		       "failureThreshold", (long long)failures);
}

static struct json *container(const struct kube_wanted *w)
{
	const struct json *runtime = section(w, "runtime");
	const char *path = runtime_text(w->config, "runtime", "model_path", RUNTIME_MODEL_PATH);
	struct json *mount = js_pack("{s:s, s:o, s:b}",
				     "name", "model",
				     "mountPath", js_str(path),
				     "readOnly", 1);
	struct json *c = js_pack("{s:s, s:o, s:o, s:o, s:[{s:s, s:I}], s:[o], s:o, s:o, s:{s:b}}",
				 "name", "model",
				 "image", js_str(runtime_text(w->config, "runtime", "image", "")),
				 "env", environment(w),
				 "resources", resources(w),
				 "ports",
				 "name", "http",
				 "containerPort", (long long)number(runtime, "port", RUNTIME_PORT),
				 "volumeMounts", mount,
				 "startupProbe", probe(w, w->timeout_ms / 1000 / PROBE_SECONDS + 1),
				 "readinessProbe", probe(w, 3),
				 "securityContext",
				 "allowPrivilegeEscalation", 0);

	if (js_get(runtime, "command"))
		js_set(c, "command", js_ref(js_get(runtime, "command")));
	return c;
}

/* ---- the objects ---- */

static struct json *pod(const struct kube_wanted *w)
{
	const struct json *kubernetes = section(w, "kubernetes");
	const char *account = js_get_text(kubernetes, "service_account");
	const char *pull = js_get_text(kubernetes, "pull_secret");
	struct json *volume = js_pack("{s:s, s:{s:s, s:s}}",
				      "name", "model",
				      "image",
				      "reference", w->revision->package,
				      "pullPolicy", "IfNotPresent");
	struct json *spec = js_pack("{s:[o], s:[o], s:b}",
				    "containers", container(w),
				    "volumes", volume,
				    "automountServiceAccountToken", account != NULL);

	if (account)
		js_set(spec, "serviceAccountName", js_str(account));
	if (pull)
		js_set(spec, "imagePullSecrets", js_pack("[{s:o}]", "name", js_str(pull)));
	return spec;
}

static struct json *annotations(const struct kube_wanted *w)
{
	char hex[MLOPS_OID_TEXT];
	autofree char *model = xasprintf("%s:%" PRId64, w->revision->model, w->revision->version);

	return js_pack("{s:o, s:s, s:o, s:o}",
		       "mlops/model", js_str(model),
		       "mlops/object", mlops_oid_hex(&w->revision->ref.oid, hex),
		       KUBE_REVISION, number_text(w->revision->number),
		       KUBE_SERVING, number_text(w->serving));
}

static struct json *make_deployment(const struct kube_wanted *w)
{
	struct json *labels = selector(w), *template, *strategy, *spec;

	js_set(labels, KUBE_REVISION, number_text(w->revision->number));
	template = js_pack("{s:{s:o}, s:o}",
			   "metadata",
			   "labels", labels,
			   "spec", pod(w));
	strategy = js_pack("{s:s, s:{s:i, s:s}}",
			   "type", "RollingUpdate",
			   "rollingUpdate",
			   "maxUnavailable", 0,
			   "maxSurge", "25%");
	spec = js_pack("{s:{s:o}, s:i, s:I, s:o, s:o}",
		       "selector",
		       "matchLabels", selector(w),
		       "revisionHistoryLimit", 2,
		       "progressDeadlineSeconds", (long long)(w->timeout_ms / 1000 + 1),
		       "strategy", strategy,
		       "template", template);
	if (!section(w, "autoscale"))
		js_set(spec, "replicas", js_int(number(w->config, "replicas", 1)));
	return js_pack("{s:{s:o}, s:o}",
		       "metadata",
		       "annotations", annotations(w),
		       "spec", spec);
}

static struct json *make_service(const struct kube_wanted *w)
{
	struct json *port = js_pack("{s:s, s:I, s:s, s:s}",
				    "name", "http",
				    "port", (long long)(w->port ? w->port : KUBE_PORT),
				    "targetPort", "http",
				    "protocol", "TCP");

	return js_pack("{s:{s:o, s:[o]}}",
		       "spec",
		       "selector", selector(w),
		       "ports", port);
}

static struct json *make_autoscaler(const struct kube_wanted *w)
{
	const struct json *said = section(w, "autoscale");

	if (!said)
		return NULL;
	struct json *what = js_pack("{s:s, s:s, s:s}",
				    "apiVersion", "apps/v1",
				    "kind", "Deployment",
				    "name", w->name);
	struct json *cpu = js_pack("{s:s, s:{s:s, s:{s:s, s:I}}}",
				   "type", "Resource",
				   "resource",
				   "name", "cpu",
				   "target",
				   "type", "Utilization",
				   "averageUtilization", (long long)number(said, "cpu", CPU_PERCENT));
	return js_pack("{s:{s:o, s:I, s:I, s:[o]}}",
		       "spec",
		       "scaleTargetRef", what,
		       "minReplicas", (long long)number(said, "min", 1),
		       "maxReplicas", (long long)number(said, "max", number(said, "min", 1)),
		       "metrics", cpu);
}

/* Of several pods one may be taken away at a time, by who drains a node. */
static struct json *make_budget(const struct kube_wanted *w)
{
	int64_t pods = number(section(w, "autoscale"), "min", number(w->config, "replicas", 1));

	if (pods < 2)
		return NULL;
	return js_pack("{s:{s:{s:o}, s:i}}",
		       "spec",
		       "selector",
		       "matchLabels", selector(w),
		       "maxUnavailable", 1);
}

static struct json *make_ingress(const struct kube_wanted *w)
{
	const struct json *said = section(w, "ingress");
	const char *host = js_get_text(said, "host"), *class = js_get_text(said, "class");
	const char *tls = js_get_text(said, "tls_secret");

	if (!said)
		return NULL;
	struct json *path = js_pack("{s:o, s:s, s:{s:{s:s, s:{s:s}}}}",
				    "path", js_str(runtime_text(w->config, "ingress", "path", "/")),
				    "pathType", "Prefix",
				    "backend",
				    "service",
				    "name", w->name,
				    "port",
				    "name", "http");
	struct json *rule = js_pack("{s:{s:[o]}}", "http", "paths", path);
	if (host)
		js_set(rule, "host", js_str(host));
	struct json *spec = js_pack("{s:[o]}", "rules", rule);
	if (class)
		js_set(spec, "ingressClassName", js_str(class));
	if (tls) {
		struct json *hosts = js_arr();

		if (host)
			js_push(hosts, js_str(host));
		js_set(spec, "tls", js_pack("[{s:o, s:o}]", "secretName", js_str(tls), "hosts", hosts));
	}
	return js_pack("{s:o}", "spec", spec);
}

const struct kube_kind kube_kinds[] = {
	{ "Deployment", "apps/v1", "/apis/apps/v1", "deployments", make_deployment },
	{ "Service", "v1", "/api/v1", "services", make_service },
	{ "HorizontalPodAutoscaler", "autoscaling/v2", "/apis/autoscaling/v2",
	  "horizontalpodautoscalers", make_autoscaler },
	{ "PodDisruptionBudget", "policy/v1", "/apis/policy/v1", "poddisruptionbudgets",
	  make_budget },
	{ "Ingress", "networking.k8s.io/v1", "/apis/networking.k8s.io/v1", "ingresses",
	  make_ingress },
	{ 0 },
};

struct json *kube_object(const struct kube_kind *kind, const struct kube_wanted *w)
{
	struct json *v = kind->make(w), *meta;

	if (!v)
		return NULL;
	meta = js_get(v, "metadata") ? js_ref(js_get(v, "metadata")) : js_obj();
	js_set(meta, "name", js_str(w->name));
	js_set(meta, "labels", selector(w));
	js_set(v, "metadata", meta);
	js_set(v, "apiVersion", js_str(kind->version));
	js_set(v, "kind", js_str(kind->kind));
	return v;
}

struct json *kube_objects(const struct kube_wanted *w)
{
	const char *namespace = js_get_text(section(w, "kubernetes"), "namespace");
	struct json *all = js_arr();

	for (const struct kube_kind *kind = kube_kinds; kind->kind; kind++) {
		struct json *v = kube_object(kind, w);

		if (!v)
			continue;
		if (namespace)
			js_set(js_get(v, "metadata"), "namespace", js_str(namespace));
		js_push(all, v);
	}
	return all;
}
