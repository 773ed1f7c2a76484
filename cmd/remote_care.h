/* The subcommands of mlops remote that look after what one holds. */
#pragma once

#include "cmd.h"

extern const struct cmd_spec cmd_remote_gc, cmd_remote_verify;
