/* What every command file shares. */
#pragma once

#include <stdio.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/opt.h"
#include "fmt/json.h"

struct project;

#define CMD_EXIT_NO 3 /* the answer is no: dirty, drifted, gate failed */

struct cmd_ctx {
	const struct cmd_spec *spec;
	const char *path;        /* as typed: "remote add" */
	struct project *project; /* open when the spec says CMD_PROJECT, else NULL */
	struct opt_common common;
};

/* All commands, in the order that `mlops help` shows them. NULL-terminated. */
extern const struct cmd_spec *const cmd_registry[];

/* Prints a value to stdout as pretty JSON and frees it; returns 0. */
int cmd_print_json(struct json *value);
