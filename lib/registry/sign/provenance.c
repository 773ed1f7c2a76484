/*
 * SLSA provenance 1.0: what a version was made from. Its run is the build: the stages and
 * parameters went in from outside; code and data are the resolved dependencies.
 */
#include "base/clock.h"
#include "fmt/json.h"
#include "mlops/version.h"
#include "registry/sign/sign.h"

#define BUILD_TYPE     "urn:mlops:run:v1"
#define BUILDER	       "urn:mlops:builder"

static struct json *dependencies(const struct model_version *v)
{
	struct json *list = js_arr();

	if (v->git_commit) {
		struct json *code = js_obj(), *digest = js_obj();

		js_set(digest, "gitCommit", js_str(v->git_commit));
		js_set(code, "name", js_str("source"));
		js_set(code, "digest", digest);
		js_push(list, code);
	}
	for (size_t i = 0; i < v->n_inputs; i++)
		js_push(list, subject_json(v->inputs[i].path, &v->inputs[i].ref.oid));
	return list;
}

static struct json *parameters(const struct model_version *v, const struct run *run)
{
	struct json *all = js_obj(), *params = js_obj(), *stages = js_arr();

	for (size_t i = 0; run && i < run->n_params; i++)
		js_set(params, run->params[i].key, js_str(run->params[i].value));
	for (size_t i = 0; run && i < run->n_stages; i++)
		js_push(stages, js_str(run->stages[i].name));
	js_set(all, "path", js_str(v->path));
	js_set(all, "stages", stages);
	js_set(all, "params", params);
	return all;
}

static struct json *run_details(const struct model_version *v, const struct run *run)
{
	struct json *details = js_obj(), *builder = js_obj(), *version = js_obj();
	struct json *metadata = js_obj();
	char iso[CLOCK_ISO_SIZE];

	js_set(version, "mlops", js_str(mlops_version()));
	js_set(builder, "id", js_str(BUILDER));
	js_set(builder, "version", version);
	if (run) {
		js_set(metadata, "invocationId", js_str(run->id));
		js_set(metadata, "startedOn", js_str(clock_format_iso(run->start_ms, iso)));
	}
	js_set(metadata, "finishedOn",
	       js_str(clock_format_iso(run && run->end_ms ? run->end_ms : v->created_ms, iso)));
	js_set(details, "builder", builder);
	js_set(details, "metadata", metadata);
	return details;
}

int statement_of_provenance(struct project *project, const struct model_version *v,
			    const struct manifest *m, struct json **out, struct mlops_error *err)
{
	struct run *run = NULL;

	if (v->run_id && mlops_run_get(project, v->run_id, &run, err))
		return -1;
	struct json *subjects = js_arr(), *build = js_obj(), *predicate = js_obj();
	for (size_t i = 0; i < m->files.n; i++) {
		const struct manifest_file *f = &m->files.v[i];

		js_push(subjects, subject_json(strcmp(f->name, ".") ? f->name : m->subject, &f->oid));
	}
	js_set(build, "buildType", js_str(BUILD_TYPE));
	js_set(build, "externalParameters", parameters(v, run));
	js_set(build, "resolvedDependencies", dependencies(v));
	js_set(predicate, "buildDefinition", build);
	js_set(predicate, "runDetails", run_details(v, run));
	*out = statement_new(PREDICATE_PROVENANCE, subjects, predicate);
	mlops_run_free(run);
	return 0;
}
