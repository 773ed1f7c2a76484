/* What can be read off a command's table: -h text, synopsis, completions, JSON description. */
#pragma once

#include "base/str.h"
#include "cli/opt.h"

/* "[-r NAME] [-j N] [--dry-run] [TARGET...]" (without the command's name). */
void usage_synopsis(const struct cmd_spec *spec, struct strbuf *out);
/* The whole text of `mlops PATH -h`. */
void usage_help(const struct cmd_spec *spec, const char *path, struct strbuf *out);
/* `mlops help`: the commands by group. */
void usage_overview(const struct cmd_spec *const *cmds, struct strbuf *out);
/* `mlops help --json`: {"commands":[{"name","group","summary","options",...}]}. */
void usage_describe(const struct cmd_spec *const *cmds, struct strbuf *out);
/*
 * Completion candidates for words[0 .. n) (the last one is being typed), one a line:
 * "CANDIDATE<TAB>HELP", and for values that the shell or a lookup knows ":KIND".
 */
void usage_complete(const struct cmd_spec *const *cmds, char **words, size_t n, struct strbuf *out);
/* The command that words[0 .. n) name; *used says how many words that took; NULL: none. */
const struct cmd_spec *usage_find(const struct cmd_spec *const *cmds, char **words, size_t n,
				  size_t *used);
/*
 * Expands the source of a manual page: the lines @SYNOPSIS@, @OPTIONS@ (each also with the words
 * of a command in it), @EXIT@ and @COMMANDS@. `file` names the page and its command.
 */
int usage_mdoc(const struct cmd_spec *const *cmds, const char *file, struct str source,
	       struct strbuf *out, struct mlops_error *err);
