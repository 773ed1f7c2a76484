/* The pipeline in the form of other programs, by the engines' own files, and what those share. */
#include "base/path.h"
#include "pipeline/engine.h"

/* What a result depends on beside files cannot be said elsewhere. */
static int check(const struct spec_stage *stage, const char *engine, struct mlops_error *err)
{
	if (!stage->condition)
		return 0;
	return err_set(err, MLOPS_EINVALID, "stage '%s' has a condition, which '%s' cannot decide",
		       stage->name, engine);
}

int export_each(const struct engine_export *what,
		int (*fn)(const struct spec_stage *stage, void *arg, struct mlops_error *err),
		void *arg, struct mlops_error *err)
{
	const struct pipeline *p = what->pipeline;

	for (size_t i = 0; i < p->stages.n; i++) {
		const struct spec_stage *stage = &p->stages.v[p->order[i]];

		if (stage->frozen)
			continue;
		if (check(stage, what->engine, err) || fn(stage, arg, err))
			return -1;
	}
	return 0;
}

static void add_word(struct strbuf *out, const char *command, const char *word)
{
	strbuf_adds(out, command);
	strbuf_add_shell(out, word);
	strbuf_addc(out, '\n');
}

static void add_variable(struct strbuf *out, const char *text)
{
	size_t n = strcspn(text, "=");

	strbuf_addf(out, "export %.*s=", (int)n, text);
	strbuf_add_shell(out, text[n] ? text + n + 1 : "");
	strbuf_addc(out, '\n');
}

void stage_shell_script(const struct spec_stage *stage, struct strbuf *out)
{
	for (size_t i = 0; i < stage->secrets.n; i++)
		strbuf_addf(out, ": \"${%s:?is a secret that this stage needs}\"\n",
			    stage->secrets.v[i]);
	for (size_t i = 0; i < stage->outs.n; i++) {
		autofree char *above = path_dir(stage->outs.v[i].path);

		if (!stage->outs.v[i].persist)
			add_word(out, "rm -rf -- ", stage->outs.v[i].path);
		if (strcmp(above, "."))
			add_word(out, "mkdir -p -- ", above);
	}
	add_word(out, "export MLOPS_STAGE=", stage->name);
	for (size_t i = 0; i < stage->env.n; i++)
		add_variable(out, stage->env.v[i]);
	if (*stage->wdir)
		add_word(out, "cd -- ", stage->wdir);
	for (size_t i = 0; i < stage->cmds.n; i++)
		add_word(out, "sh -c ", stage->cmds.v[i].text);
}

int mlops_export(struct project *project, const char *engine, char **out, struct mlops_error *err)
{
	const struct engine *found;
	struct pipeline *pipeline;
	autobuf text = { 0 };

	if (engine_find(project, engine, &found, err))
		return -1;
	if (!found->export) {
		err_set(err, MLOPS_EUSAGE, "'%s' has no form of its own", engine);
		return err_hint(err, "a script for any machine is: mlops export local");
	}
	if (mlops_pipeline_load(project, &pipeline, err))
		return -1;
	const struct engine_export what = { project, engine, pipeline };
	int rc = found->export(&what, &text, err);
	mlops_pipeline_free(pipeline);
	if (!rc)
		*out = strbuf_steal(&text);
	return rc;
}
