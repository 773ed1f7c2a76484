/* Revisions and paths on one command line, told apart as git does. */
#pragma once

#include "base/vec.h"
#include "cmd.h"

#define REVS_MAX 2

struct revs {
	const char *v[REVS_MAX]; /* borrowed from argv */
	size_t n;
	struct strlist paths; /* relative to the root */
};

/*
 * `words` are those in front of "--", `behind` those that follow it. Without "--" words are
 * revisions, at most `max`, until the first that is none; one that is a path too is MLOPS_EUSAGE.
 */
int cmd_revs(struct project *project, const struct opt_strs *words, const struct opt_strs *behind,
	     size_t max, struct revs *out, struct mlops_error *err);
void cmd_revs_clear(struct revs *revs);
#define autorevs __attribute__((cleanup(cmd_revs_clear))) struct revs

/* The rows of a command that takes them: revisions or paths, and what is behind "--". */
#define REVS_ARG(type_, words_, help_)                                                             \
	ARG(type_, words_, .name = "REV", .max = ARGS_ANY, .complete = "rev", .help = (help_))
#define REVS_PATHS_ARG(type_, paths_, help_)                                                       \
	ARG(type_, paths_, .name = "PATH", .max = ARGS_ANY, .behind = true, .complete = "path",    \
	    .help = (help_))
