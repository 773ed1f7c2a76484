/* mlops version */
#include "cmd.h"
#include "mlops/version.h"

static int version_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	(void)opts, (void)err;
	if (ctx->common.json) {
		struct json *v = js_obj();

		js_set(v, "version", js_str(mlops_version()));
		return cmd_print_json(v);
	}
	printf("mlops %s\n", mlops_version());
	return 0;
}

const struct cmd_spec cmd_version = {
	.group = "about",
	.name = "version",
	.summary = "show the version",
	.flags = CMD_JSON,
	.run = version_run,
};
