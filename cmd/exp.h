/* What the subcommands of `mlops exp` share. */
#pragma once

#include "cmd.h"
#include "mlops/search.h"

/* A search and a trial as JSON; new. */
struct json *exp_search_json(const struct search *search);
struct json *exp_trial_json(const struct trial *trial);

extern const struct cmd_spec cmd_exp_show, cmd_exp_ls, cmd_exp_apply, cmd_exp_branch, cmd_exp_push,
	cmd_exp_rm;
