/* A stage as a Job of Kubernetes, and the settings that go into it. */
#include <ctype.h>

#include "base/xxh.h"
#include "pipeline/engines/kubernetes.h"

#define NAME_BYTES  16   /* of a stage that are in the name of its job */
#define KEEP_S      3600 /* seconds that a job is kept when nobody is left to delete it */
#define VOLUME_NAME "shared"
#define PENDING_MS  ((int64_t)10 * 60 * 1000)

int kube_settings_read(struct project *project, const char *engine, struct kube_settings *out,
		       struct mlops_error *err)
{
	autofree char *pending = xasprintf("engine.%s.pending", engine);

	*out = (struct kube_settings){
		.context = engine_setting(project, engine, "context"),
		.namespace = engine_setting(project, engine, "namespace"),
		.image = engine_setting(project, engine, "image"),
		.secret = engine_setting(project, engine, "secret"),
		.env_from = engine_setting(project, engine, "envFrom"),
		.service_account = engine_setting(project, engine, "serviceAccount"),
		.node_selector = engine_setting(project, engine, "nodeSelector"),
		.gpu = engine_setting(project, engine, "gpuResource"),
		.volume = engine_setting(project, engine, "volume"),
		.remote = engine_setting(project, engine, "remote"),
	};
	if (!out->gpu)
		out->gpu = "nvidia.com/gpu";
	if (engine_own_setting(project, engine, "kubeconfig", &out->file, err) ||
	    project_config_duration(project, pending, PENDING_MS, &out->pending_ms, err))
		return -1;
	if (out->image)
		return 0;
	err_set(err, MLOPS_EINVALID, "engine '%s' has no image for its containers", engine);
	return err_hint(err, "name it with: mlops config engine.%s.image IMAGE", engine);
}

char *kube_job_name(const char *stage, const char *run_id)
{
	autofree char *whole = xasprintf("%s/%s", stage, run_id);
	char part[NAME_BYTES + 1];
	size_t n = 0;

	for (; stage[n] && n < NAME_BYTES; n++)
		part[n] = isalnum((unsigned char)stage[n]) ?
				  (char)tolower((unsigned char)stage[n]) :
				  '-';
	part[n] = '\0';
	return xasprintf("mlops-%s-%016llx", part,
			 (unsigned long long)xxh_64(whole, strlen(whole)));
}

static struct json *text_pair(const char *a, const char *x, const char *b, const char *y)
{
	struct json *pair = js_obj();

	js_set(pair, a, js_str(x));
	js_set(pair, b, js_str(y));
	return pair;
}

/* Kubernetes takes $(NAME) for a variable of its own in these texts, and $$ for a $. */
static char *escape(const char *text)
{
	autobuf out = { 0 };

	for (; *text; text++) {
		if (*text == '$')
			strbuf_addc(&out, '$');
		strbuf_addc(&out, *text);
	}
	return strbuf_steal(&out);
}

static void add_variable(struct json *list, const char *text)
{
	size_t n = strcspn(text, "=");
	autofree char *name = xstrndup(text, n);
	autofree char *value = escape(text[n] ? text + n + 1 : "");

	js_push(list, text_pair("name", name, "value", value));
}

/* {"name": NAME, "valueFrom": {"secretKeyRef": {"name": SECRET, "key": NAME}}} */
static void add_secret(struct json *list, const char *secret, const char *name)
{
	struct json *from = js_obj(), *variable = js_obj();

	js_set(from, "secretKeyRef", text_pair("name", secret, "key", name));
	js_set(variable, "name", js_str(name));
	js_set(variable, "valueFrom", from);
	js_push(list, variable);
}

static int add_environment(const struct kube_job *job, struct json *container,
			   struct mlops_error *err)
{
	struct json *env = js_arr();

	js_set(container, "env", env);
	for (size_t i = 0; i < job->env.n; i++)
		add_variable(env, job->env.v[i]);
	if (job->n_secrets && !job->settings->secret) {
		err_set(err, MLOPS_EINVALID,
			"stage '%s' needs secrets, and no Secret is named that has them",
			job->stage);
		return err_hint(err, "name it with: mlops config engine.NAME.secret SECRET");
	}
	for (size_t i = 0; i < job->n_secrets; i++)
		add_secret(env, job->settings->secret, job->secrets[i]);
	if (job->settings->env_from) {
		struct json *name = js_obj(), *ref = js_obj(), *list = js_arr();

		js_set(name, "name", js_str(job->settings->env_from));
		js_set(ref, "secretRef", name);
		js_push(list, ref);
		js_set(container, "envFrom", list);
	}
	return 0;
}

static void set_number(struct json *map, const char *key, uint64_t n)
{
	autofree char *text = xasprintf("%llu", (unsigned long long)n);

	if (n)
		js_set(map, key, js_str(text));
}

/* Processors are asked for and may be exceeded; memory may not. A GPU only has a limit. */
static void add_resources(const struct kube_job *job, struct json *container)
{
	struct json *all = js_obj(), *requests = js_obj(), *limits = js_obj();

	set_number(requests, "cpu", (uint64_t)job->resources.cpus);
	set_number(requests, "memory", job->resources.memory);
	set_number(limits, "memory", job->resources.memory);
	set_number(limits, job->settings->gpu, (uint64_t)job->resources.gpus);
	js_set(all, "requests", requests);
	js_set(all, "limits", limits);
	js_set(container, "resources", all);
}

static int add_volume(const struct kube_job *job, struct json *container, struct json *pod,
		      struct mlops_error *err)
{
	struct str path;
	struct str claim = str_split(str_of(job->settings->volume), ':', &path);
	autofree char *name = xstrndup(claim.p, claim.n);
	struct json *mounts = js_arr(), *volumes = js_arr(), *volume = js_obj(), *source = js_obj();

	js_push(mounts, text_pair("name", VOLUME_NAME, "mountPath", path.n ? path.p : ""));
	js_set(container, "volumeMounts", mounts);
	js_set(source, "claimName", js_str(name));
	js_set(volume, "name", js_str(VOLUME_NAME));
	js_set(volume, "persistentVolumeClaim", source);
	js_push(volumes, volume);
	js_set(pod, "volumes", volumes);
	if (path.n && *path.p == '/')
		return 0;
	return err_set(err, MLOPS_EINVALID,
		       "'%s' is no volume: that is CLAIM:PATH, its path absolute",
		       job->settings->volume);
}

static int add_selector(const struct kube_job *job, struct json *pod, struct mlops_error *err)
{
	struct json *selector = js_obj();
	struct str rest = str_of(job->settings->node_selector);

	js_set(pod, "nodeSelector", selector);
	while (rest.n) {
		struct str value, word = str_split(rest, ' ', &rest);
		struct str key = str_split(word, '=', &value);
		autofree char *name = xstrndup(key.p, key.n);

		if (word.n && !value.p)
			return err_set(err, MLOPS_EINVALID,
				       "'%s' is no label of nodes: that is KEY=VALUE", name);
		if (word.n)
			js_set(selector, name, js_strn(value.p, value.n));
	}
	return 0;
}

static int make_container(const struct kube_job *job, struct json *pod, struct json *container,
			  struct mlops_error *err)
{
	struct json *command = js_arr();
	autofree char *script = escape(job->script);

	js_push(command, js_str("/bin/sh"));
	js_push(command, js_str("-c"));
	js_push(command, js_str(script));
	js_set(container, "name", js_str("stage"));
	js_set(container, "image", js_str(job->settings->image));
	js_set(container, "command", command);
	add_resources(job, container);
	return add_environment(job, container, err) ||
			       (job->settings->volume && add_volume(job, container, pod, err)) ?
		       -1 :
		       0;
}

static int make_pod(const struct kube_job *job, struct json *pod, struct mlops_error *err)
{
	struct json *containers = js_arr(), *container = js_obj();

	js_push(containers, container);
	js_set(pod, "restartPolicy", js_str("Never"));
	if (job->settings->service_account)
		js_set(pod, "serviceAccountName", js_str(job->settings->service_account));
	int rc = make_container(job, pod, container, err);
	js_set(pod, "containers", containers);
	return rc || (job->settings->node_selector && add_selector(job, pod, err)) ? -1 : 0;
}

static struct json *make_metadata(const struct kube_job *job)
{
	struct json *meta = js_obj(), *notes = js_obj();

	js_set(meta, "labels",
	       text_pair("app.kubernetes.io/managed-by", "mlops", "mlops/job", job->name));
	js_set(notes, "mlops/stage", js_str(job->stage));
	if (*job->run_id)
		js_set(notes, "mlops/run", js_str(job->run_id));
	js_set(meta, "annotations", notes);
	return meta;
}

int kube_job_make(const struct kube_job *job, struct json **out, struct mlops_error *err)
{
	struct json *top = js_obj(), *meta = make_metadata(job), *spec = js_obj();
	struct json *template = js_obj(), *pod = js_obj();

	js_set(top, "apiVersion", js_str("batch/v1"));
	js_set(top, "kind", js_str("Job"));
	js_set(meta, "name", js_str(job->name));
	if (job->settings->namespace)
		js_set(meta, "namespace", js_str(job->settings->namespace));
	js_set(top, "metadata", meta);
	js_set(spec, "backoffLimit", js_int(0));
	js_set(spec, "ttlSecondsAfterFinished", js_int(KEEP_S));
	if (job->deadline_ms)
		js_set(spec, "activeDeadlineSeconds", js_int((job->deadline_ms + 999) / 1000));
	js_set(template, "metadata", make_metadata(job));
	int rc = make_pod(job, pod, err);
	js_set(template, "spec", pod);
	js_set(spec, "template", template);
	js_set(top, "spec", spec);
	if (rc)
		js_free(top);
	else
		*out = top;
	return rc;
}
