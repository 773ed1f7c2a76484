/* Models and data sets of a Hugging Face hub, for mlops import and export. */
#pragma once

#include "cmd.h"

struct hub_import_opts {
	const char *url, *output; /* output: or NULL */
	const struct opt_strs *include;
	bool cache;
	int64_t jobs;
};

int hub_import(struct cmd_ctx *ctx, const struct hub_import_opts *o, struct mlops_error *err);
/* Sends what is tracked at `path` to the hf:// URL. */
int hub_export(struct cmd_ctx *ctx, const char *url, const char *path, const char *message,
	       struct mlops_error *err);
