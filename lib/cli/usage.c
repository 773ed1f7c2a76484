/* Help texts, rendered from the tables. */
#include "cli/usage.h"

static void add_option_usage(const struct opt_spec *o, struct strbuf *out)
{
	strbuf_addf(out, " [--%s%s%s]", o->name, o->meta ? "=" : "", o->meta ? o->meta : "");
	if (o->type == OPT_STRS)
		strbuf_adds(out, "...");
}

void usage_synopsis(const struct cmd_spec *spec, struct strbuf *out)
{
	size_t start = out->len;

	for (const struct opt_spec *o = spec->opts; o && o->name; o++)
		add_option_usage(o, out);
	for (const struct arg_spec *a = spec->args; a && a->name; a++)
		strbuf_addf(out, a->min ? " %s%s%s" : " [%s%s%s]", a->behind ? "[--] " : "", a->name,
			    a->max > 1 ? "..." : "");
	if (spec->subs)
		strbuf_adds(out, spec->run ? " [COMMAND ...]" : " COMMAND ...");
	if (out->len > start) { /* drop the leading space */
		memmove(out->buf + start, out->buf + start + 1, out->len - start);
		out->len--;
	}
}

static void add_row(struct strbuf *out, const char *left, const char *help)
{
	enum { COLUMN = 26 };

	if (strlen(left) + 2 > COLUMN)
		strbuf_addf(out, "  %s\n  %*s%s", left, COLUMN, "", help);
	else
		strbuf_addf(out, "  %-*s%s", COLUMN, left, help);
}

static void add_option_rows(const struct cmd_spec *spec, const struct opt_spec *o, bool common,
			    struct strbuf *out)
{
	for (; o && o->name; o++) {
		autobuf left = { 0 };

		if (common && !opt_common_applies(spec, o))
			continue;
		if (o->letter)
			strbuf_addf(&left, "-%c, ", o->letter);
		else
			strbuf_adds(&left, "    ");
		strbuf_addf(&left, "--%s%s%s", o->name, o->meta ? "=" : "", o->meta ? o->meta : "");
		add_row(out, left.buf, o->help);
		if (o->choices)
			strbuf_addf(out, " (%s)", o->choices);
		if (o->def)
			strbuf_addf(out, " [default: %s]", o->def);
		strbuf_addc(out, '\n');
	}
}

void usage_help(const struct cmd_spec *spec, const char *path, struct strbuf *out)
{
	strbuf_addf(out, "usage: mlops %s ", path);
	usage_synopsis(spec, out);
	strbuf_addf(out, "\n\n%s\n", spec->summary);
	if (spec->args) {
		strbuf_adds(out, "\narguments:\n");
		for (const struct arg_spec *a = spec->args; a->name; a++) {
			add_row(out, a->name, a->help);
			strbuf_addc(out, '\n');
		}
	}
	if (spec->subs) {
		strbuf_adds(out, "\ncommands:\n");
		for (const struct cmd_spec *const *s = spec->subs; *s; s++) {
			add_row(out, (*s)->name, (*s)->summary);
			strbuf_addc(out, '\n');
		}
	}
	strbuf_adds(out, "\noptions:\n");
	add_option_rows(spec, spec->opts, false, out);
	add_option_rows(spec, opt_common_rows, true, out);
}

void usage_overview(const struct cmd_spec *const *cmds, struct strbuf *out)
{
	const char *group = "";

	strbuf_adds(out, "usage: mlops [-C DIR] [--version] [-h] COMMAND [ARGS]\n");
	for (; *cmds; cmds++) {
		if (!(*cmds)->group)
			continue; /* hidden */
		if (strcmp((*cmds)->group, group))
			strbuf_addf(out, "\n%s\n", (*cmds)->group);
		group = (*cmds)->group;
		strbuf_addf(out, "  %-14s%s\n", (*cmds)->name, (*cmds)->summary);
	}
	strbuf_adds(out, "\n'mlops COMMAND -h' is short help, 'mlops help COMMAND' the manual.\n");
}

const struct cmd_spec *usage_find(const struct cmd_spec *const *cmds, char **words, size_t n,
				  size_t *used)
{
	const struct cmd_spec *found = NULL;

	*used = 0;
	while (cmds && *used < n) {
		const struct cmd_spec *const *c = cmds;

		while (*c && strcmp((*c)->name, words[*used]))
			c++;
		if (!*c)
			break;
		found = *c;
		cmds = found->subs;
		++*used;
	}
	return found;
}
