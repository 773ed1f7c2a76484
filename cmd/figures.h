/* `show` and `diff` of parameters and of metrics. */
#pragma once

#include "cmd.h"
#include "mlops/figures.h"

struct figures_opts {
	struct opt_strs points;
	bool all, markdown;
};

extern const struct opt_spec figures_show_optv[], figures_diff_optv[];
extern const struct arg_spec figures_show_argv[], figures_diff_argv[];

/* The commands' `run`, of one kind of figure. */
int figures_show(struct cmd_ctx *ctx, const struct figures_opts *o, enum figure_kind kind,
		 struct mlops_error *err);
int figures_diff(struct cmd_ctx *ctx, const struct figures_opts *o, enum figure_kind kind,
		 struct mlops_error *err);
