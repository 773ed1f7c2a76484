/* A deployment as what others apply: plain YAML for a repository that a cluster follows. */
#include "base/str.h"
#include "deploy/deploy.h"
#include "fmt/yaml.h"

static char *print(struct json *objects)
{
	autobuf text = { 0 };

	for (size_t i = 0; i < js_len(objects); i++) {
		strbuf_adds(&text, "---\n");
		struct yaml_out *y = yaml_out_new(&text);
		yaml_json(y, js_at(objects, i));
		yaml_out_free(y);
	}
	return strbuf_steal(&text);
}

static int export(struct project *project, const struct deploy_how *how, const struct deployment *d,
		  const struct model_version *v, bool send, char **yaml, struct mlops_error *err)
{
	const struct target_call call = {
		.project = project,
		.name = how->name ? how->name : v->model,
		.port = how->port ? how->port : d ? d->port : 0,
	};
	const struct target *target;
	autojson *objects = NULL;
	struct revision next;

	if (deploy_check_name(call.name, err) || deploy_next(how, d, v, &next, &target, err) ||
	    deploy_check_signature(project, &next, err))
		return -1;
	next.number = d && d->n ? d->revisions[0].number + 1 : 1;
	if (!target->print)
		return err_set(err, MLOPS_EUSAGE, "what target %s makes cannot be written down for others to make",
			       target->name);
	if (target->print(&call, &next, how->timeout_ms ? how->timeout_ms : DEPLOY_TIMEOUT_MS, send, &objects, err))
		return -1;
	*yaml = print(objects);
	return 0;
}

static int export_version(struct project *project, const struct deploy_how *how, const struct model_version *v,
			  bool send, char **yaml, struct mlops_error *err)
{
	struct deployment *d = NULL;

	if (mlops_model_check_usable(v, err))
		return -1;
	if (history_load(project, how->name ? how->name : v->model, &d, err)) {
		if (err->kind != MLOPS_ENOTFOUND)
			return -1;
		mlops_error_clear(err);
	}
	int rc = export(project, how, d, v, send, yaml, err);
	mlops_deployment_free(d);
	return rc;
}

int mlops_deploy_export(struct project *project, const struct deploy_how *how, bool send, char **yaml,
			struct mlops_error *err)
{
	struct model_version *v;

	if (mlops_model_resolve(project, how->model, &v, err))
		return -1;
	int rc = export_version(project, how, v, send, yaml, err);
	mlops_model_version_free(v);
	return rc;
}
