/*
 * Target kubernetes: a Deployment behind a Service, applied by the server (server-side apply), whose pods
 * run an image of the user's and get the model as a volume that is an image too. The cluster rolls
 * from one revision to the next; when the next does not come up, the one before is applied again.
 */
#include "deploy/runtime.h"
#include "deploy/targets/kube.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/kube_status.h"
#include "mlops/package.h"

#define TIMEOUT_MS 300000 /* of a pod that is to be brought back */
#define GONE_MS    60000
#define POLL_MS    200

static const char *const keys[] = { "replicas",  "runtime", "resources",  "env", "secrets",
				    "autoscale", "ingress", "kubernetes", NULL };

/* One call of the target: the API, and what the revision is to be. */
struct session {
	const struct target_call *call;
	struct kube *k;
	struct json *config;
	char *path; /* "/namespaces/default" */
};

static void session_close(struct session *s)
{
	kube_free(s->k);
	js_free(s->config);
	free(s->path);
}
#define autosession __attribute__((cleanup(session_close))) struct session

/* An RFC 1123 label: what the names of all its objects may be. */
static int check_name(const char *name, struct mlops_error *err)
{
	size_t n = strlen(name);

	if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == n && name[n - 1] != '-')
		return 0;
	return err_set(
		err, MLOPS_EUSAGE,
		"'%s' cannot name a deployment on Kubernetes: that is small letters, digits and '-'",
		name);
}

static int session_open(struct session *s, const struct target_call *call, const struct revision *r,
			struct mlops_error *err)
{
	const struct json *own;
	const char *namespace;

	s->call = call;
	if (check_name(call->name, err) ||
	    target_config(&target_kubernetes, r && r->config ? r->config : "{}", &s->config, err))
		return -1;
	own = js_get(s->config, "kubernetes");
	if (kube_open(NULL, js_get_text(own, "context"), &s->k, err))
		return -1;
	namespace = js_get_text(own, "namespace");
	s->path = xasprintf("/namespaces/%s", namespace ? namespace : kube_namespace(s->k));
	return 0;
}

/* ---- sending the model ---- */

/* What the registry has, or with `send` gets, the model as. */
static int package_of(const struct target_call *call, const struct revision *r, const char *registry,
		      bool send, char **out, struct mlops_error *err)
{
	autofree char *spec = xasprintf("%s:%" PRId64, r->model, r->version);
	struct package *package;
	char hex[MLOPS_OID_TEXT];

	if (mlops_package_new(call->project, spec, "modelpack", &package, err))
		return -1;
	int rc = send ? mlops_package_push(package, registry, err) : 0;
	if (!rc)
		*out = xasprintf("%s@sha256:%s", strstr(registry, "://") + strlen("://"),
				 mlops_oid_hex(mlops_package_oid(package), hex));
	mlops_package_free(package);
	return rc;
}

static int find_package(const struct target_call *call, const struct revision *r, bool send, char **out,
			struct mlops_error *err)
{
	static const char *const places[] = { "context", "namespace", NULL };
	autojson *config = NULL;
	const char *image;

	if (target_config(&target_kubernetes, r->config, &config, err) ||
	    runtime_check_place(&target_kubernetes, call, config, "kubernetes", places, err) ||
	    runtime_image(call, config, &image, err))
		return -1;
	const char *registry = runtime_text(config, "kubernetes", "registry", "");
	if (str_starts(registry, "oci://") && !strchr(registry, '@'))
		return package_of(call, r, registry, send, out, err);
	err_set(err, MLOPS_EINVALID, "deployment '%s' says no registry that its pods get the model from",
		call->name);
	return err_hint(err, "give kubernetes.registry in mlops.yaml: oci://HOST/REPOSITORY");
}

static int kubernetes_send(const struct target_call *call, const struct revision *r, char **out,
			   struct mlops_error *err)
{
	return find_package(call, r, true, out, err);
}

/* ---- what others apply ---- */

static int kubernetes_print(const struct target_call *call, const struct revision *r, int64_t timeout_ms,
			    bool send, struct json **out, struct mlops_error *err)
{
	autofree char *package = NULL;
	struct revision named = *r;
	autojson *config = NULL;

	if (check_name(call->name, err) || target_config(&target_kubernetes, r->config, &config, err) ||
	    find_package(call, r, send, &package, err))
		return -1;
	named.package = package;
	const struct kube_wanted w = {
		.name = call->name,
		.revision = &named,
		.config = config,
		.port = call->port,
		.timeout_ms = timeout_ms,
	};
	*out = kube_objects(&w);
	return 0;
}

/* ---- applying ---- */

static char *path_of(const struct session *s, const struct kube_kind *kind)
{
	return xasprintf("%s%s/%s/%s", kind->path, s->path, kind->plural, s->call->name);
}

static bool is_ours(const struct json *object)
{
	const char *owner = js_get_text(js_get(js_get(object, "metadata"), "labels"),
					"app.kubernetes.io/managed-by");

	return owner && !strcmp(owner, KUBE_OWNER);
}

/* *out NULL: there is none. One that somebody else made is MLOPS_EEXISTS. */
static int get(struct session *s, const struct kube_kind *kind, struct json **out,
	       struct mlops_error *err)
{
	autofree char *path = path_of(s, kind);

	*out = NULL;
	if (kube_call(s->k, "GET", path, NULL, out, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
		return 0;
	}
	if (is_ours(*out))
		return 0;
	js_free(*out);
	*out = NULL;
	err_set(err, MLOPS_EEXISTS, "there is a %s '%s' that mlops did not make", kind->kind,
		s->call->name);
	return err_hint(err, "take another name, or delete it: kubectl delete %s %s", kind->plural,
			s->call->name);
}

static int drop(struct session *s, const struct kube_kind *kind, struct mlops_error *err)
{
	autofree char *path = path_of(s, kind);
	autojson *found = NULL, *how = js_pack("{s:s}", "propagationPolicy", "Foreground");

	if (get(s, kind, &found, err))
		return -1;
	if (!found || !kube_call(s->k, "DELETE", path, how, NULL, err))
		return 0;
	if (err->kind != MLOPS_ENOTFOUND)
		return -1;
	mlops_error_clear(err);
	return 0;
}

static int apply_kind(struct session *s, const struct kube_kind *kind, const struct kube_wanted *w,
		      struct mlops_error *err)
{
	autofree char *plain = path_of(s, kind),
		      *path = xasprintf("%s?fieldManager=" KUBE_OWNER "&force=true", plain);
	autojson *object = kube_object(kind, w), *found = NULL;

	if (!object)
		return drop(s, kind, err);
	return get(s, kind, &found, err) || kube_call(s->k, "PATCH", path, object, NULL, err) ? -1 :
												0;
}

static const struct kube_kind secret_kind = { "Secret", "v1", "/api/v1", "secrets", NULL };

/* The values that the environment has; *all false: it lacks some. */
static struct json *secret_values(const struct json *names, bool *all, const char **missing)
{
	struct json *values = js_obj();

	*all = true;
	for (size_t i = 0; i < js_len(names); i++) {
		const char *name = js_text(js_at(names, i)), *value = getenv(name);

		if (value)
			js_set(values, name, js_str(value));
		else
			*missing = name;
		*all &= value != NULL;
	}
	return values;
}

static bool has_all(const struct json *secret, const struct json *names)
{
	for (size_t i = 0; i < js_len(names); i++)
		if (!js_get(js_get(secret, "data"), js_text(js_at(names, i))))
			return false;
	return secret != NULL;
}

/* Values come from the environment; where it lacks one, what is there stays if it is complete. */
static int apply_secret(struct session *s, struct mlops_error *err)
{
	const struct json *names = js_get(s->config, "secrets");
	autofree char *plain = path_of(s, &secret_kind);
	autofree char *path = xasprintf("%s?fieldManager=" KUBE_OWNER "&force=true", plain);
	autojson *found = NULL, *object = NULL;
	const char *missing = NULL;
	bool all;

	if (!js_len(names))
		return drop(s, &secret_kind, err);
	if (get(s, &secret_kind, &found, err))
		return -1;
	object =
		js_pack("{s:s, s:s, s:{s:s, s:{s:s}}, s:o}", "apiVersion", "v1", "kind", "Secret",
			"metadata", "name", s->call->name, "labels", "app.kubernetes.io/managed-by",
			KUBE_OWNER, "stringData", secret_values(names, &all, &missing));
	if (all)
		return kube_call(s->k, "PATCH", path, object, NULL, err);
	if (has_all(found, names))
		return 0;
	return runtime_no_secret(s->call, missing, err);
}

static int apply_all(struct session *s, const struct revision *r, int64_t timeout_ms,
		     struct mlops_error *err)
{
	const struct revision *active = s->call->active;
	const struct kube_wanted w = {
		.name = s->call->name,
		.revision = r,
		.config = s->config,
		.port = s->call->port,
		.serving = active ? active->number : 0,
		.timeout_ms = timeout_ms,
	};

	if (apply_secret(s, err))
		return -1;
	for (const struct kube_kind *kind = kube_kinds; kind->kind; kind++)
		if (apply_kind(s, kind, &w, err))
			return err_wrap(err, "%s '%s'", kind->kind, w.name);
	return 0;
}

/* The cluster goes back by itself once it is told what served before. */
static void bring_back(const struct target_call *call, const struct revision *active)
{
	autosession s = { 0 };
	autoerr err = ERR_INIT;

	if (session_open(&s, call, active, &err) || apply_all(&s, active, TIMEOUT_MS, &err) ||
	    kube_rollout_wait(s.k, s.path, call->name, active->number, TIMEOUT_MS, &err))
		log_warn("revision %" PRId64 " of '%s' is not brought back: %s", active->number,
			 call->name, err.msg);
}

static int kubernetes_apply(const struct target_call *call, const struct revision *r,
			    int64_t timeout_ms, struct mlops_error *err)
{
	autosession s = { 0 };

	if (session_open(&s, call, r, err) || apply_all(&s, r, timeout_ms, err))
		return -1;
	if (!kube_rollout_wait(s.k, s.path, call->name, r->number, timeout_ms, err))
		return 0;
	if (err->kind != MLOPS_ELOCKED && call->active && call->active->number != r->number)
		bring_back(call, call->active);
	return -1;
}

static char *url_of(const struct session *s)
{
	const struct json *ingress = js_get(s->config, "ingress");
	const char *host = js_get_text(ingress, "host"), *path = js_get_text(ingress, "path");

	if (host)
		return xasprintf("%s://%s%s", js_get(ingress, "tls_secret") ? "https" : "http",
				 host, path && strcmp(path, "/") ? path : "");
	return xasprintf("http://%s.%s.svc:%" PRId64, s->call->name,
			 s->path + strlen("/namespaces/"),
			 s->call->port ? s->call->port : KUBE_PORT);
}

static int kubernetes_status(const struct target_call *call, struct target_state *out,
			     struct mlops_error *err)
{
	autosession s = { 0 };
	autojson *deployment = NULL;

	*out = (struct target_state){ 0 };
	if (session_open(&s, call, call->latest, err) || get(&s, &kube_kinds[0], &deployment, err))
		return -1;
	if (!deployment)
		return 0;
	kube_rollout_read(deployment, out);
	out->port = call->port ? call->port : KUBE_PORT;
	out->url = out->running ? url_of(&s) : NULL;
	return 0;
}

static int is_gone(struct session *s, bool *gone, struct mlops_error *err)
{
	autojson *deployment = NULL;

	if (get(s, &kube_kinds[0], &deployment, err))
		return -1;
	*gone = !deployment;
	return 0;
}

/* In the background the cluster deletes what belongs to it: its pods are gone when it is. */
static int wait_gone(struct session *s, struct mlops_error *err)
{
	int64_t deadline = clock_mono_ms() + GONE_MS;
	bool gone = false;

	for (;;) {
		if (is_gone(s, &gone, err) || gone)
			return gone ? 0 : -1;
		if (clock_mono_ms() >= deadline)
			return err_set(err, MLOPS_EFAIL, "the pods of '%s' do not end",
				       s->call->name);
		clock_sleep_ms(POLL_MS);
	}
}

static int kubernetes_stop(const struct target_call *call, struct mlops_error *err)
{
	autosession s = { 0 };

	if (session_open(&s, call, call->latest, err))
		return -1;
	for (const struct kube_kind *kind = kube_kinds; kind->kind; kind++)
		if (drop(&s, kind, err))
			return -1;
	return drop(&s, &secret_kind, err) || wait_gone(&s, err) ? -1 : 0;
}

const struct target target_kubernetes = {
	.name = "kubernetes",
	.help = "a Deployment behind a Service in a cluster",
	.keys = keys,
	.goes_over = true,
	.send = kubernetes_send,
	.print = kubernetes_print,
	.apply = kubernetes_apply,
	.status = kubernetes_status,
	.stop = kubernetes_stop,
};
