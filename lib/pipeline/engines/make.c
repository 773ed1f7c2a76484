/* A makefile for GNU make 4.3 and later: nothing runs here, it is written only. */
#include <ctype.h>

#include "pipeline/engine.h"

/* A word of a rule; what has a meaning to make has no way to be written everywhere. */
static int add_path(struct strbuf *out, const char *stage, const char *path,
		    struct mlops_error *err)
{
	strbuf_addc(out, ' ');
	for (; *path; path++) {
		if (!isalnum((unsigned char)*path) && !strchr("._-+/@, ", *path) && *path > 0)
			return err_set(
				err, MLOPS_EINVALID,
				"stage '%s' has a path with '%c' in it, or a pattern, which no "
				"makefile can name",
				stage, *path);
		if (*path == ' ')
			strbuf_addc(out, '\\');
		strbuf_addc(out, *path);
	}
	return 0;
}

static int add_targets(const struct spec_stage *stage, struct strbuf *out, struct mlops_error *err)
{
	for (size_t i = 0; i < stage->outs.n; i++)
		if (add_path(out, stage->name, stage->outs.v[i].path, err))
			return -1;
	return stage->outs.n ? 0 : add_path(out, stage->name, stage->name, err);
}

static int add_needs(const struct spec_stage *stage, struct strbuf *out, struct mlops_error *err)
{
	for (size_t i = 0; i < stage->deps.n; i++)
		if (add_path(out, stage->name, stage->deps.v[i].path, err))
			return -1;
	for (size_t i = 0; i < stage->params.n; i++)
		if (add_path(out, stage->name, stage->params.v[i].file, err))
			return -1;
	return 0;
}

/* All lines go to one shell (.ONESHELL), without the tab that each has in front. */
static void add_recipe(const struct spec_stage *stage, struct strbuf *out)
{
	autobuf script = { 0 };

	stage_shell_script(stage, &script);
	strbuf_adds(out, "\n\t");
	for (size_t i = 0; i + 1 < script.len; i++) {
		if (script.buf[i] == '$')
			strbuf_addc(out, '$');
		strbuf_addc(out, script.buf[i]);
		if (script.buf[i] == '\n')
			strbuf_addc(out, '\t');
	}
	strbuf_addc(out, '\n');
}

static int add_rule(const struct spec_stage *stage, void *arg, struct mlops_error *err)
{
	struct strbuf *out = arg;

	if (stage->always || !stage->outs.n) {
		strbuf_adds(out, "\n.PHONY:");
		if (add_targets(stage, out, err))
			return -1;
	}
	strbuf_addf(out, "\n# %s\n", stage->name);
	if (add_targets(stage, out, err))
		return -1;
	strbuf_adds(out, stage->outs.n > 1 ? " &:" : ":");
	if (add_needs(stage, out, err))
		return -1;
	add_recipe(stage, out);
	return 0;
}

static int add_goal(const struct spec_stage *stage, void *arg, struct mlops_error *err)
{
	return add_targets(stage, arg, err);
}

static int export(const struct engine_export *what, struct strbuf *out, struct mlops_error *err)
{
	strbuf_adds(out, "# The stages of mlops.yaml. Use it in the root of the project.\n"
			 ".ONESHELL:\n.DELETE_ON_ERROR:\n.SHELLFLAGS = -ec\n.PHONY: all\nall:");
	if (export_each(what, add_goal, out, err))
		return -1;
	strbuf_addc(out, '\n');
	return export_each(what, add_rule, out, err);
}

const struct engine engine_make = {
	.name = "make",
	.export = export,
};
