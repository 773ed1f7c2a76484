/*
 * The pipeline as Jobs in YAML. No run of ours is there to move data, so the project lies on a volume
 * that all of them mount.
 */
#include "fmt/yaml.h"
#include "pipeline/engines/kubernetes.h"

struct export
{
	const struct kube_settings *settings;
	struct strbuf *out;
};

static char *make_script(const struct kube_settings *settings, const struct spec_stage *stage)
{
	autobuf script = { 0 };
	const char *path = strchr(settings->volume, ':');

	strbuf_adds(&script, "set -e\ncd -- ");
	strbuf_add_shell(&script, path ? path + 1 : "");
	strbuf_addc(&script, '\n');
	stage_shell_script(stage, &script);
	return strbuf_steal(&script);
}

static int add_job(const struct spec_stage *stage, void *arg, struct mlops_error *err)
{
	struct export *e = arg;
	autofree char *name = kube_job_name(stage->name, "");
	autofree char *script = make_script(e->settings, stage);
	autojson *value = NULL;
	const struct kube_job job = {
		.settings = e->settings,
		.name = name,
		.stage = stage->name,
		.run_id = "",
		.script = script,
		.secrets = stage->secrets.v,
		.n_secrets = stage->secrets.n,
		.resources = stage->resources,
		.deadline_ms = stage->timeout_ms,
	};

	if (kube_job_make(&job, &value, err))
		return -1;
	strbuf_addf(e->out, "---\n# kubectl wait --for=condition=complete job/%s\n", name);
	struct yaml_out *y = yaml_out_new(e->out);
	yaml_json(y, value);
	yaml_out_free(y);
	return 0;
}

int kube_export(const struct engine_export *what, struct strbuf *out, struct mlops_error *err)
{
	struct kube_settings settings;
	struct export e = { &settings, out };

	if (kube_settings_read(what->project, what->engine, &settings, err))
		return -1;
	if (!settings.volume) {
		err_set(err, MLOPS_EINVALID, "engine '%s' has no volume that the project lies on",
			what->engine);
		return err_hint(err, "name it with: mlops config engine.%s.volume CLAIM:PATH",
				what->engine);
	}
	strbuf_adds(
		out,
		"# The stages of mlops.yaml, each behind those that it needs: wait for one before\n"
		"# the next is applied.\n");
	return export_each(what, add_job, &e, err);
}
