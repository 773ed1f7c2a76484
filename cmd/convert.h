/* Subcommands of import and export that turn one kind of repository into the other. */
#pragma once

#include "cmd.h"

extern const struct cmd_spec convert_from_dvc, convert_to_dvc;
/* And one that takes over what another tracker recorded. */
extern const struct cmd_spec import_from_mlflow;
