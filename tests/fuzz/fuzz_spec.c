/* mlops.yaml: any text gives a pipeline whose order holds each stage once, behind what it needs, or an error. */
#include "fuzz.h"

#include "base/path.h"
#include "pipeline/spec.h"

static void check_order(const struct pipeline *p)
{
	autofree bool *seen = xcalloc(p->stages.n + 1, sizeof(*seen));

	for (size_t i = 0; i < p->stages.n; i++) {
		const struct spec_stage *stage = &p->stages.v[p->order[i]];

		MUST(!seen[p->order[i]]);
		for (size_t k = 0; k < stage->needs.n; k++)
			MUST(seen[stage->needs.v[k]]);
		seen[p->order[i]] = true;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct pipeline *pipeline;
	autoerr err = ERR_INIT;

	if (refused(spec_parse(NULL, (const char *)data, n, &pipeline, &err), &err))
		return 0;
	check_order(pipeline);
	for (size_t i = 0; i < pipeline->stages.n; i++) {
		const struct spec_stage *stage = &pipeline->stages.v[i];

		for (size_t k = 0; k < stage->outs.n; k++)
			MUST(path_is_safe(stage->outs.v[k].path));
		free(spec_command_text(stage));
	}
	mlops_pipeline_free(pipeline);
	return 0;
}
