/* mlops complete WORD...: the hidden mode behind the three shells' completions. */
#include "cmd.h"

#include "cli/usage.h"

struct complete_opts {
	struct opt_strs words;
};

static const struct arg_spec complete_argv[] = {
	ARG(complete_opts, words, .name = "WORD", .max = ARGS_ANY, .help = "the words typed so far; the last one is being typed"),
	ARG_END,
};

static int complete_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct complete_opts *o = opts;
	autobuf out = { 0 };

	(void)ctx, (void)err;
	usage_complete(cmd_registry, (char **)o->words.v, o->words.n, &out);
	if (out.len)
		fputs(out.buf, stdout);
	return 0;
}

const struct cmd_spec cmd_complete = {
	.name = "complete", .summary = "list completions of a command line", .flags = CMD_REST,
	.args = complete_argv, .opts_size = sizeof(struct complete_opts), .run = complete_run,
};
