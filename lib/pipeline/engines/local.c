/* This machine; for others like it, a script. */
#include "pipeline/engine.h"

static int add_stage(const struct spec_stage *stage, void *arg, struct mlops_error *err)
{
	struct strbuf *out = arg;

	(void)err;
	strbuf_addf(out, "\n(\nprintf '%%s\\n' \"stage '%s'\" >&2\n", stage->name);
	stage_shell_script(stage, out);
	strbuf_adds(out, ")\n");
	return 0;
}

static int export(const struct engine_export *what, struct strbuf *out, struct mlops_error *err)
{
	strbuf_adds(
		out,
		"#!/bin/sh\n"
		"# The stages of mlops.yaml, each behind those that it needs. Run it in the root of\n"
		"# the project.\n"
		"set -e\n");
	return export_each(what, add_stage, out, err);
}

const struct engine engine_local = {
	.name = "local",
	.caps = ENGINE_HERE,
	.export = export,
};
