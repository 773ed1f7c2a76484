/* What the files of `mlops model` share. */
#pragma once

#include "view.h"

#include "mlops/lifecycle.h"

struct json *model_version_json(const struct model_version *v);
/* "champion, best"; new. */
char *model_aliases(const struct model_version *v);
/* "wine:3" into buf; returns it. */
#define MODEL_SPEC 300
const char *model_spec(const char *model, int64_t version, char buf[MODEL_SPEC]);

extern const struct cmd_spec cmd_model_promote, cmd_model_approve, cmd_model_deprecate,
	cmd_model_archive, cmd_model_restore, cmd_model_retire, cmd_model_search, cmd_model_events, cmd_model_diff,
	cmd_model_lineage;
